"""From a notice to people: who is told when, and how loudly. Pure: a plan, not an action.

The whole plan is made with the decision, so it is stored with it, and what is left of it is called
off by an answer or by the end of the alert.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from legwatch.alerting.notice import MAY_SOUND, Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.events import BODY_KINDS, AlertKind
from legwatch.oncall.people import SLEEPER, Person, watchers
from legwatch.settings import setting


class Purpose(StrEnum):
    """How a person is told."""

    QUIET = "quiet"  # a lamp, or a push without a sound: the first sign for the sleeper
    LOUD = "loud"  # meant to wake
    INFO = "info"  # somebody has answered, or it is over: without a sound
    REHEARSAL = "rehearsal"  # silent, in the evening
    CONFIRM = "confirm"  # "tap to confirm that you can be woken"


@dataclass(frozen=True, slots=True)
class Escalation:
    """When the next person is told because nobody has answered."""

    next_min: float = setting(10.0, "minutes until the next person, for warnings", low=1, high=60)
    next_urgent_min: float = setting(5.0, "the same for urgent alerts", low=1, high=60)

    def step_s(self, severity: Severity) -> float:
        """Return the seconds from one person to the next."""
        return 60 * (self.next_urgent_min if severity is Severity.URGENT else self.next_min)


class NotificationStep(NamedTuple):
    """One person is to be told, `after_s` from the decision, unless it is called off before."""

    person: str
    after_s: float
    purpose: Purpose


ANSWERED = frozenset({TransitionKind.ACKNOWLEDGED, TransitionKind.SNOOZED})
OVER = frozenset(
    {*ANSWERED, TransitionKind.RESOLVED}
)  # what is planned and not sent yet is called off


def notification_steps(
    notice: Notice,
    people: Mapping[str, Person],
    on_call: Sequence[str],
    notified: Collection[str],
    bed: str,
    limits: Escalation,
) -> tuple[NotificationStep, ...]:
    """Return who is told of a notice; `duty` in order, `told` who has heard of this episode.

    - An alarm goes to the first on duty whom it may wake and to everybody told before; each of the
      others follows one step later than the one before, until somebody answers.
    - A warning that waits for a natural movement is shown to the sleeper, without a sound.
    - A warning that goes with one for cold legs is told to those whom cold legs do not wake.
    - That somebody has answered, that it is over or can no longer be judged is said, without a
      sound, to everybody who was told.
    """
    if notice.transition in MAY_SOUND and notice.suppressed_by is SuppressedBy.HOLD:
        sleepers = (n for n, p in people.items() if p.role == SLEEPER and p.watches(bed))
        return tuple(NotificationStep(name, 0, Purpose.QUIET) for name in sleepers)
    if notice.transition in MAY_SOUND and notice.suppressed_by is None:
        names = woken(notice.kind, notice.severity, people, on_call, bed)
        return _notified_first(names, notified, limits.step_s(notice.severity))
    if notice.transition in MAY_SOUND and notice.suppressed_by is SuppressedBy.INHIBITED:
        others = [
            name
            for name in on_call
            if not people[name].is_woken_by(AlertKind.COLD, notice.severity)
        ]
        names = tuple(n for n in others if people[n].is_woken_by(notice.kind, notice.severity))
        return _notified_first(names, notified, limits.step_s(notice.severity))
    if notice.transition in OVER or notice.transition is TransitionKind.UNKNOWN:
        return tuple(
            NotificationStep(name, 0, Purpose.INFO) for name in sorted(notified) if name in people
        )
    return ()


def woken(
    kind: AlertKind, severity: Severity, people: Mapping[str, Person], duty: Sequence[str], bed: str
) -> tuple[str, ...]:
    """Return whom an alert wakes, in order.

    Where nobody on duty is woken by what is urgent, or by "I cannot see you", it is everybody who
    minds the bed and can be woken for it: such an alert is never for nobody.
    """
    names = tuple(name for name in duty if people[name].is_woken_by(kind, severity))
    if names or (severity is not Severity.URGENT and kind in BODY_KINDS):
        return names
    return tuple(name for name in watchers(people, bed) if people[name].is_woken_by(kind, severity))


def in_turn(
    at_once: Sequence[str], names: Sequence[str], step_s: float
) -> tuple[NotificationStep, ...]:
    """Return the plan that tells some now, and each of the other names a step later."""
    later = [name for name in names if name not in at_once]
    return (
        *(NotificationStep(name, 0, Purpose.LOUD) for name in at_once),
        *(
            NotificationStep(name, n * step_s, Purpose.LOUD)
            for n, name in enumerate(later, start=1)
        ),
    )


def _notified_first(
    names: Sequence[str], notified: Collection[str], step_s: float
) -> tuple[NotificationStep, ...]:
    return in_turn([name for name in names if name in notified] or names[:1], names, step_s)
