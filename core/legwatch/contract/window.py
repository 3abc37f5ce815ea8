"""A window of sensor data, to and from JSON bytes.

Decoding checks types strictly. A reading that no sensor can give is a fault of that sensor, and
says nothing against the others in the window. Unknown keys are ignored, so that an older server can
read the messages of a newer agent. A newer *version* of the contract is refused.
"""

from typing import Any

from legwatch.contract.fields import (
    CLOCKS,
    HIGHEST_C,
    LATEST_MS,
    LOWEST_C,
    MAX_MOVED_S,
    MAX_MOVES,
    MAX_WINDOW_MS,
    OUT_OF_RANGE,
    VERSION,
    dump,
    is_boot,
    is_number,
    maybe_whole,
    number,
    parse,
    whole,
)
from legwatch.contract.roles import FAULTS, OTHERS, ROLES
from legwatch.errors import WireError
from legwatch.events import Window
from legwatch.printable import printable, quoted

LONGEST_FAULT = 64  # characters
_SENSOR_OF = {field.name: role.fault for role in ROLES for field in role.fields}


def decode_window(payload: bytes | bytearray) -> Window:
    """Return the window in `payload`; raises WireError naming the key that is wrong."""
    body = parse(payload)
    get = body.get
    boot = get("boot")
    if not is_boot(boot):
        raise WireError("boot: 8 hex digits are expected")
    from_ms = whole(body, "from_ms", 0, LATEST_MS)
    to_ms = whole(body, "to_ms", 0, LATEST_MS)
    if not 0 < to_ms - from_ms <= MAX_WINDOW_MS:
        raise WireError(f"to_ms: {to_ms - from_ms} ms after from_ms, 1..{MAX_WINDOW_MS} expected")
    clock = get("clock")
    if type(clock) is not str or clock not in CLOCKS:
        raise WireError(f"clock: one of {', '.join(sorted(CLOCKS))} is expected")
    in_bed = get("in_bed")
    if in_bed is not None and type(in_bed) is not bool:
        raise WireError("in_bed: true, false or null is expected")
    bad: set[str] = set()
    # For every message of the server, and in half the time of keywords.
    window = Window._make(
        (
            boot,
            whole(body, "seq", 1, 2**53),
            from_ms,
            to_ms,
            whole(body, "mono_ms", 0, 2**53),
            clock,
            _reading(get("leg_c"), "leg_c", LOWEST_C, HIGHEST_C, bad),
            _reading(get("leg_rh"), "leg_rh", 0.0, 100.0, bad),
            _reading(get("room_c"), "room_c", LOWEST_C, HIGHEST_C, bad),
            _reading(get("room_rh"), "room_rh", 0.0, 100.0, bad),
            _count(get("moves"), bad),
            in_bed,
            (),
            maybe_whole(body, "low", 1, 2**53),
            maybe_whole(body, "age_ms", 0, 2**53),
            _reading(get("moved_s"), "moved_s", 0.0, MAX_MOVED_S, bad),
            _reading(get("active_s"), "active_s", 0.0, MAX_MOVED_S, bad),
            _others(body, bad) if OTHERS else (),
        )
    )
    faults = _faults(get("faults"))
    return window._replace(faults=_with(faults, bad)) if faults or bad else window


def _reading(value: object, key: str, low: float, high: float, bad: set[str]) -> float | None:
    """Return a reading; of a number out of range, None, and its key in `bad`."""
    if value is None:
        return None
    if is_number(value) and not low <= value <= high:
        bad.add(key)
        return None
    return number(value, key, low, high)


def _count(value: object, bad: set[str]) -> int | None:
    """Return a count of movements; of one out of range, None, and its key in `bad`."""
    if value is None:
        return None
    if type(value) is not int:
        return maybe_whole({"moves": value}, "moves", 0, MAX_MOVES)  # raises the error
    if 0 <= value <= MAX_MOVES:
        return value
    bad.add("moves")
    return None


def _with(faults: tuple[tuple[str, str], ...], bad: set[str]) -> tuple[tuple[str, str], ...]:
    """Return the faults with those of the sensors whose readings cannot be."""
    found = {_SENSOR_OF[key]: OUT_OF_RANGE for key in bad}
    return tuple(sorted((found | dict(faults)).items()))


def encode_window(window: Window) -> bytes:
    """Return the JSON of a window; unknown values are left out."""
    given = zip(Window._fields, window, strict=True)
    body: dict[str, Any] = {"v": VERSION}
    body |= {k: v for k, v in given if v is not None and k not in {"faults", "others"}}
    if window.faults:
        body["faults"] = dict(window.faults)
    return dump(body | dict(window.others))


def _others(body: dict[str, Any], bad: set[str]) -> tuple[tuple[str, float], ...]:
    """Return the known fields that are not judged."""
    read = ((f.name, _reading(body.get(f.name), f.name, f.low, f.high, bad)) for f in OTHERS)
    return tuple((name, value) for name, value in read if value is not None)


def _faults(value: object) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if type(value) is not dict:
        raise WireError("faults: an object of sensor and fault is expected")
    for sensor, fault in value.items():
        if sensor not in FAULTS or type(fault) is not str or len(fault) > LONGEST_FAULT:
            raise WireError(f"faults: {quoted(sensor)} is not a sensor with a short fault")
    return tuple(
        sorted((sensor, printable(fault, LONGEST_FAULT)) for sensor, fault in value.items())
    )
