"""The main loop of the agent: each window is kept, and sent until the server confirms it."""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from legwatch import __version__
from legwatch.contract.bedside_command import Command, CommandResult, encode_result
from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.confirmation import Stored
from legwatch.contract.failing import Failing
from legwatch.contract.press import Press
from legwatch.contract.told_at_bed import ToldAtBed, encode_told
from legwatch.contract.topics import Channel
from legwatch.contract.window import encode_window
from legwatch.events import ClockTrust, Window
from legwatch_device.broker_link import LinkUp, PubAck, RulesGiven
from legwatch_device.drivers import Feed
from legwatch_device.indicator import Indicator
from legwatch_device.keeping import LOST, PLAYED_TO, Keeping, Most
from legwatch_device.runs import Runs
from legwatch_device.sender import Link, SpoolSender
from legwatch_device.spool import Spool, SpooledWindow
from legwatch_runtime.clock import Clock, Instant

logger = logging.getLogger(__name__)
T = TypeVar("T")

UNCONFIRMED = 1000  # at most so many windows are sent and not confirmed yet
SAID_IN_VAIN = 3  # tries until the log says it: about a minute
NO_PROGRESS_S = 10.0  # then send everything unconfirmed again; each time wait twice as long
LONGEST_PATIENCE_S = 300.0
PROBE = 100  # so many windows are sent again after a resend of all was in vain
BATCH = 500
ABOUT = BedsideInfo(version=__version__)
INFO_EVERY_S = 60.0  # how often the agent looks whether its clock or its losses have changed


class Home(Protocol):
    """Where the spool belongs."""

    def __call__(self, spool: Spool, *, at_once: bool = False) -> Spool | None:
        """Return the spool on the card, when it takes files again; `at_once`: without a pause."""


class Lights(Protocol):
    """Lamp and buzzer, as the agent uses them."""

    def obey(self, command: Command) -> CommandResult | None:
        """Carry out a command; None: the result comes later, as an item of the agent's queue."""

    def watch(self) -> None:
        """Put out a lamp that has been lit for too long."""

    def calm(self) -> None:
        """Put out lamp and buzzer."""

    def why(self) -> str:
        """Return why they do not work; empty: they do, or there are none."""


class Helps(Protocol):
    """What tells the sleeper while the server is silent: see `fallback`."""

    def measured(self, windows: Iterable[Window]) -> None:
        """Take in windows, as they were stored."""

    def confirmed(self, boot: str, seq: int) -> None:
        """Take in what the server has stored."""

    def given(self, message: RulesGiven) -> None:
        """Take in what the server hands over."""

    def pressed(self, press: Press) -> None:
        """Take in a press of the button."""

    def did(self, result: CommandResult) -> bool:
        """Take in how a command went; False: it was the server's."""

    def turn(self) -> Iterable[Command]:
        """Return what lamp and buzzer are to do now."""

    def events(self) -> Iterable[ToldAtBed]:
        """Return what the server should hear, and forget it."""


class Finished:
    """The feed has ended."""


