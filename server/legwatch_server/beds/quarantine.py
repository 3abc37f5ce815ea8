"""Messages that cannot be decoded or stored: what is kept of them, and what they still say.

A message's bytes go into the table `quarantine` with the reason; a copy of it is only counted, and
so is everything beyond a number of new ones an hour for each bed. Where the bytes still name the
agent's start and their sequence number, the number counts as received: otherwise the agent would
send the message forever. A message of a newer version of the contract is different: this server
cannot know what it says, so the agent must keep it until the server is updated.
"""

from collections import OrderedDict
from collections.abc import Callable

from legwatch.contract.fields import is_boot, parse
from legwatch.contract.press import is_press_id
from legwatch.errors import WireError
from legwatch.printable import printable
from legwatch_runtime.clock import Instant
from legwatch_server.inbox import Message, Unreadable, fingerprint, named
from legwatch_server.store.batch import SetAside

KEPT_PAYLOAD_BYTES = 4096
LONGEST_TOPIC, LONGEST_WHY = 200, 300  # characters
NEW_AN_HOUR = 500  # messages of a bed that are kept; the others are counted
HOUR_S = 3600
MOST_KNOWN = 4000  # names of messages that are kept, so that their copies cost nothing
Place = tuple[str | None, int | None]  # the agent's start and the sequence number
NOT_KEPT = "more of them than are kept; these are only counted"


class Quarantine:
    """Decides what is kept of a message; only the writer thread uses it."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now, self._begun = now, now()
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._kept: dict[str | None, int] = {}  # in this hour, by bed; None: of unknown beds
        self._hour = 0

    def row(self, unread: Unreadable, bed: str | None, place: Place, *, known: bool) -> SetAside:
        """Return what is stored of a message; `known`: it is a bed of ours, with its own share."""
        message = unread.message
        name = fingerprint(message)
        if unread.newer:  # they differ, and say the same to this server
            name = named(message.topic, b"v%d" % unread.newer)
        row = SetAside(
            message.arrived_ms,
            printable(message.topic, LONGEST_TOPIC),
            bed,
            *place,
            printable(unread.why, LONGEST_WHY),
            message.payload[:KEPT_PAYLOAD_BYTES],
            name,
        )
        whose = bed if known else None
        if name in self._known or self._take(whose):
            self._remember(name)
            return row
        counted = named(whose or "", NOT_KEPT.encode())
        return SetAside(row.arrived_ms, whose or "", whose, None, None, NOT_KEPT, b"", counted)

    def _take(self, bed: str | None) -> bool:
        """Return True if one more message of the bed may be kept in this hour."""
        hour = int(self._now().since(self._begun) // HOUR_S)
        if hour != self._hour:
            self._hour = hour
            self._kept.clear()
        taken = self._kept.get(bed, 0)
        self._kept[bed] = taken + (taken < NEW_AN_HOUR)
        return taken < NEW_AN_HOUR

    def _remember(self, name: bytes) -> None:
        self._known[name] = None
        self._known.move_to_end(name)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)


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
