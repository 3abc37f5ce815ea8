"""The message `rules`: what the bedside needs to judge its bed while the server is silent.

It has the bed's limits and the engine's state of the bed, as the server has committed it: with the
usual values, the snoozes and the standing alerts. An empty message: nobody watches this bed now.
"""

import json
from typing import Any, NamedTuple

from legwatch.contract.fields import LATEST_MS, VERSION, is_boot, parse, whole
from legwatch.errors import WireError

MAX_RULES_BYTES = 32 * 1024  # the limits have 2 kB; a state up to 5 kB, with its open minute

_encoder = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


class BedRules(NamedTuple):
    """The limits and the state of one bed, each as JSON: `limits.written` and `state_codec`.

    `to_ms`: when the last window that the state has seen ended, UTC ms by the server; 0: none has
    come. `boot` and `seq` name this window; an empty `boot`: it is not known which it was.
    """

    limits: str
    state: str
    to_ms: int = 0
    boot: str = ""
    seq: int = 0


def encode_rules(rules: BedRules) -> bytes:
    """Return the JSON of a `rules` message; both texts are JSON, and stand in it as such."""
    named = f',"boot":"{rules.boot}","seq":{rules.seq}' if rules.boot else ""
    head = f'"v":{VERSION},"to_ms":{rules.to_ms}{named}'
    return f'{{{head},"limits":{rules.limits},"state":{rules.state}}}'.encode()


def decode_rules(payload: bytes | bytearray) -> BedRules:
    """Return the `rules` message in `payload`; raises WireError. Who uses the texts checks them."""
    body = parse(payload, MAX_RULES_BYTES)
    limits, state = _text(body, "limits", dict), _text(body, "state", list)
    to_ms, boot = whole(body, "to_ms", 0, LATEST_MS), body.get("boot")
    if boot is None:
        return BedRules(limits, state, to_ms)
    if not is_boot(boot):
        raise WireError("boot: 8 hex digits are expected")
    return BedRules(limits, state, to_ms, boot, whole(body, "seq", 0, 2**53))


def _text(body: dict[str, Any], key: str, kind: type[Any]) -> str:
    """Return a part of the message as JSON again; raises WireError if it is of another kind."""
    value = body.get(key)
    if type(value) is not kind:
        what = "an object" if kind is dict else "an array"
        raise WireError(f"{key}: {what} is expected")
    try:
        return _encoder.encode(value)
    except (ValueError, RecursionError):
        raise WireError(f"{key}: not JSON") from None
