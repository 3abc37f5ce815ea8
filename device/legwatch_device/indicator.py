"""What the server may do at the bedside: a light, a sound, and the end of both."""

import logging
from collections import OrderedDict

from legwatch.contract.bedside_command import Cmd, Command, CommandResult, Loudness
from legwatch_device.drivers import Signal
from legwatch_runtime.clock import Clock

logger = logging.getLogger(__name__)

LONGEST_LIT_MS = 30 * 60_000  # a lamp that nobody put out: its server is away or has forgotten it
REMEMBERED = 500  # ids of commands that were acted on
MOST_THREADS = 100  # alerts that a lamp can be lit for; a bed has four kinds and a few people


class Indicator:
    """Used by one thread. Acts on each command once, and answers it as often as it comes."""

    def __init__(self, signal: Signal | None, clock: Clock) -> None:
        self._signal, self._clock = signal, clock
        self._lit_ms: int | None = None  # monotonic, since the last nudge
        self._lit: dict[str, Loudness] = {}  # by alert; empty name: of a server that names none
        self._done: OrderedDict[str, CommandResult] = OrderedDict()

    def obey(self, command: Command) -> CommandResult:
        """Do what is asked; a driver that fails becomes the answer."""
        known = self._done.get(command.id)
        if known is not None:
            return known
        try:
            result = self._act(command)
        except Exception as error:  # whatever the driver raises, the server shall know
            logger.exception("signal: %s failed", command.cmd.value)
            result = CommandResult(command.id, ok=False, why=f"{type(error).__name__}: {error}")
        self._done[command.id] = result
        if len(self._done) > REMEMBERED:
            self._done.popitem(last=False)
        return result

    def watch(self) -> None:
        """Put out a lamp that has been lit for too long."""
        if self._lit_ms is not None and self._clock.mono_ms() - self._lit_ms > LONGEST_LIT_MS:
            logger.info("signal: nobody has put the lamp out; it goes out by itself")
            self.calm()

    def calm(self) -> None:
        """Put all out; somebody at the bed has pressed the button, or the agent ends."""
        self._lit_ms = None
        self._lit.clear()
        if self._signal is None:
            return
        try:
            self._signal.calm()
        except Exception:
            logger.exception("signal: cannot be put out")

    def _act(self, command: Command) -> CommandResult:
        signal = self._signal
        if signal is None:
            off = command.cmd is Cmd.CALM  # there is nothing on
            return CommandResult(command.id, off, "no lamp or buzzer is set up at this bed")
        match command.cmd:
            case Cmd.NUDGE:
                return self._nudge(signal, command)
            case Cmd.IDENTIFY:
                return self._identify(signal, command)
            case Cmd.CALM:
                return self._calm(signal, command)

    def _calm(self, signal: Signal, command: Command) -> CommandResult:
        """Put out what is lit for one alert: another one's lamp and sound go on."""
        ended = self._lit.pop(command.thread, None)
        if not command.thread:
            self._lit.clear()
        loud = Loudness.LOUD in self._lit.values()
        if not self._lit:
            self._lit_ms = None
            signal.calm()
        elif ended is Loudness.LOUD and not loud:
            signal.calm()
            signal.light()
        return CommandResult(command.id, ok=True)

    def _nudge(self, signal: Signal, command: Command) -> CommandResult:
        self._lit_ms = self._clock.mono_ms()
        if len(self._lit) < MOST_THREADS or command.thread in self._lit:
            loud = Loudness.LOUD in (command.loudness, self._lit.get(command.thread))
            self._lit[command.thread] = Loudness.LOUD if loud else Loudness.QUIET
        lit = signal.light()
        if command.loudness is Loudness.QUIET:
            return CommandResult(command.id, lit, "" if lit else "there is no lamp")
        # A silent lamp does not wake. It is lit, but the server must try another way too.
        heard = signal.sound()
        return CommandResult(command.id, heard, "" if heard else "there is no buzzer")

    def _identify(self, signal: Signal, command: Command) -> CommandResult:
        if self._lit_ms is not None:  # blinking would end with the lamp of an alert put out
            return CommandResult(command.id, ok=True, why="the lamp is lit")
        blinks = signal.blink()
        return CommandResult(command.id, ok=True, why="" if blinks else "there is no lamp to blink")
