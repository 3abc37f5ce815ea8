"""Read the fields of a JSON message; check the type and the range of each field."""

import json
import re
from typing import Any, TypeGuard

from legwatch.errors import NewerVersion, WireError
from legwatch.events import ClockTrust
from legwatch.printable import printable, quoted

VERSION = 1
LATEST_VERSION = 1000  # a greater number is no version
MAX_PAYLOAD_BYTES = 4096
LATEST_MS = 4_102_444_800_000  # 2100-01-01: a later time is a fault
MAX_WINDOW_MS = 600_000
MAX_MOVES = 100_000
MAX_MOVED_S = MAX_WINDOW_MS / 1000  # no window is longer
# Wider than any sensor in use (DHT22 -40..80, DS18B20 -55..125 by their data sheets). The engine
# judges which readings are *plausible* in a bed; the contract only refuses what no sensor can give.
LOWEST_C, HIGHEST_C = -55.0, 125.0
_BOOT = re.compile(r"[0-9a-f]{8}")
CLOCKS = frozenset(c.value for c in ClockTrust)


OUT_OF_RANGE = "out_of_range"  # the fault of a sensor whose number cannot be
_encoder = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_decoder = json.JSONDecoder()  # takes NaN, which is in no range


def parse(payload: bytes | bytearray, most: int = MAX_PAYLOAD_BYTES) -> dict[str, Any]:
    """Return the JSON object in `payload`; raises WireError for anything else, or over `most` B."""
    if len(payload) > most:
        raise WireError(f"more than {most} bytes: a message so long is not read")
    try:
        body = _decoder.decode(payload.decode("utf-8"))
    except WireError:
        raise
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {printable(str(error), 120)}") from None
    if type(body) is not dict:
        raise WireError(f"a JSON object is expected, not {type(body).__name__}")
    version = body.get("v")
    if type(version) is int and VERSION < version <= LATEST_VERSION:
        raise NewerVersion(version, VERSION)
    if type(version) is not int or version != VERSION:
        raise WireError(f"v: version {quoted(version)} is not {VERSION}")
    return body


def is_boot(value: object) -> TypeGuard[str]:
    """Return True if the value is a boot id, which names one start of an agent: 8 hex digits."""
    return type(value) is str and _BOOT.fullmatch(value) is not None


def dump(body: dict[str, Any]) -> bytes:
    """Write a message as compact JSON."""
    return _encoder.encode(body).encode()


def whole(body: dict[str, Any], key: str, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`; raises WireError that names the key."""
    value = body.get(key)
    if type(value) is not int or not low <= value <= high:
        raise WireError(f"{key}: a whole number {low}..{high} is expected, not {quoted(value)}")
    return value


def maybe_whole(body: dict[str, Any], key: str, low: int, high: int) -> int | None:
    """Return a whole number, or None where the key is missing or null; raises WireError."""
    value = body.get(key)
    if value is None or (type(value) is int and low <= value <= high):
        return value
    return whole(body, key, low, high)  # raises the error


def is_number(value: object) -> TypeGuard[int | float]:
    """Return True for a number; True and False are none."""
    return type(value) is float or type(value) is int


def number(value: object, key: str, low: float, high: float) -> float | None:
    """Return a number from `low` to `high`, or None for null; raises WireError."""
    if value is None:
        return None
    if is_number(value) and low <= value <= high:
        return float(value)
    raise WireError(f"{key}: a number {low:g}..{high:g} or null is expected, not {quoted(value)}")
