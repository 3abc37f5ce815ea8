"""Obey the server's commands at the bedside: lamp on, buzzer on, both off."""

import logging
from collections import OrderedDict

from legwatch.contract.bedside_command import Cmd, Command, CommandResult, Loudness
from legwatch.entry import place, reason
from legwatch_device.drivers import Signal
from legwatch_runtime.clock import Clock, Instant

logger = logging.getLogger(__name__)

LONGEST_LIT_S = 30 * 60  # then the lamp goes out: the server may be away
REMEMBERED = 500  # results of the last commands, to answer a repeated command
MOST_THREADS = 100  # alerts with a lit lamp; a bed has four kinds of alert and a few people


class Indicator:
    """Acts on each command once; a repeated command gets the same answer. For one thread only."""

    def __init__(self, signal: Signal | None, clock: Clock, driver: str = "its driver") -> None:
        self._signal, self._clock, self._driver = signal, clock, driver
        self._lit_at: Instant | None = None  # the last nudge; None: off
        self._lit: dict[str, Loudness] = {}  # by alert; "": a server that names no alert
        self._done: OrderedDict[str, CommandResult] = OrderedDict()

    def use(self, signal: Signal) -> None:
        """Use this driver from now on: it has started late."""
        self._signal = signal

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
        """Put out a lamp that has been lit for LONGEST_LIT_S."""
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
            self._signal.calm()
        except BaseException as error:  # noqa: BLE001 - a driver may raise SystemExit, too
            self._complain("lamp and buzzer cannot be put out", error)

    def _complain(self, deed: str, error: BaseException) -> str:
        """Log what the driver has raised, for its author; return it in short for the server."""
        why = f"{self._driver} failed: {reason(error)}"
        logger.error("signal: %s: %s%s", deed, why, place(error), exc_info=error)
        return why

    def _act(self, command: Command) -> CommandResult:
        signal = self._signal
        if signal is None:
            off = command.cmd is Cmd.CALM  # CALM succeeds: nothing is on
            return CommandResult(command.id, off, "no lamp or buzzer is set up at this bed")
        match command.cmd:
            case Cmd.NUDGE:
                return self._nudge(signal, command)
            case Cmd.IDENTIFY:
                return self._identify(signal, command)
            case Cmd.CALM:
                return self._calm(signal, command)

    def _calm(self, signal: Signal, command: Command) -> CommandResult:
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

    def _nudge(self, signal: Signal, command: Command) -> CommandResult:
        self._lit_at = self._clock.instant()
        if len(self._lit) < MOST_THREADS or command.thread in self._lit:
            loud = Loudness.LOUD in (command.loudness, self._lit.get(command.thread))
            self._lit[command.thread] = Loudness.LOUD if loud else Loudness.QUIET
        lit = _shown("light", signal.light())
        if command.loudness is Loudness.QUIET:
            return CommandResult(command.id, lit, "" if lit else "there is no lamp")
        # A lamp alone does not wake: without a buzzer the server must try another channel, too.
        sounded = _shown("sound", signal.sound())
        return CommandResult(command.id, sounded, "" if sounded else "there is no buzzer")

    def _identify(self, signal: Signal, command: Command) -> CommandResult:
        if self._lit_at is not None:  # blinking would put out the lamp of an alert
            return CommandResult(command.id, ok=True, why="the lamp is lit")
        blinks = _shown("blink", signal.blink())
        return CommandResult(command.id, ok=True, why="" if blinks else "there is no lamp to blink")


def _shown(deed: str, shown: object) -> bool:
    """Return what a driver has answered; raises TypeError for neither True nor False.

    None would else be "there is no lamp", in the evening's test, too.
    """
    if not isinstance(shown, bool):
        raise TypeError(f"{deed} must return True or False, not {type(shown).__name__}")
    return shown
