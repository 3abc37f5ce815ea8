"""From a notice to people: who is told when, and how loudly. Pure: a plan, not an action.

The whole plan is made with the decision, so it is stored with it, and what is left of it is called
off by an answer or by the end of the alert.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from legwatch.alerting.notice import ALARMS, Held, Notice, What
from legwatch.conditions.verdict import Level
from legwatch.events import BODY, Kind
from legwatch.oncall.people import SLEEPER, Person, minding
from legwatch.settings import setting


class Tone(StrEnum):
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

    def step_s(self, level: Level) -> float:
        """Return the seconds from one person to the next."""
        return 60 * (self.next_urgent_min if level is Level.URGENT else self.next_min)


class Telling(NamedTuple):
    """One person is to be told, `after_s` from the decision, unless it is called off before."""

    person: str
    after_s: float
    tone: Tone


ANSWERED = frozenset({What.ACKNOWLEDGED, What.SNOOZED})
OVER = frozenset({*ANSWERED, What.RESOLVED})  # what is planned and not sent yet is called off


def tellings(
    notice: Notice,
    people: Mapping[str, Person],
    duty: Sequence[str],
    told: Collection[str],
    bed: str,
    limits: Escalation,
) -> tuple[Telling, ...]:
    """Return who is told of a notice; `duty` in order, `told` who has heard of this episode.

    - An alarm goes to the first on duty whom it may wake and to everybody told before; each of the
      others follows one step later than the one before, until somebody answers.
    - A warning that waits for a natural movement is shown to the sleeper, without a sound.
    - A warning that goes with one for cold legs is told to those whom cold legs do not wake.
    - That somebody has answered, that it is over or can no longer be judged is said, without a
      sound, to everybody who was told.
    """
    if notice.what in ALARMS and notice.held is Held.WAITING:
        sleepers = (n for n, p in people.items() if p.role == SLEEPER and p.minds(bed))
        return tuple(Telling(name, 0, Tone.QUIET) for name in sleepers)
    if notice.what in ALARMS and notice.held is None:
        names = woken(notice.kind, notice.level, people, duty, bed)
        return _alarm(names, told, limits.step_s(notice.level))
    if notice.what in ALARMS and notice.held is Held.JOINED:
        others = [name for name in duty if not people[name].wakes(Kind.COLD, notice.level)]
        names = tuple(n for n in others if people[n].wakes(notice.kind, notice.level))
        return _alarm(names, told, limits.step_s(notice.level))
    if notice.what in OVER or notice.what is What.UNKNOWN:
        return tuple(Telling(name, 0, Tone.INFO) for name in sorted(told) if name in people)
    return ()


def woken(
    kind: Kind, level: Level, people: Mapping[str, Person], duty: Sequence[str], bed: str
) -> tuple[str, ...]:
    """Return whom an alert wakes, in order.

    Where nobody on duty is woken by what is urgent, or by "I cannot see you", it is everybody who
    minds the bed and can be woken for it: such an alert is never for nobody.
    """
    names = tuple(name for name in duty if people[name].wakes(kind, level))
    if names or (level is not Level.URGENT and kind in BODY):
        return names
    return tuple(name for name in minding(people, bed) if people[name].wakes(kind, level))


def in_turn(at_once: Sequence[str], names: Sequence[str], step_s: float) -> tuple[Telling, ...]:
    """Return the plan that tells some now, and each of the other names a step later."""
    later = [name for name in names if name not in at_once]
    return (
        *(Telling(name, 0, Tone.LOUD) for name in at_once),
        *(Telling(name, n * step_s, Tone.LOUD) for n, name in enumerate(later, start=1)),
    )


def _alarm(names: Sequence[str], told: Collection[str], step_s: float) -> tuple[Telling, ...]:
    return in_turn([name for name in names if name in told] or names[:1], names, step_s)
