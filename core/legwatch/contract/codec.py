"""Wire contract v1: windows and presses to and from JSON bytes.

Decoding is strict in types and ranges. Unknown keys are passed over, so that a newer agent can be
read by an older server; a newer *version* cannot.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn, TypeGuard

from legwatch.errors import WireError
from legwatch.events import AlertKind, ClockTrust, Window
from legwatch.printable import printable, quoted

VERSION = 1
MAX_PAYLOAD_BYTES = 4096
MAX_WINDOW_MS = 600_000
LONGEST_FAULT = 64  # characters
LATEST_MS = 4_102_444_800_000  # 2100-01-01: later is not a time but a fault
MAX_MOVES = 100_000
MAX_MOVED_S = MAX_WINDOW_MS / 1000  # no window is longer
# Wider than any sensor in use (DHT22 -40..80, DS18B20 -55..125 by their data sheets): what is
# *plausible* in a bed is the engine's judgement, what is a number at all is ours.
LOWEST_C, HIGHEST_C = -55.0, 125.0

_BOOT = re.compile(r"[0-9a-f]{8}")
_ID = re.compile(r"[0-9a-zA-Z-]{1,64}")
_SENSORS = frozenset({"leg", "room", "movement", "in_bed", "agent"})
_CLOCKS = frozenset(c.value for c in ClockTrust)


def _not_a_number(text: str) -> NoReturn:
    raise WireError(f"{text} is not a number that a sensor can give")


_decoder = json.JSONDecoder(parse_constant=_not_a_number)


BUTTONS = ("ack", "snooze", "not_useful", "cramp")
LONGEST_SNOOZE_MIN = 240
MOST_PRESSES = 32  # ids in one word of the server


@dataclass(frozen=True, slots=True)
class Press:
    """A button at the bedside. `id` makes a repeated message harmless; no `kind` is every kind.

    `clock` says how far `at_ms` can be trusted; `age_ms` is how long the press waited, if known.
    """

    id: str
    button: str  # one of BUTTONS
    at_ms: int
    kind: AlertKind | None = None
    minutes: int | None = None  # of a snooze
    clock: str = ClockTrust.SYNCED.value
    age_ms: int | None = None


def parse(payload: bytes | bytearray) -> dict[str, Any]:
    """Return the JSON object in `payload`; raises WireError for anything else."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise WireError(f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} are read")
    try:
        body = _decoder.decode(payload.decode("utf-8"))
    except WireError:
        raise
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {printable(str(error), 120)}") from None
    if type(body) is not dict:
        raise WireError(f"a JSON object is expected, not {type(body).__name__}")
    version = body.get("v")
    if type(version) is not int or version != VERSION:
        raise WireError(f"v: version {quoted(version)} is not {VERSION}")
    return body


def is_boot(value: object) -> TypeGuard[str]:
    """Say whether a value names a start of an agent: 8 hex digits."""
    return type(value) is str and _BOOT.fullmatch(value) is not None


def decode_window(payload: bytes | bytearray) -> Window:
    """Return the window in `payload`; raises WireError naming the key that is wrong."""
    body = parse(payload)
    get = body.get
    boot = get("boot")
    if not is_boot(boot):
        raise WireError("boot: 8 hex digits are expected")
    from_ms = _whole(body, "from_ms", 0, LATEST_MS)
    to_ms = _whole(body, "to_ms", 0, LATEST_MS)
    if not 0 < to_ms - from_ms <= MAX_WINDOW_MS:
        raise WireError(f"to_ms: {to_ms - from_ms} ms after from_ms, 1..{MAX_WINDOW_MS} expected")
    clock = get("clock")
    if type(clock) is not str or clock not in _CLOCKS:
        raise WireError(f"clock: one of {', '.join(sorted(_CLOCKS))} is expected")
    in_bed = get("in_bed")
    if in_bed is not None and type(in_bed) is not bool:
        raise WireError("in_bed: true, false or null is expected")
    return Window(
        boot,
        _whole(body, "seq", 1, 2**53),
        from_ms,
        to_ms,
        _whole(body, "mono_ms", 0, 2**53),
        clock,
        _number(get("leg_c"), "leg_c", LOWEST_C, HIGHEST_C),
        _number(get("leg_rh"), "leg_rh", 0.0, 100.0),
        _number(get("room_c"), "room_c", LOWEST_C, HIGHEST_C),
        _number(get("room_rh"), "room_rh", 0.0, 100.0),
        _maybe_whole(body, "moves", 0, MAX_MOVES),
        in_bed,
        _faults(get("faults")),
        _maybe_whole(body, "low", 1, 2**53),
        _maybe_whole(body, "age_ms", 0, 2**53),
        _number(get("moved_s"), "moved_s", 0.0, MAX_MOVED_S),
        _number(get("active_s"), "active_s", 0.0, MAX_MOVED_S),
    )


