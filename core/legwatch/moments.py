"""Give the moments in a state other names, after the wall clock was set.

What a state remembers did happen when it happened; only the names of those moments were wrong. So
all of them move by the same time, and the state goes on as if the clock had always been right.

Which fields are moments follows from their names: what ends with `_ms` is one, but for SPANS, which
are lengths or belong to another clock, and NAMES, which others know an alert by.
"""

import typing
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeVar

from legwatch.alerting.budget import Budget
from legwatch.alerting.told_sensors import ToldSensors
from legwatch.alerting.trial_nights import TrialNights
from legwatch.conditions.damp import DampNight
from legwatch.conditions.out import OutNight
from legwatch.conditions.room import Evening
from legwatch.engine import MINUTE_MS, BedState
from legwatch.limits.rules import Rules
from legwatch.named_tuples import parts_of
from legwatch.night import night_of

SPANS = frozenset({"age_ms", "mono_ms", "longest_ms"})
NAMES = frozenset({"episode_ms", "reported_ms", "shown_ms"})
NIGHTS = {
    Budget: ("night",),
    ToldSensors: ("night",),
    TrialNights: ("first", "night"),
    DampNight: ("night",),
    Evening: ("night",),
    OutNight: ("night",),
}  # ordinals of dates; 0: none

T = TypeVar("T", bound=tuple[Any, ...])
_Shift = Callable[[Any, int, int], Any]  # (value, by_ms, nights) -> value


def shifted(state: BedState, by_ms: int, rules: Rules) -> BedState:
    """Return a state whose moments are later by `by_ms`, to the whole minute: the grid holds.

    The night that it is in, with its budget, becomes the night of its new time.
    """
    by_ms = round(by_ms / MINUTE_MS) * MINUTE_MS
    if not by_ms or not state.minute_end_ms:
        return state
    then, now = (night_of(ms, rules.zone) for ms in (state.at_ms, state.at_ms + by_ms))
    found: BedState = _shift_of(BedState)(state, by_ms, (now - then).days)
    return found


def moved(value: T, by_ms: int) -> T:
    """Return a NamedTuple, such as a Bedside, whose moments are later by `by_ms`."""
    found: T = _shift_of(type(value))(value, by_ms, 0)
    return found


def moments(value: tuple[Any, ...]) -> Iterator[int]:
    """Yield all moments in a NamedTuple and in those within it; 0 and None are none."""
    for name, one in zip(getattr(value, "_fields", ("",) * len(value)), value, strict=True):
        inner = one if isinstance(one, tuple) else (one,)
        if is_moment(name):
            yield from (moment for moment in inner if moment)
        elif isinstance(one, tuple):
            yield from moments(one)


def is_moment(name: str) -> bool:
    """Return True if a field of this name holds one moment or several."""
    return name.endswith("_ms") and name not in SPANS | NAMES


@cache
def _shift_of(shape: Any) -> _Shift:
    """Return the function that shifts a NamedTuple of this type."""
    shifts: list[tuple[str, _Shift]] = []
    for name, hint in typing.get_type_hints(shape).items():
        one = _of_field(shape, name, hint)
        if one is not None:
            shifts.append((name, one))

    def shift(value: Any, by_ms: int, nights: int) -> Any:
        changes = {name: one(getattr(value, name), by_ms, nights) for name, one in shifts}
        return value._replace(**changes)

    return shift


def _of_field(shape: Any, name: str, hint: Any) -> _Shift | None:
    if name in NIGHTS.get(shape, ()):
        return _night
    if is_moment(name):
        return _moment
    inner = [part for part in parts_of(hint) if hasattr(part, "_fields")]
    if not inner:
        return None
    one = _shift_of(inner[0])
    if typing.get_origin(hint) is tuple:
        return lambda values, by_ms, nights: tuple(one(v, by_ms, nights) for v in values)
    return lambda value, by_ms, nights: None if value is None else one(value, by_ms, nights)


def _moment(value: Any, by_ms: int, nights: int) -> Any:
    """Shift a moment, or each of several; 0 and None are no moments, and stay."""
    if isinstance(value, tuple):
        return tuple(_moment(one, by_ms, nights) for one in value)
    return value + by_ms if value else value


def _night(value: int, _by_ms: int, nights: int) -> int:
    return value + nights if value else value
