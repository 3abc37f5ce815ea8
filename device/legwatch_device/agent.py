"""The agent's one thread of state: measured windows go to the spool first, then to the broker."""

import logging
import queue
import sqlite3
import threading
from typing import Any

from legwatch import __version__
from legwatch.contract.bedside_command import Command, encode_result
from legwatch.contract.confirmation import Stored
from legwatch.contract.press import Press, decode_press, encode_press
from legwatch.contract.topics import Channel
from legwatch.contract.window import encode_window
from legwatch.errors import WireError
from legwatch.events import ClockTrust, Window
from legwatch_device.broker_link import LinkUp, PubAck, info
from legwatch_device.drivers import Feed
from legwatch_device.indicator import Indicator
from legwatch_device.sender import Link, SpoolSender
from legwatch_device.spool import Spool, SpooledWindow
from legwatch_runtime.clock import Clock

logger = logging.getLogger(__name__)

UNCONFIRMED = 1000  # windows under way at most
NO_PROGRESS_MS = 10_000  # then everything unconfirmed is sent again, and later and later
LONGEST_PATIENCE_MS = 300_000
BATCH = 500
IN_MEMORY = 5_000  # windows that are kept while the disk is full: about 14 hours
PLAYED_TO = "played_to_ms"


class Finished:
    """The feed has come to its end."""


