"""What the server has committed, as it tells a bed, to and from JSON bytes."""

from typing import Any, NamedTuple

from legwatch.contract.fields import VERSION, dump, is_boot, parse, whole
from legwatch.contract.press import MOST_PRESSES, is_press_id
from legwatch.errors import WireError


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
    return dump(body)


def decode_stored(payload: bytes | bytearray) -> Stored:
    """Return the server's word; raises WireError."""
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
