"""The message `stored`: what the server has committed of one bed, to and from JSON bytes."""

from typing import Any, NamedTuple

from legwatch.contract.fields import VERSION, dump, is_boot, parse, whole
from legwatch.contract.press import MOST_PRESSES, is_press_id
from legwatch.errors import WireError


class Stored(NamedTuple):
    """The server has committed all windows of `boot` up to `seq`, and these presses.

    `presses` None: the server does not list presses; the agent must rely on the broker's
    acknowledgement.
    """

    boot: str
    seq: int
    presses: tuple[str, ...] | None = None  # ids, the last MOST_PRESSES


def encode_stored(stored: Stored) -> bytes:
    """Return the JSON of a `stored` message; only the last MOST_PRESSES ids are sent."""
    if stored.presses == ():  # as nearly always: the server writes one for each window
        boot, seq = stored.boot, stored.seq
        return f'{{"v":{VERSION},"boot":"{boot}","seq":{seq},"presses":[]}}'.encode()
    body: dict[str, Any] = {"v": VERSION, "boot": stored.boot, "seq": stored.seq}
    if stored.presses is not None:
        body["presses"] = list(stored.presses[-MOST_PRESSES:])
    return dump(body)


def decode_stored(payload: bytes | bytearray) -> Stored:
    """Return the `stored` message in `payload`; raises WireError."""
    body = parse(payload)
    boot, presses = body.get("boot"), body.get("presses")
    if not is_boot(boot):
        raise WireError("boot: 8 hex digits are expected")
    seq = whole(body, "seq", 0, 2**53)
    if presses is None:
        return Stored(boot, seq)
    if (
        type(presses) is not list
        or len(presses) > MOST_PRESSES
        or not all(map(is_press_id, presses))
    ):
        raise WireError(f"presses: a list of at most {MOST_PRESSES} ids is expected")
    return Stored(boot, seq, tuple(presses))
