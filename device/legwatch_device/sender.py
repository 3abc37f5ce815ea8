"""What one spool holds, on its way to the broker: the windows in order, the presses between."""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from legwatch.contract.topics import Channel
from legwatch_device.spool import Spool, SpooledPress, SpooledWindow


class Link(Protocol):
    """What the agent needs of a link."""

    def open(self) -> None:
        """Let messages through: the new connection has been noted."""

    def send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> bool:
        """Publish; False when there is no connection."""


class SpoolSender:
    """Remembers how far a spool has been sent on this connection."""

    def __init__(self, spool: Spool, link: Link) -> None:
        self.spool, self._link = spool, link
        self._window = self._press = 0  # the last ids that were sent

    def restart(self) -> None:
        """Begin again with everything, the presses too."""
        self.resend_presses()
        self.resend_windows()

    def resend_windows(self) -> None:
        """Send the windows again."""
        self._window = 0

    def resend_presses(self) -> None:
        """Send the presses again."""
        self._press = 0

    def send(
        self, most: int, dressed: Callable[[list[SpooledWindow]], list[bytes]]
    ) -> tuple[int, bool]:
        """Send up to `most` windows; return how many went, and whether to go on."""
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

    def _send_presses(self, presses: deque[SpooledPress], before_id: int | None = None) -> bool:
        """Send the presses that come before a window; without one, all of them."""
        while presses and (before_id is None or presses[0].after_id < before_id):
            if not self._link.send(Channel.EVENT, presses[0].payload):
                return False
            self._press = presses.popleft().id
        return True
