"""The state of one bed as JSON, as the server stores it; older versions are read, too.

The parts of a state are NamedTuples, which go to JSON as lists: a field is known by its place.
"""

import json
from typing import Any

from legwatch.alerting.alert import Alarm, Alarms
from legwatch.alerting.budget import Budget
from legwatch.alerting.trial_nights import LEARNED, Learning
from legwatch.bed import Bed
from legwatch.conditions.cold import Warmth
from legwatch.conditions.verdict import Level, Reason, Truth
from legwatch.engine import State
from legwatch.events import Window
from legwatch.observation import Sight
from legwatch.signals.contrast import Contrast, Usual
from legwatch.signals.fall import Change
from legwatch.signals.movement import Movement
from legwatch.signals.occupancy import Presence
from legwatch.signals.offset import Zero
from legwatch.signals.repeated import Frozen
from legwatch.signals.thermometer import Air

VERSION = 1

_encoder = json.JSONEncoder(separators=(",", ":"))


def to_json(state: State) -> str:
    """Write a state as JSON; `from_json` gives an equal state back."""
    return _encoder.encode((VERSION, state))


def from_json(text: str) -> State:
    """Read a state back; raises ValueError when it is not one of this version."""
    try:
        version, (bed, waiting, end_ms, at_ms) = json.loads(text)
        if version != VERSION:
            raise ValueError(f"a state of version {version}, {VERSION} expected")
        windows = tuple(_window_from(fields) for fields in waiting)
        return State(_bed_from(bed), windows, int(end_ms), int(at_ms))
    except (TypeError, KeyError, IndexError) as error:
        raise ValueError(f"not a state: {error}") from None


def _bed_from(fields: list[Any]) -> Bed:
    sight, legs, standing, budget, *later = fields  # what later versions added may be missing
    return Bed(
        _sight(sight),
        Truth(legs),
        Alarms(*(_alarm(alarm) for alarm in standing)),
        Budget(*budget),
        # A bed whose state does not speak of learning has had its first nights long ago.
        Learning(*later[0]) if later else LEARNED,
        int(later[1]) if len(later) > 1 else 0,
    )


def _window_from(fields: list[Any]) -> Window:
    window = Window(*fields)
    return window._replace(faults=tuple((str(a), str(b)) for a, b in window.faults))


def _sight(fields: list[Any]) -> Sight:
    """Read it back from JSON."""
    movement = Movement(*fields[5])
    return Sight(
        int(fields[0]),
        int(fields[1]),
        int(fields[2]),
        _air(fields[3]),
        _air(fields[4]),
        movement._replace(moved_ms=tuple(movement.moved_ms), turns_ms=tuple(movement.turns_ms)),
        Presence(*fields[6]),
        _warmth(fields[7]),
        bool(fields[8]),
        *_zero_and_frozen(fields[9:]),
    )


def _air(fields: list[Any]) -> Air:
    air = Air(*fields)
    return air._replace(step=tuple(air.step), trail=tuple(air.trail))


def _warmth(fields: list[Any]) -> Warmth:
    """Read it; an older version told its contrast otherwise, and knows it anew in half an hour."""
    warm = Warmth(*fields)
    warm = warm._replace(marks=tuple(warm.marks))
    if len(fields) < len(Warmth._fields):
        return warm._replace(change=Change())
    change, night = Change(*warm.change), Contrast(*warm.contrast)
    return warm._replace(
        change=change._replace(course_c=tuple(change.course_c)),
        contrast=night._replace(
            marks=tuple(night.marks), usual=None if night.usual is None else Usual(*night.usual)
        ),
    )


def _zero_and_frozen(fields: list[Any]) -> tuple[Zero, Frozen]:
    """Read what states of older versions may not have."""
    return (Zero(*fields[0]), Frozen(*fields[1])) if fields else (Zero(), Frozen())


def _alarm(fields: list[Any]) -> Alarm:
    """Read an alarm back from JSON, also an older and shorter one.

    One that stood before episodes had a name takes that of the moment when it fired.
    """
    alarm = Alarm(*fields)
    nameless = alarm.level is not None and alarm.episode_ms is None
    return alarm._replace(
        episode_ms=alarm.fired_ms if nameless else alarm.episode_ms,
        level=Level(alarm.level) if alarm.level else None,
        reason=Reason(alarm.reason) if alarm.reason else None,
        ended_level=Level(alarm.ended_level) if alarm.ended_level else None,
        ended_reason=Reason(alarm.ended_reason) if alarm.ended_reason else None,
    )
