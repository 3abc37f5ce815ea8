"""A message that cannot be decoded or stored: what is kept of it, and what it still says.

The message's bytes go into the table `quarantine` with the reason. Where the bytes still name the
agent's start and their sequence number, the number counts as received: otherwise the agent would
send the message forever.
"""

from legwatch.contract.fields import is_boot, parse
from legwatch.contract.press import is_press_id
from legwatch.errors import WireError
from legwatch.printable import printable
from legwatch_server.inbox import Message

KEPT_PAYLOAD_BYTES = 4096
LONGEST_TOPIC, LONGEST_WHY = 200, 300  # characters
Row = tuple[object, ...]


def row(message: Message, why: str, bed: str | None, boot: str | None, seq: int | None) -> Row:
    """Return the row of the table `quarantine`; None: the message does not name it."""
    return (
        message.arrived_ms,
        printable(message.topic, LONGEST_TOPIC),
        bed,
        boot,
        seq,
        printable(why, LONGEST_WHY),
        message.payload[:KEPT_PAYLOAD_BYTES],
    )


def press_id(message: Message) -> str | None:
    """Return the press that a payload names; raises WireError if the payload is no JSON object."""
    ident = parse(message.payload).get("id")
    return ident if is_press_id(ident) else None


def boot_and_seq(message: Message) -> tuple[str, int] | None:
    """Return the agent's start and the sequence number that a payload names, or None."""
    try:
        body = parse(message.payload)
    except WireError:
        return None
    boot, seq = body.get("boot"), body.get("seq")
    if not is_boot(boot) or type(seq) is not int or not 0 < seq <= 2**53:
        return None
    return boot, seq
