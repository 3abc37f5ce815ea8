"""What the payload of a message says: a number, a word, a time, or why none of them.

Nothing is guessed. What is no number is a fault with a name, and never a number that is near.
"""

import json
import math
import re
from collections.abc import Collection
from datetime import datetime
from enum import Enum

LONGEST = 64 * 1024  # bytes; the connection keeps no more of a message
MS_FROM = 100_000_000_000  # an epoch from here on is in milliseconds: in seconds, the year 5138
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)

UNAVAILABLE = ("unavailable", "unknown", "none", "null", "nan", "")
ON = ("on", "true", "1", "occupied", "detected")
OFF = ("off", "false", "0", "unoccupied", "clear")


class Unreadable(Exception):  # noqa: N818 - the message is at fault
    """A payload says nothing that can be used; the argument is one word, the sensor's fault."""


class Absent(Enum):
    """A message has no such field: it says nothing of it."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


def body(payload: bytes, *, plain: bool) -> object:
    """Return a payload as JSON, or as its text if it is `plain`; raises Unreadable."""
    if len(payload) > LONGEST:
        raise Unreadable("too_long")
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise Unreadable("no_text") from None
    if plain:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # ValueError: also a number of thousands of digits
        raise Unreadable("no_json") from None


def at(found: object, path: str) -> object:
    """Return what stands at a path such as `SHT3X.Temperature`; an empty path is all of it.

    A key that has a dot itself goes before one that is nested.
    """
    if not path:
        return found
    if not isinstance(found, dict):
        return ABSENT
    if path in found:
        return found[path]
    first, _, rest = path.partition(".")
    return at(found[first], rest) if rest and first in found else ABSENT


def number(value: object, unavailable: Collection[str] = UNAVAILABLE) -> float:
    """Return a number, also of a text such as "21.5"; raises Unreadable."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        found = float(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            raise Unreadable("no_number") from None
    elif (value is None or isinstance(value, str)) and word(value) in unavailable:
        raise Unreadable("unavailable")
    else:
        raise Unreadable("no_number")
    if not math.isfinite(found):
        raise Unreadable("unavailable" if math.isnan(found) else "no_number")
    return found


def state(
    value: object,
    on: Collection[str],
    off: Collection[str],
    unavailable: Collection[str] = UNAVAILABLE,
) -> bool:
    """Return whether a value is one of the words for on, or for off; raises Unreadable."""
    said = word(value)
    if said in on:
        return True
    if said in off:
        return False
    raise Unreadable("unavailable" if said in unavailable else "strange_word")


def word(value: object) -> str:
    """Return a value as a word in small letters: true and "ON" are `true` and `on`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < MS_FROM:
        return str(int(value))
    if isinstance(value, str | float):
        return small(str(value))
    if isinstance(value, int) and abs(value) < MS_FROM:
        return str(value)
    raise Unreadable("strange_word")


def small(text: str) -> str:
    """Return a word as words are compared."""
    return text.strip().casefold()


def utc_ms(value: object) -> int:
    """Return a time in UTC ms: an epoch in seconds or ms, or ISO 8601 with a zone.

    Raises Unreadable. A time without a zone may be off by hours, so it is none.
    """
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        try:
            moment = datetime.fromisoformat(value.strip())
            if moment.tzinfo is None:
                raise Unreadable("time_without_zone")
            return int(moment.timestamp() * 1000)
        except (ValueError, OverflowError):
            raise Unreadable("no_time") from None
    try:
        found = number(value)
    except Unreadable:
        raise Unreadable("no_time") from None
    return int(found if abs(found) >= MS_FROM else found * 1000)


def alive(payload: bytes) -> bool | None:
    """Return what a topic of availability says: "online", {"state": "online"}; None: nothing."""
    try:
        text = word(body(payload, plain=True))
        if text.startswith("{"):
            text = word(at(body(payload, plain=False), "state"))
    except Unreadable:
        return None
    return {"online": True, "offline": False}.get(text)
