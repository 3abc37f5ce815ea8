"""Obey the server's commands at the bedside: lamp on, buzzer on, both off."""

import logging
from collections import OrderedDict

from legwatch.contract.bedside_command import Cmd, Command, CommandResult, Loudness
from legwatch.entry import place, reason
from legwatch_device.answers import WrongAnswer
from legwatch_device.awaited import Awaited
from legwatch_device.drivers import Signal
from legwatch_runtime.bounded_call import Hangs
from legwatch_runtime.clock import Clock, Instant

logger = logging.getLogger(__name__)

LONGEST_LIT_S = 30 * 60  # then the lamp goes out: the server may be away
REMEMBERED = 500  # results of the last commands, to answer a repeated command
MOST_THREADS = 100  # alerts with a lit lamp; a bed has four kinds of alert and a few people


class Indicator:
    """Acts on each command once; a repeated command gets the same answer. For one thread only."""

    def __init__(self, signal: Signal | None, clock: Clock, driver: str = "its driver") -> None:
        self._signal, self._clock, self._driver = signal, clock, driver
        self._noted = driver if driver.endswith(")") else ""  # one of another package
        self._lit_at: Instant | None = None  # the last nudge; None: off
        self._lit: dict[str, Loudness] = {}  # by alert; "": a server that names no alert
        self._done: OrderedDict[str, CommandResult] = OrderedDict()
        self._why = ""
        self._hangs = False  # a call was given up, and may still do something

    def use(self, signal: Signal) -> None:
        """Use this driver from now on: it has started late."""
        self._signal = signal

    def why(self) -> str:
        """Return why the driver did not do the last that it was asked; empty: it did."""
        return self._why

    def obey(self, command: Command) -> CommandResult:
        """Carry out a command; if the driver fails, the result says why."""
        known = self._done.get(command.id)
        if known is not None:
            return known
        try:
            result = self._act(command)
        except BaseException as error:  # noqa: BLE001 - the server must know that it failed
            why = self._complain(command.cmd.value, error)
            result = CommandResult(command.id, ok=False, why=why)
        self._done[command.id] = result
        if len(self._done) > REMEMBERED:
            self._done.popitem(last=False)
        return result

    def watch(self) -> None:
        """Put out a lamp that has been lit for LONGEST_LIT_S; look after a driver that hangs."""
        if self._hangs:
            self._set_right()
        lit_at = self._lit_at
        if lit_at is not None and self._clock.instant().since(lit_at) > LONGEST_LIT_S:
            logger.info("signal: the lamp was lit for 30 min; it goes out by itself")
            self.calm()

    def calm(self) -> None:
        """Put out lamp and buzzer for all alerts: after a press of the button, or at the exit."""
        self._lit_at = None
        self._lit.clear()
        if self._signal is None:
            return
        try:
            Awaited(self._signal, self._noted).calm()
        except BaseException as error:  # noqa: BLE001 - a driver may raise SystemExit, too
            self._complain("lamp and buzzer cannot be put out", error)

    def _complain(self, deed: str, error: BaseException) -> str:
        """Log what the driver has raised, for its author; return it in short for the server.

        One that hangs is told once, until it has come back.
        """
        if isinstance(error, Hangs):
            self._why = f"{self._driver} {error}"
            if not self._hangs:
                logger.error("signal: %s: %s", deed, self._why)
            self._hangs = True
        else:
            wrong = error if isinstance(error, WrongAnswer) else None
            self._why = f"{self._driver} failed: {wrong or reason(error)}"
            where = wrong.where if wrong else place(error)
            trace = None if wrong else error  # of a wrong answer it shows only legwatch's own lines
            logger.error("signal: %s: %s%s", deed, self._why, where, exc_info=trace)
        return self._why

    def _set_right(self) -> None:
        """Ask a driver that has come back for what holds now: it may have done late what is over.

        A lamp that it has lit too late would else stay lit.
        """
        assert self._signal is not None
        signal = Awaited(self._signal, self._noted)
        try:
            if self._lit:
                signal.light()
            else:
                signal.calm()
        except Hangs:
            return
        except BaseException as error:  # noqa: BLE001 - a driver may raise SystemExit, too
            self._hangs = False
            self._complain("it has come back", error)
            return
        self._hangs, self._why = False, ""
        logger.info("signal: %s has come back", self._driver)

    def _act(self, command: Command) -> CommandResult:
        signal = self._signal
        if signal is None:
            off = command.cmd is Cmd.CALM  # CALM succeeds: nothing is on
            return CommandResult(command.id, off, "no lamp or buzzer is set up at this bed")
        awaited = Awaited(signal, self._noted)
        match command.cmd:
            case Cmd.NUDGE:
                return self._nudge(awaited, command)
            case Cmd.IDENTIFY:
                return self._identify(awaited, command)
            case Cmd.CALM:
                return self._calm(awaited, command)

    def _calm(self, signal: Awaited, command: Command) -> CommandResult:
        """Put out lamp and buzzer of one alert; those of other alerts stay on."""
        ended = self._lit.pop(command.thread, None)
        if not command.thread:
            self._lit.clear()
        loud = Loudness.LOUD in self._lit.values()
        if not self._lit:
            self._lit_at = None
            signal.calm()
        elif ended is Loudness.LOUD and not loud:
            signal.calm()
            signal.light()
        return CommandResult(command.id, ok=True)

    def _nudge(self, signal: Awaited, command: Command) -> CommandResult:
        before = self._lit_at, dict(self._lit)
        self._lit_at = self._clock.instant()
        if len(self._lit) < MOST_THREADS or command.thread in self._lit:
            loud = Loudness.LOUD in (command.loudness, self._lit.get(command.thread))
            self._lit[command.thread] = Loudness.LOUD if loud else Loudness.QUIET
        try:
            lit = signal.light()
        except Hangs:  # the server is refused, and would not put out what is lit too late
            self._lit_at, self._lit = before
            raise
        if command.loudness is Loudness.QUIET:
            self._why = ""
            return CommandResult(command.id, lit, "" if lit else "there is no lamp")
        # A lamp alone does not wake: without a buzzer the server must try another channel, too.
        sounded = signal.sound()
        self._why = ""
        return CommandResult(command.id, sounded, "" if sounded else "there is no buzzer")

    def _identify(self, signal: Awaited, command: Command) -> CommandResult:
        if self._lit_at is not None and not self._hangs:
            # Blinking would put out the lamp of an alert; how its last call went is known.
            return CommandResult(command.id, not self._why, self._why or "the lamp is lit")
        blinks = signal.blink()
        self._why = ""
        return CommandResult(command.id, ok=True, why="" if blinks else "there is no lamp to blink")
