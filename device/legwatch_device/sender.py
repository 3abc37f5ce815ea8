"""Send what one spool holds: windows in order, and each press after the windows before it."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from legwatch.contract.topics import Channel
from legwatch_device.spool import Spool, SpooledPress, SpooledWindow


class Link(Protocol):
    """A connection to the broker, as the agent uses it."""

    def open(self) -> None:
        """Allow sending: the agent has handled the new connection."""

    def connected(self) -> bool:
        """Return True while what is sent goes to the broker."""

    def send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> bool:
        """Publish a message; False without a connection."""


class SpoolSender:
    """Remembers the last window and the last press that were sent on this connection."""

    def __init__(
        self, spool: Spool, link: Link, aged: Callable[[bytes], bytes] = lambda press: press
    ) -> None:
        self.spool, self._link = spool, link
        self._aged = aged  # adds to the message of a press how long it has waited
        self._window = self._press = 0  # the last ids that were sent

    def restart(self) -> None:
        """Send all windows and presses again: call this on a new connection."""
        self.resend_presses()
        self.resend_windows()

    def resend_windows(self) -> None:
        """Make the next `send` start with the oldest window."""
        self._window = 0

    def resend_presses(self) -> None:
        """Make the next `send` start with the oldest press."""
        self._press = 0

    def send(
        self, most: int, dressed: Callable[[list[SpooledWindow]], list[bytes]]
    ) -> tuple[int, bool]:
        """Send up to `most` windows; return the number sent, and True if there may be more.

        `dressed` makes the payloads of the windows.
        """
        batch = self.spool.after(self._window, most)
        presses = deque(self.spool.presses(self._press))
        payloads = dressed([item for _, item in batch])
        for sent, ((ident, _), payload) in enumerate(zip(batch, payloads, strict=True)):
            if not self._send_presses(presses, before_id=ident):
                return sent, False
            if not self._link.send(Channel.WINDOW, payload):
                return sent, False
            self._window = ident
        if not batch:
            self._send_presses(presses)
        return len(batch), bool(batch)

    def sent_of(self, idents: Sequence[int]) -> int:
        """Return how many of these windows were sent."""
        return sum(ident <= self._window for ident in idents)

    def has_sent_all(self) -> bool:
        """Return True if there is no window that was not sent."""
        return not self.spool.after(self._window, 1)

    def skip(self, ident: int) -> None:
        """Go on after a window that another sender has sent."""
        self._window = ident

    def has_sent_presses(self) -> bool:
        """Return True if there is no press that was not sent."""
        return not self.spool.presses(self._press)

    def skip_presses(self) -> None:
        """Go on after all presses: another sender has sent them."""
        self._press = max((press.id for press in self.spool.presses()), default=self._press)

    def probe(self, most: int, dressed: Callable[[list[SpooledWindow]], list[bytes]]) -> bool:
        """Send the first windows again that were sent, at most `most`; True: there are more."""
        found = self.spool.after(0, most + 1)
        batch = [item for ident, item in found[:most] if ident <= self._window]
        for payload in dressed(batch):
            self._link.send(Channel.WINDOW, payload)
        return len(found) > most

    def _send_presses(self, presses: deque[SpooledPress], before_id: int | None = None) -> bool:
        """Send the presses before the window `before_id`, or all; False without a connection."""
        while presses and (before_id is None or presses[0].after_id < before_id):
            if not self._link.send(Channel.EVENT, self._aged(presses[0].payload)):
                return False
            self._press = presses.popleft().id
        return True