class Agent:
    """Owns the spool and the sequence numbers of one boot."""

    def __init__(
        self,
        *,
        boot: str,
        spool: Spool,
        link: Link,
        feed: Feed,
        clock: Clock,
        said: "queue.Queue[Any]",
        most: int,
        about: dict[str, Any] | None = None,
        beacon: Indicator | None = None,
    ) -> None:
        self._boot, self._spool, self._link, self._feed = boot, spool, link, feed
        self._clock, self._said, self._most, self._about = clock, said, most, about or {}
        self._indicator = beacon or Indicator(None, clock)
        self._memory = Spool(":memory:")
        self._seq = 0
        self._senders = (SpoolSender(spool, link), SpoolSender(self._memory, link))
        self._under_way = 0
        self._progress_ms = clock.mono_ms()
        self._disk_full = False
        self._finished = False
        self._patience_ms = NO_PROGRESS_MS
        self._pressed_ms = clock.mono_ms()  # when the presses were last sent again
        self._told: bool | None = None  # whether the server tells which presses it has
        self._unsure: list[bytes] = []  # presses that the broker has, before that is known

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, or until a recording is played and all of it is confirmed."""
        while not stop.is_set():
            self.turn(self._next())
            if self._finished and not self._waiting():
                logger.info("all that was played is stored")
                return
        self.turn(self._rest([]))  # a press of the last moment

    def turn(self, items: list[Any]) -> None:
        """Take in what came since the last turn, then send what may be sent."""
        measured: list[Window] = []
        presses: list[tuple[int, bytes]] = []  # with how many of these windows come before it
        for item in items:
            if isinstance(item, Window):
                measured.append(item)
            elif isinstance(item, Press):
                presses.append((len(measured), encode_press(item)))
        if measured or presses:
            self._keep(measured, presses)
        for item in items:
            self._handle(item)
        self._indicator.watch()
        self._pump()

    def _handle(self, item: object) -> None:
        match item:
            case LinkUp():
                self._announce()
            case Stored():
                self._confirm(item)
            case PubAck(payload):
                self._taken(payload)
            case Command():
                answer = encode_result(self._indicator.obey(item))
                self._link.send(Channel.RESULT, answer)  # without a connection it is asked again
            case Press():
                # Whoever presses has seen the alert, whether the server hears of it or not.
                self._indicator.calm()
            case Finished():
                self._finished = True

    def _next(self) -> list[Any]:
        try:
            return self._rest([self._said.get(timeout=0.5)])
        except queue.Empty:
            return []

    def _rest(self, items: list[Any]) -> list[Any]:
        while len(items) < BATCH:
            try:
                items.append(self._said.get_nowait())
            except queue.Empty:
                break
        return items

    def _keep(self, measured: list[Window], presses: list[tuple[int, bytes]]) -> None:
        items = []
        for window in measured:
            self._seq += 1
            stamped = window._replace(boot=self._boot, seq=self._seq)
            items.append(
                SpooledWindow(
                    self._boot,
                    self._seq,
                    window.to_ms,
                    window.mono_ms,
                    window.clock,
                    encode_window(stamped),
                )
            )
        played = [window.to_ms for window in measured if window.clock == ClockTrust.PLAYED]
        facts = [(PLAYED_TO, to_ms) for to_ms in played[-1:]]
        try:
            self._spool.put(items, facts, presses)
            self._spool.trim(self._most)
        except sqlite3.Error as error:
            self._memory.put(items, facts, presses)
            self._memory.trim(IN_MEMORY)
            if not self._disk_full:
                logger.warning("spool: %s; windows are kept in memory and sent from there", error)
            self._disk_full = True
            return
        if self._disk_full:
            logger.info("spool: the disk takes windows again")
        self._disk_full = False

    def _announce(self) -> None:
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
        for way in self._senders:
            way.restart()
        self._patience_ms = NO_PROGRESS_MS
        self._pressed_ms = self._clock.mono_ms()
        self._resend()

    def _resend(self) -> None:
        for way in self._senders:
            way.resend_windows()
        self._under_way = 0
        self._progress_ms = self._clock.mono_ms()

    def _confirm(self, stored: Stored) -> None:
        """Let go of what the server has; of presses by the broker's word where it does not tell."""
        self._patience_ms = NO_PROGRESS_MS  # it is there: what is missing may be asked of it soon
        self._told = stored.presses is not None
        gone = self._spool_presses(stored.presses) if stored.presses else ()
        for payload in gone if self._told else self._unsure:
            self._forget(payload)
        self._unsure.clear()
        done = self._memory.confirm(stored.boot, stored.seq)
        try:
            done += self._spool.confirm(stored.boot, stored.seq)
        except sqlite3.Error as error:  # it stays, is sent again, and is let go of then
            logger.debug("spool: %s", error)
        if done:
            self._under_way = max(0, self._under_way - done)
            self._progress_ms = self._clock.mono_ms()

    def _spool_presses(self, idents: tuple[str, ...]) -> list[bytes]:
        """Return the payloads of the presses with these ids that still wait."""
        waiting = [*self._spool.presses(), *self._memory.presses()]
        return [press.payload for press in waiting if _ident(press.payload) in {*idents, None}]

    def _taken(self, payload: bytes) -> None:
        """Note that the broker has a press; whether that is enough, the server's word tells."""
        if self._told is False:
            self._forget(payload)
        elif self._told is None:
            self._unsure.append(payload)

    def _forget(self, payload: bytes) -> None:
        self._memory.forget(payload)
        try:
            self._spool.forget(payload)
        except sqlite3.Error as error:  # it stays and is sent again; the server knows it by its id
            logger.debug("spool: %s", error)

    def _pump(self) -> None:
        self._resend_presses()
        if self._under_way and self._impatient(self._progress_ms):
            self._resend()
        for way in self._senders:
            more = True
            while more and self._under_way < UNCONFIRMED:
                most = min(BATCH, UNCONFIRMED - self._under_way)
                sent, more = way.send(most, self._with_send_time_fields)
                self._under_way += sent

    def _impatient(self, since_ms: int) -> bool:
        """Say whether there was no word for too long; the next time it takes longer.

        So a server that was away for a night finds each message in its queue a hundred times only.
        """
        if self._clock.mono_ms() - since_ms <= self._patience_ms:
            return False
        self._patience_ms = min(2 * self._patience_ms, LONGEST_PATIENCE_MS)
        return True

    def _resend_presses(self) -> None:
        """Send the presses again whose id the server has not told: a broker can lose them."""
        if not self._told or self._clock.mono_ms() - self._pressed_ms <= self._patience_ms:
            return
        self._pressed_ms = self._clock.mono_ms()
        for way in self._senders:
            way.resend_presses()

    def _lowest(self, boot: str) -> int | None:
        """Return the oldest sequence number that is held anywhere: below it nothing is owed."""
        held = [spool.lowest(boot) for spool in (self._spool, self._memory)]
        return min((seq for seq in held if seq is not None), default=None)

    def _with_send_time_fields(self, items: list[SpooledWindow]) -> list[bytes]:
        """Add what is only known when it is sent: what is still held, and how old this is."""
        low = {boot: self._lowest(boot) for boot in {item.boot for item in items}}
        return [self._payload(item, low[item.boot]) for item in items]

    def _payload(self, item: SpooledWindow, low: int | None) -> bytes:
        age_ms = self._age_ms(item)
        tail = b"" if low is None else b',"low":%d' % low
        if age_ms is not None:
            tail += b',"age_ms":%d' % max(0, age_ms)
        return item.payload[:-1] + tail + b"}"

    def _age_ms(self, item: SpooledWindow) -> int | None:
        if item.clock == ClockTrust.PLAYED:
            now_ms = self._feed.now_ms()
            return 0 if now_ms is None else now_ms - item.to_ms
        if item.boot == self._boot:
            return self._clock.mono_ms() - item.mono_ms
        if item.clock == ClockTrust.SYNCED:
            return self._clock.utc_ms() - item.to_ms
        return None  # an earlier boot that never knew the time: its age cannot be told

    def _waiting(self) -> int:
        both = (self._spool, self._memory)
        return sum(spool.waiting() + spool.presses_waiting() for spool in both)


def _ident(payload: bytes) -> str | None:
    """Return the id of a press; None: nobody can read it, and so nobody ever confirms it."""
    try:
        return decode_press(payload).id
    except WireError as error:
        logger.warning("spool: a press cannot be read and is let go of (%s)", error)
        return None