class Agent:
    """Stores and sends the windows and presses of one boot, and obeys the server's commands.

    One thread owns this object. `said` is the queue of windows, presses and messages of the link.
    """

    def __init__(
        self,
        *,
        boot: str,
        spool: Spool,
        link: Link,
        feed: Feed,
        clock: Clock,
        said: "queue.Queue[Any]",
        most: Most,
        about: BedsideInfo = ABOUT,
        beacon: Lights | None = None,
        turned: Callable[[], None] = lambda: None,
        made: Callable[[], None] = lambda: None,
        user: str = "",
        button: Callable[[], str] = str,
        failing: Callable[[], tuple[Failing, ...]] = tuple,
        run: str = "",
        home: Home = lambda spool, *, at_once=False: None,  # noqa: ARG005 - it is there
        fallback: Helps | None = None,
    ) -> None:
        self._fallback = fallback  # None: the bedside does nothing by itself
        self._home = home
        self._failing = failing  # sensors of which readings fail
        self._button = button  # why it does not work; empty: it does
        self._user = user  # at the broker, if it is not the bed
        self._turned, self._made = turned, made  # called in each turn; after windows were made
        self._boot, self._link, self._feed = boot, link, feed
        self._clock, self._said, self._about = clock, said, about
        self._said_info: BedsideInfo | None = None  # what the server was told last
        self._info_at = clock.instant()
        self._beacon: Lights = beacon or Indicator(None, clock)
        self._kept = Keeping(spool, most, clock)
        self._seq = 0
        self._runs = Runs(boot, run, clock, self._kept.fact)  # `run`: an id of the machine's
        aged = self._runs.aged
        self._senders = SpoolSender(spool, link, aged), SpoolSender(self._kept.memory, link, aged)
        self._under_way = 0
        self._in_vain = 0  # resends since the last confirmation
        self._probed = False  # the last of them were of the first few only
        self._progress_at = clock.instant()
        self._finished = False
        self._resend_after_s = NO_PROGRESS_S
        self._pressed_at = clock.instant()  # when the presses were last sent again
        # Whether the server confirms presses; an older server does not. None: not known yet.
        self._server_confirms_presses: bool | None = None
        self._acked_by_broker: list[bytes] = []  # presses, while the line above is None

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set, or until the server has confirmed all of an ended recording."""
        try:
            self._run(stop)
        finally:
            self._end()

    def close(self) -> None:
        """Let go of what was kept in memory, after the last turn."""
        self._kept.close()

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._turned()
            self.turn(self._next())
            if self._finished and not self._kept.waiting():
                logger.info("the server has stored all that was played")
                return
        self.turn(self._rest([]))  # store a press that came just before the stop

    def _end(self) -> None:
        """Store what only memory has; try once."""
        self._go_home(at_once=True)
        self._kept.carry_all()
        windows, presses = self._kept.only_in_memory()
        if windows or presses:
            logger.error(
                "spool: the disk takes nothing: %s windows and %s presses that the server has not"
                " confirmed are lost with this end",
                windows,
                presses,
            )

    def turn(self, items: list[Any]) -> None:
        """Store new windows and presses, handle the other items, then send."""
        self._go_home()
        measured: list[Window] = []
        presses: list[tuple[int, bytes]] = []  # (number of windows before the press, payload)
        for item in items:
            if isinstance(item, Window):
                measured.append(item)
            elif isinstance(item, Press):
                presses.append((len(measured), self._runs.message(item)))
        if measured or presses:
            self._keep(measured, presses)
        if self._kept.is_due(reached=self._link.connected()):
            self._carry()
        if measured:
            self._made()
        for item in items:
            self._handle(item)
        self._let(self._help_itself)
        self._beacon.watch()
        if self._clock.instant().since(self._info_at) >= INFO_EVERY_S:
            self._send_info()
        self._pump()

    def _handle(self, item: object) -> None:
        match item:
            case LinkUp():
                self._announce()
            case Stored():
                self._confirm(item)
            case PubAck(payload):
                self._acked(payload)
            case Command():
                self._answer(self._beacon.obey(item))
            case CommandResult():
                self._answer(item)
            case RulesGiven():
                self._let(lambda own: own.given(item))
            case Press():
                # The person at the bed has seen the alert, even if the server is away.
                self._beacon.calm()
                self._let(lambda own: own.pressed(item))
            case Finished():
                self._finished = True

    def _answer(self, result: CommandResult | None) -> None:
        """Send a result, if it is there; without a connection the server asks again."""
        if result is not None and not self._let(lambda own: own.did(result)):
            self._link.send(Channel.RESULT, encode_result(result))

    def _help_itself(self, fallback: Helps) -> None:
        """Let lamp and buzzer tell what the server does not; the server hears of it later."""
        for command in fallback.turn():
            self._answer(self._beacon.obey(command))
        told = [(0, encode_told(one)) for one in fallback.events()]
        if told:
            self._kept.put((), told)

    def _let(self, do: Callable[[Helps], T]) -> T | None:
        """Let the bedside's own watch do something; a fault of it must not end the measuring."""
        if self._fallback is None:
            return None
        try:
            return do(self._fallback)
        except Exception:
            logger.exception("the bedside's own watch has failed and ends: only the server watches")
            self._fallback = None
            return None

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
        items, all_stamped = [], []
        for window in measured:
            self._seq += 1
            stamped = window._replace(boot=self._boot, seq=self._seq)
            all_stamped.append(stamped)
            items.append(
                SpooledWindow(
                    boot=self._boot,
                    seq=self._seq,
                    to_ms=window.to_ms,
                    mono_ms=window.mono_ms,
                    clock=window.clock,
                    payload=encode_window(stamped),
                )
            )
        self._kept.put(items, presses, self._runs.facts())
        self._let(lambda own: own.measured(all_stamped))

    def _carry(self) -> None:
        """Bring what is in memory to the disk; what was sent of it is not sent again."""
        disk, memory = self._senders
        follows = disk.has_sent_all()
        told = disk.has_sent_presses() and memory.has_sent_presses()
        moved = self._kept.carry()
        if told:
            disk.skip_presses()
        sent = memory.sent_of(moved.idents)
        if sent and follows:
            disk.skip(moved.first + sent - 1)
        else:
            self._under_way = max(0, self._under_way - sent)

    def _go_home(self, *, at_once: bool = False) -> None:
        spool = self._home(self._kept.spool, at_once=at_once)
        if spool is not None:
            self._move(spool)

    def _move(self, spool: Spool) -> None:
        """Go on in another spool, and take along what this one holds."""
        old = self._kept.spool
        items = [item for _, item in old.after(0, old.waiting())]
        presses = [(len(items), press.payload) for press in old.presses()]
        numbers = {name: old.fact(name) or 0 for name in (PLAYED_TO, LOST)}
        known = spool.fact(LOST) or 0
        numbers[LOST] = max(numbers[LOST], known) if old.has_left else numbers[LOST] + known
        facts = [(name, number) for name, number in numbers.items() if number]
        try:
            spool.put(items, facts, presses)
        except sqlite3.Error:  # full again
            if old.has_left:  # nothing on the card waits for it
                spool.close()
                return
            self._kept.memory.put(items, facts, presses)
        logger.info("the spool is on the card again")
        self._kept.spool = spool
        self._senders = (SpoolSender(spool, self._link, self._runs.aged), self._senders[1])
        old.close()
        self._resend()

    def _announce(self) -> None:
        self._link.open()
        self._link.send(Channel.STATUS, b"online", retain=True)
        self._said_info = None
        self._send_info()
        for sender in self._senders:
            sender.restart()
        self._in_vain = 0
        self._resend_after_s = NO_PROGRESS_S
        self._pressed_at = self._clock.instant()
        self._resend()

    def _send_info(self) -> None:
        """Tell the server what it should know of this agent, if that has changed."""
        self._info_at = self._clock.instant()
        trust = ClockTrust.SYNCED if self._clock.synced() else ClockTrust.UNSYNCED
        info = self._about._replace(
            boot=self._boot,
            clock=trust.value,
            lost=self._kept.lost(),
            button=self._button(),
            lamp=self._beacon.why(),
            failing=self._failing(),
        )
        if info != self._said_info and self._link.send(
            Channel.INFO, encode_info(info), retain=True
        ):
            self._said_info = info

    def _resend(self) -> None:
        for sender in self._senders:
            sender.resend_windows()
        self._under_way, self._probed = 0, False
        self._progress_at = self._clock.instant()

    def _confirm(self, stored: Stored) -> None:
        """Delete what the server has stored.

        An older server does not confirm presses; then the broker's acknowledgement counts.
        """
        self._resend_after_s = (
            NO_PROGRESS_S  # the server answers: resend soon if something is missing
        )
        self._server_confirms_presses = stored.presses is not None
        gone = self._kept.presses(stored.presses) if stored.presses else ()
        for payload in gone if self._server_confirms_presses else self._acked_by_broker:
            self._kept.forget(payload)
        self._acked_by_broker.clear()
        done = self._kept.confirm(stored.boot, stored.seq)
        self._let(lambda own: own.confirmed(stored.boot, stored.seq))
        if done:
            self._under_way = max(0, self._under_way - done)
            self._progress_at = self._clock.instant()
            if self._in_vain >= SAID_IN_VAIN:
                logger.info("the server confirms the windows again")
            self._in_vain = 0
            if self._probed:  # since then, only the first few were sent again
                self._resend()

    def _acked(self, payload: bytes) -> None:
        """Delete a press that the broker has, but only if the server does not confirm presses."""
        if self._server_confirms_presses is False:
            for stored in self._kept.sent_as(payload):
                self._kept.forget(stored)
        elif self._server_confirms_presses is None:
            self._acked_by_broker += self._kept.sent_as(payload)

    def _pump(self) -> None:
        self._resend_presses()
        waits = self._under_way and self._link.connected()  # else nothing of it is under way now
        if waits and self._must_resend(self._progress_at):
            self._try_again()
        for sender in self._senders:
            more = True
            while more and self._under_way < UNCONFIRMED:
                most = min(BATCH, UNCONFIRMED - self._under_way)
                sent, more = sender.send(most, self._with_send_time_fields)
                self._under_way += sent

    def _try_again(self) -> None:
        """Send all again that is not confirmed; when that was in vain, only the first few.

        A server that is away, or too old to read them, need not get each a hundred times.
        """
        self._in_vain += 1
        if self._in_vain == 1:
            self._resend()
            return
        if self._in_vain == SAID_IN_VAIN:
            self._say_in_vain()
        self._progress_at = self._clock.instant()
        more = [sender.probe(PROBE, self._with_send_time_fields) for sender in self._senders]
        self._probed = any(more)

    def _say_in_vain(self) -> None:
        ask = "can it keep what comes, or is its disk full"
        if self._user:
            ask = f"is mqtt.user ({self._user}) named as the bed"
        logger.warning(
            "the broker takes the windows, and no server confirms them: does the server run, and"
            " %s? The agent keeps the windows and sends them later",
            ask,
        )

    def _must_resend(self, since: Instant) -> bool:
        """Return True if no confirmation came for too long; then double the time, up to 5 min."""
        if self._clock.instant().since(since) <= self._resend_after_s:
            return False
        self._resend_after_s = min(2 * self._resend_after_s, LONGEST_PATIENCE_S)
        return True

    def _resend_presses(self) -> None:
        """Send the presses again that the server has not confirmed: a broker can lose them."""
        if (
            not self._server_confirms_presses
            or self._clock.instant().since(self._pressed_at) <= self._resend_after_s
        ):
            return
        self._pressed_at = self._clock.instant()
        for sender in self._senders:
            sender.resend_presses()

    def _with_send_time_fields(self, items: list[SpooledWindow]) -> list[bytes]:
        """Add the fields known only at sending: the oldest stored number, the window's age."""
        low = {boot: self._kept.lowest(boot) for boot in {item.boot for item in items}}
        return [self._payload(item, low[item.boot]) for item in items]

    def _payload(self, item: SpooledWindow, low: int | None) -> bytes:
        dated = self._runs.dated(item)
        age_ms = None if dated else self._age_ms(item)
        tail = b"" if low is None else b',"low":%d' % low
        if age_ms is not None:
            tail += b',"age_ms":%d' % age_ms
        return (dated or item.payload)[:-1] + tail + b"}"

    def _age_ms(self, item: SpooledWindow) -> int | None:
        """Return how long a window has waited; None: unknown.

        Of a window of an earlier start whose clock was set, only wall clocks know the age.
        """
        if item.clock == ClockTrust.PLAYED:
            return self._feed.age_ms(item.to_ms) or 0
        if item.boot == self._boot or item.clock == ClockTrust.UNSYNCED:
            return self._runs.age_ms(item.boot, item.mono_ms)
        if item.clock == ClockTrust.SYNCED and self._clock.synced():
            age_ms = self._clock.utc_ms() - item.to_ms
            return age_ms if age_ms >= 0 else None  # one of the two times is wrong
        return None
