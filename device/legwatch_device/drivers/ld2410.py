"""An LD2410: a radar of 24 GHz that sees a breathing sleeper, by its serial port.

It tells presence and movement; two tables that name one port share it. Only what lies between
`nearest_cm` and `furthest_cm` counts, so that only the bed does: the radar tells one distance of
what moves and one of what is still. Basic and engineering mode are both read. Faults: those of
`ld2410_radar`. A radar that loses a very still sleeper cannot be told from an empty bed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from legwatch import forms
from legwatch.errors import CannotRun, OptionError
from legwatch.options import Part
from legwatch.settings import setting
from legwatch_device.drivers import MotionSample
from legwatch_device.drivers.bouts import Bouts
from legwatch_device.drivers.device_file import check_file
from legwatch_device.drivers.ld2410_frames import FURTHEST_CM, MOST_ENERGY, Targets
from legwatch_device.drivers.ld2410_radar import SILENT_S, Port, Radar
from legwatch_device.drivers.rounds import shared
from legwatch_runtime.clock import Instant, instant

READ_S = 0.2
LONGEST_FRAME_S = 0.5  # a frame comes each 0.1 s; what is further apart was not seen
UART_PINS = {"/dev/serial0": (14, 15), "/dev/ttyS0": (14, 15), "/dev/ttyAMA0": (14, 15)}
HOW = (
    "for the pins 14 and 15 switch the serial port on, and its login shell off (sudo raspi-config,"
    " Interface Options), and restart the Pi; a USB adapter is /dev/ttyUSB0"
)


def _port() -> Any:
    return setting("/dev/serial0", "device file of the serial port", form=forms.some)


def _baud() -> Any:
    return setting(256_000, "baud rate; a new radar has this one", low=9600, high=460_800)


def _nearest() -> Any:
    return setting(0, "what is nearer does not count", low=0, high=FURTHEST_CM)


def _furthest() -> Any:
    return setting(250, "what is further away does not count", low=30, high=FURTHEST_CM)


class Ld2410Movement:
    """Movement, in the time in which the radar sees a moving target in the bed."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a movement sensor."""

        port: str = _port()
        baud: int = _baud()
        nearest_cm: int = _nearest()
        furthest_cm: int = _furthest()
        least_energy: int = setting(
            50, "energy from which a moving target is a movement", low=0, high=MOST_ENERGY
        )

        def check(self) -> None:
            """Raise OptionError for a range without any place in it."""
            _check_range(self.nearest_cm, self.furthest_cm)

        def parts(self) -> Iterator[Part]:
            """Yield the port and its pins."""
            return _parts(self.port, self.baud)

    def __init__(
        self,
        options: Options,
        *,
        radar: Radar | None = None,
        now: Callable[[], Instant] = instant,
    ) -> None:
        self._options, self._radar = options, radar or _shared(options.port, options.baud)
        self._heard_at = now()
        self._bouts = Bouts(self._heard_at)
        self._radar.hear(self._add)

    def seen(self) -> MotionSample:
        """Return the movement since the last call; raises the fault of the radar."""
        return self._radar.ask(self._bouts.take)

    def _add(self, targets: Targets, at: Instant) -> None:
        length_s = min(LONGEST_FRAME_S, at.since(self._heard_at))
        self._heard_at = at
        options = self._options
        moving = (
            targets.moving_cm is not None
            and options.nearest_cm <= targets.moving_cm <= options.furthest_cm
            and targets.moving_energy >= options.least_energy
        )
        self._bouts.add(length_s, at, moving=moving)


class Ld2410Presence:
    """Somebody in bed, as long as the radar sees a target there."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a presence sensor."""

        port: str = _port()
        baud: int = _baud()
        nearest_cm: int = _nearest()
        furthest_cm: int = _furthest()
        hold_s: int = setting(
            30, "the bed is empty when no target was there for so long", low=1, high=600
        )

        def check(self) -> None:
            """Raise OptionError for a range without any place in it."""
            _check_range(self.nearest_cm, self.furthest_cm)

        def parts(self) -> Iterator[Part]:
            """Yield the port and its pins."""
            return _parts(self.port, self.baud)

    def __init__(
        self,
        options: Options,
        *,
        radar: Radar | None = None,
        now: Callable[[], Instant] = instant,
    ) -> None:
        self._options, self._radar = options, radar or _shared(options.port, options.baud)
        self._heard_at = self._since = now()  # heard since then without a gap
        self._target_at: Instant | None = None
        self._radar.hear(self._add)

    def present(self) -> bool | None:
        """Return if somebody is in bed, None if unknown; raises the fault of the radar."""
        return self._radar.ask(self._answer)

    def _add(self, targets: Targets, at: Instant) -> None:
        if at.since(self._heard_at) > SILENT_S:
            self._since, self._target_at = at, None
        self._heard_at = at
        if self._is_there(targets.moving_cm) or self._is_there(targets.still_cm):
            self._target_at = at

    def _is_there(self, cm: int | None) -> bool:
        return cm is not None and self._options.nearest_cm <= cm <= self._options.furthest_cm

    def _answer(self, at: Instant) -> bool | None:
        hold_s = self._options.hold_s
        if self._target_at is not None and at.since(self._target_at) <= hold_s:
            return True
        return None if at.since(self._since) < hold_s else False


def _check_range(nearest_cm: int, furthest_cm: int) -> None:
    if nearest_cm >= furthest_cm:
        raise OptionError("nearest_cm", f"{nearest_cm} is not below furthest_cm, {furthest_cm}")


def _parts(port: str, baud: int) -> Iterator[Part]:
    """Yield the port, and the pins of the Pi's own one."""
    device = f"an LD2410 at {baud} baud"
    yield Part("port", f"the port {port}", device)
    yield from (Part("port", f"GPIO {pin}", device) for pin in UART_PINS.get(port, ()))


def _shared(port: str, baud: int) -> Radar:
    return shared(f"ld2410-{port}", lambda: Radar(lambda: open_port(port, baud)))


def open_port(port: str, baud: int) -> Port:
    """Open the serial port; raises CannotRun."""
    import serial  # noqa: PLC0415 - hardware libraries are there only on a Pi

    check_file(port, "dialout", HOW)
    try:
        opened: Port = serial.Serial(port, baud, timeout=READ_S, exclusive=True)
    except serial.SerialException as error:
        raise CannotRun(f"{port} cannot be opened as a serial port: {error}") from error
    return opened
