"""From the answers of drivers to the fields of a window; each group of drivers has one protocol.

A role's numbers stand in the order of its fields; None is unknown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from legwatch.contract.fields import LATEST_MS, MAX_MOVES, OUT_OF_RANGE
from legwatch.contract.roles import GAUGES, MOTION, OTHERS, PRESENCE, THERMOMETERS, Role, WireField
from legwatch.events import ClockTrust, Window
from legwatch.middle import median
from legwatch_device import answers
from legwatch_device.drivers import MotionSample, Reading

Values = tuple[float | None, ...]
POLLED = frozenset({MOTION, PRESENCE})  # groups whose drivers answer at once, for one window


@dataclass(frozen=True, slots=True)
class PlacedSensor:
    """A sensor and its role; `offset_c` is added to each temperature.

    `driver` names another package's driver in the log, such as `driver 'x' (a:B of c 1.0): `.
    """

    role: Role
    sensor: Any  # its protocol is that of the role's group
    offset_c: float = 0.0
    driver: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """The result of asking a sensor once: the values of its role's fields, or None and a fault.

    `refused`: a number that no message may carry, in words for the log; the others may be good.
    """

    role: Role
    values: Values | None
    fault: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """The time of one window, and how far it can be trusted."""

    from_ms: int
    to_ms: int
    mono_ms: int
    synced: bool


def ask(placed: PlacedSensor, window_s: float) -> Sample:
    """Ask a sensor once; raises what its driver raises.

    A number that no message may carry is unknown: the server would refuse the whole window.
    """
    values = _ASK[placed.role.group](placed, window_s)
    found = list(zip(placed.role.fields, values, strict=True))
    kept = tuple(_possible(field, value) for field, value in found)
    wrong = [
        one for one, good in zip(found, kept, strict=True) if good is None and one[1] is not None
    ]
    refused = ", ".join(f"{field.name} {value:g}" for field, value in wrong)
    if kept[0] is None and values[0] is not None:
        return Sample(placed.role, None, OUT_OF_RANGE, refused)
    return Sample(placed.role, kept, refused=refused)


def sendable_ms(utc_ms: int, least_ms: int = 0) -> int:
    """Return a time of the wall clock that a message may carry, however wrong the clock is.

    A window that is refused for its time would be lost; the server places it by its elapsed time.
    """
    return min(max(utc_ms, least_ms), LATEST_MS)


def close_window(samples: Iterable[Sample], span: Span) -> Window:
    """Make a window of the samples since the last window.

    A field has the median of its samples. A role's fault is in the window only if the role has no
    good sample in it.
    """
    by_role: dict[Role, list[Sample]] = {}
    for sample in samples:
        by_role.setdefault(sample.role, []).append(sample)
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for role, heard in by_role.items():
        good = [sample.values for sample in heard if sample.values is not None]
        if not good:
            faults[role.fault] = heard[-1].fault
        for field, column in zip(role.fields, zip(*good, strict=True), strict=False):
            values[field.name] = _middle(field, column)
    trust = ClockTrust.SYNCED if span.synced else ClockTrust.UNSYNCED
    window = Window(
        boot="",
        seq=0,
        from_ms=span.from_ms,
        to_ms=span.to_ms,
        mono_ms=span.mono_ms,
        clock=trust.value,
    )
    judged = {name: value for name, value in values.items() if name in Window._fields}
    others = tuple((f.name, values[f.name]) for f in OTHERS if values.get(f.name) is not None)
    return window._replace(**judged, faults=tuple(sorted(faults.items())), others=others)


def _middle(field: WireField, column: Values) -> float | None:
    known = [value for value in column if value is not None]
    if not known:
        return None
    middle = median(known)
    return middle if isinstance(middle, int) else round(middle, field.digits)  # True stays True


def _possible(field: WireField, value: float | None) -> float | None:
    return value if value is not None and field.low <= value <= field.high else None


def _thermometer(placed: PlacedSensor, _window_s: float) -> Values:
    read = placed.sensor.read
    reading = answers.answer(read, Reading)
    celsius = answers.number(reading.celsius, "celsius", read)
    humidity = answers.maybe_number(reading.humidity_pct, "humidity_pct", read)
    return round(celsius + placed.offset_c, 2), humidity


def _gauge(placed: PlacedSensor, _window_s: float) -> Values:
    read = placed.sensor.read
    return (answers.number(read(), "what read returns", read),)


def _motion(placed: PlacedSensor, window_s: float) -> Values:
    """Return the movement, within what a message may carry: a floating pin has any number of edges.

    A window may be made a moment late, but no movement in it is longer than the window.
    """
    seen = placed.sensor.seen
    sample = answers.answer(seen, MotionSample)
    moves = answers.whole(sample.moves, "moves", seen)
    moved_s = answers.maybe_number(sample.moved_s, "moved_s", seen)
    active_s = answers.maybe_number(sample.active_s, "active_s", seen)
    # The order matters: a NaN stays one, and is no movement.
    within = (None if s is None else min(s, window_s) for s in (moved_s, active_s))
    return min(moves, MAX_MOVES), *within


def _presence(placed: PlacedSensor, _window_s: float) -> Values:
    asked = placed.sensor.present
    return (answers.maybe_bool(asked(), asked),)


_ASK = {
    THERMOMETERS: _thermometer,
    GAUGES: _gauge,
    MOTION: _motion,
    PRESENCE: _presence,
}
