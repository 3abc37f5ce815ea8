"""A press of the button at the bed, to and from JSON bytes."""

import re
from dataclasses import dataclass
from typing import Any, TypeGuard

from legwatch.contract.action import BUTTONS, LONGEST_SNOOZE_MIN
from legwatch.contract.fields import CLOCKS, LATEST_MS, VERSION, dump, maybe_whole, parse, whole
from legwatch.errors import WireError
from legwatch.events import AlertKind, ClockTrust

_ID = re.compile(r"[0-9a-zA-Z-]{1,64}")
MOST_PRESSES = 32  # ids in one `stored` message


@dataclass(frozen=True, slots=True)
class Press:
    """A button press at the bedside. A repeated message has the same `id`; no `kind`: every kind.

    `clock` says how far `at_ms` can be trusted; `age_ms` is how long the press waited in the agent.
    """

    id: str
    button: str  # one of BUTTONS
    at_ms: int
    kind: AlertKind | None = None
    minutes: int | None = None  # of a snooze
    clock: str = ClockTrust.SYNCED.value
    age_ms: int | None = None


def decode_press(payload: bytes | bytearray) -> Press:
    """Return the button press in `payload`; raises WireError."""
    return press_of(parse(payload))


def press_of(body: dict[str, Any]) -> Press:
    """Return the button press that a JSON object tells of; raises WireError."""
    ident, button, kind = body.get("id"), body.get("button"), body.get("kind")
    if not is_press_id(ident):
        raise WireError("id: 1-64 letters, digits and - are expected")
    if type(button) is not str or button not in BUTTONS:
        raise WireError(f"button: one of {', '.join(BUTTONS)} is expected")
    if kind is not None and (type(kind) is not str or kind not in set(AlertKind)):
        raise WireError(f"kind: one of {', '.join(AlertKind)} is expected")
    at_ms = whole(body, "at_ms", 0, LATEST_MS)
    minutes = maybe_whole(body, "minutes", 1, LONGEST_SNOOZE_MIN)
    clock = body.get("clock", ClockTrust.SYNCED.value)  # an older agent does not send `clock`
    if type(clock) is not str or clock not in CLOCKS:
        raise WireError(f"clock: one of {', '.join(sorted(CLOCKS))} is expected")
    age_ms = maybe_whole(body, "age_ms", 0, 2**53)
    return Press(
        id=ident,
        button=button,
        at_ms=at_ms,
        kind=AlertKind(kind) if kind else None,
        minutes=minutes,
        clock=clock,
        age_ms=age_ms,
    )


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
    return dump(body)


def is_press_id(value: object) -> TypeGuard[str]:
    """Return True if the value is the id of a press: 1-64 letters, digits and -."""
    return type(value) is str and _ID.fullmatch(value) is not None
