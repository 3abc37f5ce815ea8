"""A window of sensor data, to and from JSON bytes.

Decoding checks types and ranges strictly. Unknown keys are ignored, so that an older server can
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
    VERSION,
    dump,
    is_boot,
    maybe_whole,
    number,
    parse,
    whole,
)
from legwatch.contract.roles import FAULTS, OTHERS
from legwatch.errors import WireError
from legwatch.events import Window
from legwatch.printable import printable, quoted

LONGEST_FAULT = 64  # characters


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
    moved_s, active_s = get("moved_s"), get("active_s")  # mostly missing, and windows are many
    # For every message of the server, and in half the time of keywords.
    return Window._make(
        (
            boot,
            whole(body, "seq", 1, 2**53),
            from_ms,
            to_ms,
            whole(body, "mono_ms", 0, 2**53),
            clock,
            number(get("leg_c"), "leg_c", LOWEST_C, HIGHEST_C),
            number(get("leg_rh"), "leg_rh", 0.0, 100.0),
            number(get("room_c"), "room_c", LOWEST_C, HIGHEST_C),
            number(get("room_rh"), "room_rh", 0.0, 100.0),
            maybe_whole(body, "moves", 0, MAX_MOVES),
            in_bed,
            _faults(get("faults")),
            maybe_whole(body, "low", 1, 2**53),
            maybe_whole(body, "age_ms", 0, 2**53),
            None if moved_s is None else number(moved_s, "moved_s", 0.0, MAX_MOVED_S),
            None if active_s is None else number(active_s, "active_s", 0.0, MAX_MOVED_S),
            _others(body) if OTHERS else (),
        )
    )


def encode_window(window: Window) -> bytes:
    """Return the JSON of a window; unknown values are left out."""
    given = zip(Window._fields, window, strict=True)
    body: dict[str, Any] = {"v": VERSION}
    body |= {k: v for k, v in given if v is not None and k not in {"faults", "others"}}
    if window.faults:
        body["faults"] = dict(window.faults)
    return dump(body | dict(window.others))


def _others(body: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    """Return the known fields that are not judged; raises WireError for one out of range."""
    read = ((f.name, number(body.get(f.name), f.name, f.low, f.high)) for f in OTHERS)
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
