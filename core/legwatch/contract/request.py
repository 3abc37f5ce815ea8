"""The message `request`: what a program of the house asks for, such as a home automation.

A program can only ask for what a person can do by hand: answer the alerts of a bed, note a cramp,
and set a limit within its range. It is answered on `cmd/result`, with the id of its request, after
what it asked for is stored.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from legwatch.contract.action import LONGEST_SNOOZE_MIN
from legwatch.contract.fields import is_number, maybe_whole, parse
from legwatch.contract.press import is_press_id
from legwatch.errors import WireError
from legwatch.events import AlertKind
from legwatch.printable import quoted

LONGEST_NAME, LONGEST_KEY = 40, 80


class Do(StrEnum):
    """What a program can ask for."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    CRAMP = "cramp"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; a repeated one has the same `id`.

    `kind`: of the alerts that are meant, None: all. `minutes`: of a snooze, None: the usual ones.
    `by`: in whose name, for people. `key`, `value`: a limit and its new value, such as
    `stillness.warn_s` and 7200; None takes the bed's own limit back. `wrong`: why it cannot be
    done; then nothing else counts.
    """

    id: str
    do: Do | None = None
    kind: AlertKind | None = None
    minutes: int | None = None
    by: str = ""
    key: str = ""
    value: float | int | None = None
    wrong: str = ""


def decode_request(payload: bytes | bytearray) -> Request:
    """Return the request in `payload`; raises WireError if it has no id by which to answer it."""
    body = parse(payload)
    ident = body.get("id")
    if not is_press_id(ident):
        raise WireError("id: 1-64 letters, digits and - are expected")
    try:
        return _request(ident, body)
    except WireError as error:
        return Request(ident, wrong=str(error))


def _request(ident: str, body: dict[str, Any]) -> Request:
    do, kind = body.get("do"), body.get("kind")
    if type(do) is not str or do not in set(Do):
        raise WireError(f"do: one of {', '.join(Do)} is expected, not {quoted(do)}")
    if kind is not None and (type(kind) is not str or kind not in set(AlertKind)):
        raise WireError(f"kind: one of {', '.join(AlertKind)} is expected, not {quoted(kind)}")
    minutes = maybe_whole(body, "minutes", 1, LONGEST_SNOOZE_MIN)
    by = _text(body, "by", LONGEST_NAME) if body.get("by") is not None else ""
    asked = Do(do)
    if asked is not Do.LIMIT:
        return Request(ident, asked, AlertKind(kind) if kind else None, minutes, by)
    key, value = _text(body, "key", LONGEST_KEY), body.get("value")
    if value is not None and not is_number(value):
        raise WireError(f"value: a number or null is expected, not {quoted(value)}")
    return Request(ident, asked, by=by, key=key, value=value)


def _text(body: dict[str, Any], key: str, longest: int) -> str:
    text = body.get(key)
    if type(text) is not str or not 0 < len(text) <= longest or not text.isprintable():
        raise WireError(f"{key}: a printable text of 1 to {longest} characters is expected")
    return text
