"""Messages that cannot be used: they are set aside, counted, and confirmed as far as possible."""

import contextlib
import logging
from collections.abc import Callable

from legwatch.bedside import UnreadWindows
from legwatch.contract.topics import split
from legwatch.errors import WireError
from legwatch.printable import printable
from legwatch_runtime.clock import Instant
from legwatch_server.beds import quarantine
from legwatch_server.beds.agents import Agents
from legwatch_server.beds.boots import Boots
from legwatch_server.beds.decisions import Decisions
from legwatch_server.beds.presses import Presses
from legwatch_server.beds.quarantine import Place, Quarantine
from legwatch_server.beds.unread import Unread
from legwatch_server.inbox import Message, Unreadable

logger = logging.getLogger(__name__)


class Unusable:
    """Those of one batch; only the writer thread uses it."""

    def __init__(
        self,
        decisions: Decisions,
        boots: Boots,
        presses: Presses,
        agents: Agents,
        now: Callable[[], Instant],
    ) -> None:
        self._decisions, self._boots = decisions, boots
        self._presses, self._agents = presses, agents
        self._quarantine, self.unread = Quarantine(now), Unread(now)
        self.begin()

    def begin(self) -> None:
        """Start a new batch."""
        self._counted: list[tuple[str | None, str, int, bool]] = []  # as Unread.add has them
        self.taken: dict[str, bool] = {}  # beds with new windows: whether the last was played

    def committed(self) -> None:
        """Let /health know what was set aside, and of which beds windows are taken again."""
        for name, why, newer, asks in self._counted:
            self.unread.add(name, why, newer, asks=asks)
        self.unread.taken(self.taken)  # at once: one by one took 2 us a bed of a commit

    def set_aside(self, unread: Unreadable, *, asks: bool = False) -> None:
        """Store or count a message that cannot be used, and the reason, which may ask for a key.

        If the message names a known boot and its sequence number, count the number as received:
        otherwise the agent would send the message forever.
        """
        message, name = unread.message, None
        place: Place = (None, None)
        with contextlib.suppress(WireError):
            name, rest = split(message.topic)
            if rest == "window":
                place = self._place_of(name, message)
                self._note(name, unread)
            elif rest == "event":
                self._confirm_press(name, message)
        if not self.unread.lately(name) and not self._counted:
            topic, why = printable(message.topic, 200), printable(unread.why, 200)
            logger.warning("quarantined a message on %s: %s", topic, why)
        row = self._quarantine.row(unread, name, place, known=name in self._decisions.beds)
        self._decisions.batch.quarantine.append(row)
        self._counted.append((name, unread.why, unread.newer, asks))
        self._decisions.counters.quarantined += 1

    def _note(self, name: str, unread: Unreadable) -> None:
        """Count a window that does not get through; people hear of it if no other one does."""
        bed, at_ms = self._decisions.beds.get(name), unread.message.arrived_ms
        if bed is not None:
            self._decisions.touch(bed)
            since_ms = bed.unread.since_ms or at_ms
            bed.unread = UnreadWindows(bed.unread.windows + 1, since_ms, unread.newer)
            self._agents.report(bed, at_ms)

    def _confirm_press(self, name: str, message: Message) -> None:
        """Confirm a quarantined press if its id is readable: the agent then deletes the press."""
        ident = quarantine.press_id(message)
        if ident is not None and name in self._decisions.beds:
            self._presses.confirm(name, ident)

    def _place_of(self, name: str, message: Message) -> Place:
        """Count a window of a known boot as received; return its boot and its number."""
        found, bed = quarantine.boot_and_seq(message), self._decisions.beds.get(name)
        if found is None or bed is None or not self._boots.count(bed, *found):
            return None, None
        return found
