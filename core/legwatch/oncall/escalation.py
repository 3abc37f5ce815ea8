"""Plan the notifications of a notice: whom to notify, when, and with or without a sound.

This module only makes the plan. The server stores the whole plan together with the notice, and
sends. An answer or the end of the alert cancels the steps that are left.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from legwatch.alerting.notice import BETWEEN, MAY_SOUND, Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import BODY_KINDS, AlertKind, FactKind, NoticeKind
from legwatch.oncall.people import SLEEPER, Person, told_out_of_bed, watchers
from legwatch.settings import setting


class Purpose(StrEnum):
    """What a notification is for; only LOUD makes a sound."""

    QUIET = "quiet"  # a lamp, or a push without a sound: a warning on hold, for the sleeper
    LOUD = "loud"  # meant to wake
    INFO = "info"  # somebody has answered, or the alert is over or unknown
    REHEARSAL = "rehearsal"  # in the evening, to check that pushes arrive
    CONFIRM = "confirm"  # "tap to confirm that you can be woken"


@dataclass(frozen=True, slots=True)
class Escalation:
    """How long to wait for an answer before the next person is notified."""

    next_min: float = setting(10.0, "minutes until the next person, for warnings", low=1, high=60)
    next_urgent_min: float = setting(5.0, "the same for urgent alerts", low=1, high=60)

    def step_s(self, severity: Severity) -> float:
        """Return the seconds from one person to the next."""
        return 60 * (self.next_urgent_min if severity is Severity.URGENT else self.next_min)


class Watch(NamedTuple):
    """Who watches over a bed: `on_call` are notified in this order, `people` knows them all."""

    bed: str
    people: Mapping[str, Person]
    on_call: Sequence[str]


class NotificationStep(NamedTuple):
    """Notify one person `after_s` after the decision, unless the step is cancelled before."""

    person: str
    after_s: float
    purpose: Purpose
    readable: bool = False  # a quiet one that has to be read: no lamp can say it
    shines: bool = False  # and the lamp shines, too: it did so for the early sign


ANSWERED = frozenset({TransitionKind.ACKNOWLEDGED, TransitionKind.SNOOZED})
# These cancel the planned steps that are not sent yet; `is_over` has the exception.
OVER = frozenset({*ANSWERED, TransitionKind.RESOLVED})


def is_over(notice: Notice) -> bool:
    """Return True if nobody is to be told any more: an end or an answer.

    Quiet for warnings is no answer to an urgent alert, which is told on.
    """
    told_on = notice.reason is Reason.WARNINGS_ONLY and notice.severity is Severity.URGENT
    return notice.transition in OVER and not told_on


def notification_steps(
    notice: Notice, watch: Watch, notified: Collection[str], limits: Escalation
) -> tuple[NotificationStep, ...]:
    """Plan whom to notify of a notice; `notified` are those notified of this episode before.

    - A firing alert goes at once to those people whom it wakes and who were notified before; if
      there are none, to the first person on call whom it wakes. Each of the others follows one step
      after the one before, until somebody answers.
    - A warning on hold goes to the sleeper, without a sound. So does an early sign, which asks for
      no answer, if the sleeper wants it.
    - In the trial nights an alert goes to the sleeper and to the first person whom it would wake,
      without a sound, and to nobody after them. So does at any time what can wait until morning.
    - A warning that a cold alert inhibits goes to those whom cold legs do not wake.
    - A report goes without a sound to everybody who watches the bed, and a fact of the night to the
      sleeper alone; but that the bed is empty goes with a sound to those who ask for it, at once.
    - Everybody who was notified gets a notification without a sound when somebody has answered,
      when the alert is over, and when it can no longer be judged. Only the end of a sensor's alert
      may be held back: nobody should rely on a sensor that comes and goes.
    """
    people, step_s = watch.people, limits.step_s(notice.severity)
    if notice.suppressed_by is SuppressedBy.BUDGET:
        return ()
    if notice.transition is TransitionKind.REPORTED:
        if notice.kind is FactKind.OUT:
            return in_turn(told_out_of_bed(people, watch.bed, watch.on_call), (), step_s)
        names = watchers(people, watch.bed)
        if isinstance(notice.kind, FactKind):
            names = tuple(name for name in names if people[name].role == SLEEPER)
        return tuple(NotificationStep(name, 0, Purpose.QUIET, readable=True) for name in names)
    if is_over(notice) or notice.transition in BETWEEN:
        order = dict.fromkeys((*watch.on_call, *watchers(people, watch.bed), *sorted(notified)))
        return tuple(
            NotificationStep(name, 0, Purpose.INFO)
            for name in order
            if name in notified and name in people
        )
    sign = notice.transition is TransitionKind.EXPECTED
    if notice.transition not in MAY_SOUND and not sign:
        return ()
    if notice.suppressed_by in (SuppressedBy.HOLD, SuppressedBy.EARLY_SIGN):
        shown = (name for name in _sleepers(watch) if people[name].early or not sign)
        return tuple(NotificationStep(name, 0, Purpose.QUIET) for name in shown)
    if notice.suppressed_by in (SuppressedBy.TRIAL, SuppressedBy.LOW_URGENCY):
        first = woken(notice.kind, notice.severity, watch)[:1]
        names = tuple(dict.fromkeys((*_sleepers(watch), *first)))
        shines = notice.kind is AlertKind.COLD
        return tuple(
            NotificationStep(name, 0, Purpose.QUIET, readable=True, shines=shines) for name in names
        )
    if notice.suppressed_by is None:
        return _notified_first(woken(notice.kind, notice.severity, watch), notified, step_s)
    if notice.suppressed_by is SuppressedBy.INHIBITED:
        return _notified_first(_not_woken_by_cold(notice, watch), notified, step_s)
    return ()


def woken(kind: NoticeKind, severity: Severity, watch: Watch) -> tuple[str, ...]:
    """Return the people whom an alert wakes, in order.

    If an urgent, sensor or agent alert wakes nobody on call, return everybody who watches the bed
    and can be woken by this alert.
    """
    people = watch.people
    names = tuple(name for name in watch.on_call if people[name].is_woken_by(kind, severity))
    if names or (severity is not Severity.URGENT and kind in BODY_KINDS):
        return names
    every = watchers(people, watch.bed)
    return tuple(name for name in every if people[name].is_woken_by(kind, severity))


def _sleepers(watch: Watch) -> tuple[str, ...]:
    people = watch.people
    every = (name for name, one in people.items() if one.role == SLEEPER)
    return tuple(name for name in every if people[name].watches(watch.bed))


def _not_woken_by_cold(notice: Notice, watch: Watch) -> tuple[str, ...]:
    """Return who is woken by this notice, and not by the cold alert of the same minute."""
    people, severity = watch.people, notice.severity
    return tuple(
        name
        for name in watch.on_call
        if people[name].is_woken_by(notice.kind, severity)
        and not people[name].is_woken_by(AlertKind.COLD, severity)
    )


def in_turn(
    at_once: Sequence[str], names: Sequence[str], step_s: float
) -> tuple[NotificationStep, ...]:
    """Plan to notify `at_once` now, and each other name one step after the name before."""
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