def encode_window(window: Window) -> bytes:
    """Return the JSON of a window; what is unknown is left out."""
    given = zip(Window._fields, window, strict=True)
    body: dict[str, Any] = {"v": VERSION}
    body |= {k: v for k, v in given if v is not None and k != "faults"}
    if window.faults:
        body["faults"] = dict(window.faults)
    return _dump(body)


def decode_press(payload: bytes | bytearray) -> Press:
    """Return the button press in `payload`; raises WireError."""
    body = parse(payload)
    ident, button, kind = body.get("id"), body.get("button"), body.get("kind")
    if not is_press_id(ident):
        raise WireError("id: 1-64 letters, digits and - are expected")
    if type(button) is not str or button not in BUTTONS:
        raise WireError(f"button: one of {', '.join(BUTTONS)} is expected")
    if kind is not None and (type(kind) is not str or kind not in set(AlertKind)):
        raise WireError(f"kind: one of {', '.join(AlertKind)} is expected")
    at_ms = _whole(body, "at_ms", 0, LATEST_MS)
    minutes = _maybe_whole(body, "minutes", 1, LONGEST_SNOOZE_MIN)
    clock = body.get("clock", ClockTrust.SYNCED.value)  # an older agent does not say
    if type(clock) is not str or clock not in _CLOCKS:
        raise WireError(f"clock: one of {', '.join(sorted(_CLOCKS))} is expected")
    age_ms = _maybe_whole(body, "age_ms", 0, 2**53)
    return Press(ident, button, at_ms, AlertKind(kind) if kind else None, minutes, clock, age_ms)


def encode_press(press: Press) -> bytes:
    """Return the JSON of a button press."""
    body: dict[str, Any] = {
        "v": VERSION,
        "id": press.id,
        "button": press.button,
        "at_ms": press.at_ms,
    }
    if press.kind:
        body["kind"] = press.kind.value
    if press.minutes:
        body["minutes"] = press.minutes
    if press.clock != ClockTrust.SYNCED:
        body["clock"] = press.clock
    if press.age_ms is not None:
        body["age_ms"] = press.age_ms
    return _dump(body)


class Stored(NamedTuple):
    """What the server has committed: all of `boot` up to `seq`, and these presses.

    `presses` None: the server does not tell, and the broker's word has to do.
    """

    boot: str
    seq: int
    presses: tuple[str, ...] | None = None  # ids, the last MOST_PRESSES


def encode_stored(stored: Stored) -> bytes:
    """Return the JSON of the server's word."""
    body: dict[str, Any] = {"v": VERSION, "boot": stored.boot, "seq": stored.seq}
    if stored.presses is not None:
        body["presses"] = list(stored.presses[-MOST_PRESSES:])
    return _dump(body)


def decode_stored(payload: bytes | bytearray) -> Stored:
    """Return the server's word; raises WireError."""
    body = parse(payload)
    boot, presses = body.get("boot"), body.get("presses")
    if not is_boot(boot):
        raise WireError("boot: 8 hex digits are expected")
    seq = _whole(body, "seq", 0, 2**53)
    if presses is None:
        return Stored(boot, seq)
    if (
        type(presses) is not list
        or len(presses) > MOST_PRESSES
        or not all(map(is_press_id, presses))
    ):
        raise WireError(f"presses: a list of at most {MOST_PRESSES} ids is expected")
    return Stored(boot, seq, tuple(presses))


def is_press_id(value: object) -> TypeGuard[str]:
    """Say whether a value names a press: 1-64 letters, digits and -."""
    return type(value) is str and _ID.fullmatch(value) is not None


def _dump(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


def _whole(body: dict[str, Any], key: str, low: int, high: int) -> int:
    value = body.get(key)
    if type(value) is not int or not low <= value <= high:
        raise WireError(f"{key}: a whole number {low}..{high} is expected, not {quoted(value)}")
    return value


def _maybe_whole(body: dict[str, Any], key: str, low: int, high: int) -> int | None:
    value = body.get(key)
    if value is None or (type(value) is int and low <= value <= high):
        return value
    return _whole(body, key, low, high)  # which says what is wrong


def _number(value: object, key: str, low: float, high: float) -> float | None:
    if value is None:
        return None
    if (type(value) is float or type(value) is int) and low <= value <= high:
        return float(value)
    raise WireError(f"{key}: a number {low:g}..{high:g} or null is expected, not {quoted(value)}")


def _faults(value: object) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if type(value) is not dict:
        raise WireError("faults: an object of sensor and fault is expected")
    for sensor, fault in value.items():
        if sensor not in _SENSORS or type(fault) is not str or len(fault) > LONGEST_FAULT:
            raise WireError(f"faults: {quoted(sensor)} is not a sensor with a short word")
    return tuple(
        sorted((sensor, printable(fault, LONGEST_FAULT)) for sensor, fault in value.items())
    )
