"""The agent's one thread of state: measured windows go to the spool first, then to the broker."""

import logging
import queue
import sqlite3
import threading
from typing import Any, Protocol

from legwatch import __version__
from legwatch.events import Clock as Trust
from legwatch.events import Window
from legwatch.topics import Channel
from legwatch.wire import Press, encode_press, encode_window
from legwatch_device.clock import Clock
from legwatch_device.drivers import Feed
from legwatch_device.link import Connected, Stored, info
from legwatch_device.spool import Item, Spool

logger = logging.getLogger(__name__)

UNCONFIRMED = 1000  # windows under way at most
NO_PROGRESS_MS = 10_000  # then everything unconfirmed is sent again
BATCH = 500
IN_MEMORY = 5_000  # windows that are kept while the disk is full: about 14 hours
PLAYED_TO = "played_to_ms"


class Sender(Protocol):
    """What the agent needs of a link."""

    def open(self) -> None:
        """Let messages through: the new connection has been noted."""

    def send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> bool:
        """Publish; False when there is no connection."""


class Finished:
    """The feed has come to its end."""


class Agent:
    """Owns the spool and the sequence numbers of one boot."""

    def __init__(
        self,
        *,
        boot: str,
        spool: Spool,
        link: Sender,
        feed: Feed,
        clock: Clock,
        said: "queue.Queue[Any]",
        most: int,
        about: dict[str, Any] | None = None,
    ) -> None:
        self._boot, self._spool, self._link, self._feed = boot, spool, link, feed
        self._clock, self._said, self._most, self._about = clock, said, most, about or {}
        self._memory = Spool(":memory:")
        self._seq = 0
        self._sent = {id(spool): 0, id(self._memory): 0}  # the last id sent on this connection
        self._under_way = self._sent_seq = 0
        self._progress_ms = clock.mono_ms()
        self._disk_full = False
        self._presses: list[tuple[int, Press]] = []  # with the window that it comes after
        self._finished = False

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, or until a recording is played and all of it is confirmed."""
        while not stop.is_set():
            self.turn(self._next())
            if self._finished and not self._waiting():
                logger.info("all that was played is stored")
                return

    def turn(self, items: list[Any]) -> None:
        """Take in what came since the last turn, then send what may be sent."""
        measured = [item for item in items if isinstance(item, Window)]
        place = self._seq
        if measured:
            self._keep(measured)
        for item in items:
            match item:
                case Window():
                    place += 1
                case Connected():
                    self._greet()
                case Stored(boot, seq):
                    self._confirm(boot, seq)
                case Press():
                    self._presses.append((place, item))
                case Finished():
                    self._finished = True
        self._pump()

    def _next(self) -> list[Any]:
        try:
            items = [self._said.get(timeout=0.5)]
        except queue.Empty:
            return []
        while len(items) < BATCH:
            try:
                items.append(self._said.get_nowait())
            except queue.Empty:
                break
        return items

    def _keep(self, measured: list[Window]) -> None:
        items = []
        for window in measured:
            self._seq += 1
            stamped = window._replace(boot=self._boot, seq=self._seq)
            items.append(
                Item(
                    self._boot,
                    self._seq,
                    window.to_ms,
                    window.mono_ms,
                    window.clock,
                    encode_window(stamped),
                )
            )
        played = measured[-1].clock == Trust.PLAYED
        facts = [(PLAYED_TO, measured[-1].to_ms)] if played else []
        try:
            self._spool.put(items, facts)
            self._spool.trim(self._most)
        except sqlite3.Error as error:
            self._memory.put(items, facts)
            self._memory.trim(IN_MEMORY)
            if not self._disk_full:
                logger.warning("spool: %s; windows are kept in memory and sent from there", error)
            self._disk_full = True
            return
        if self._disk_full:
            logger.info("spool: the disk takes windows again")
        self._disk_full = False

    def _greet(self) -> None:
        self._link.open()
        self._link.send(Channel.STATUS, b"online", retain=True)
        facts = {
            "version": __version__,
            "boot": self._boot,
            "clock": "synced" if self._clock.synced() else "unsynced",
            "lost": self._spool.fact("lost") or 0,
            **self._about,
        }
        self._link.send(Channel.INFO, info(facts), retain=True)
        self._again()

    def _again(self) -> None:
        self._sent = dict.fromkeys(self._sent, 0)
        self._under_way = 0
        self._progress_ms = self._clock.mono_ms()

    def _confirm(self, boot: str, seq: int) -> None:
        done = self._memory.confirm(boot, seq)
        try:
            done += self._spool.confirm(boot, seq)
        except sqlite3.Error as error:  # it stays, is sent again, and is let go of then
            logger.debug("spool: %s", error)
        if done:
            self._under_way = max(0, self._under_way - done)
            self._progress_ms = self._clock.mono_ms()

    def _pump(self) -> None:
        stalled = self._clock.mono_ms() - self._progress_ms > NO_PROGRESS_MS
        if stalled and self._under_way:
            self._again()
        for spool in (self._spool, self._memory):
            while self._under_way < UNCONFIRMED and self._send_some(spool):
                pass
        if self._sent_seq >= self._seq:
            self._send_presses(self._seq)

    def _send_some(self, spool: Spool) -> bool:
        """Send one batch; False when there is nothing more or no connection."""
        batch = spool.after(self._sent[id(spool)], min(BATCH, UNCONFIRMED - self._under_way))
        low: dict[str, int | None] = {}
        for ident, item in batch:
            if item.boot not in low:
                low[item.boot] = self._lowest(item.boot)
            if item.boot == self._boot and not self._send_presses(item.seq - 1):
                return False
            if not self._link.send(Channel.WINDOW, self._dressed(item, low[item.boot])):
                return False
            self._sent[id(spool)] = ident
            if item.boot == self._boot:
                self._sent_seq = max(self._sent_seq, item.seq)
            self._under_way += 1
        return bool(batch)

    def _send_presses(self, seq: int) -> bool:
        """Send the presses that come after window `seq` at the latest, in their place."""
        while self._presses and self._presses[0][0] <= seq:
            if not self._link.send(Channel.EVENT, encode_press(self._presses[0][1])):
                return False
            self._presses.pop(0)
        return True

    def _lowest(self, boot: str) -> int | None:
        """Return the oldest sequence number that is held anywhere: below it nothing is owed."""
        held = [spool.lowest(boot) for spool in (self._spool, self._memory)]
        return min((seq for seq in held if seq is not None), default=None)

    def _dressed(self, item: Item, low: int | None) -> bytes:
        """Add what is only known when it is sent: what is still held, and how old this is."""
        age_ms = self._age_ms(item)
        tail = b"" if low is None else b',"low":%d' % low
        if age_ms is not None:
            tail += b',"age_ms":%d' % max(0, age_ms)
        return item.payload[:-1] + tail + b"}"

    def _age_ms(self, item: Item) -> int | None:
        if item.clock == Trust.PLAYED:
            now_ms = self._feed.now_ms()
            return 0 if now_ms is None else now_ms - item.to_ms
        if item.boot == self._boot:
            return self._clock.mono_ms() - item.mono_ms
        if item.clock == Trust.SYNCED:
            return self._clock.utc_ms() - item.to_ms
        return None  # an earlier boot that never knew the time: its age cannot be told

    def _waiting(self) -> int:
        return self._spool.waiting() + self._memory.waiting()
