"""A pressure or piezo strip at an MCP3008, an SPI converter of 10 bits.

Movement and presence may name the same channel, or two channels of one chip: the chip is read by
one thread. Faults: those of `strip`, and `spi_error`. SPI has no answer that could be missing: a
chip that is not there is `no_signal`. With 10 bits a sleeper's breath may be smaller than a step.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from legwatch.options import Part
from legwatch.settings import setting
from legwatch_device.drivers import MotionSample, ReadFault
from legwatch_device.drivers.device_file import check_file
from legwatch_device.drivers.pins import gpio
from legwatch_device.drivers.rounds import shared
from legwatch_device.drivers.strip import Converter
from legwatch_device.drivers.strip_movement import StripMovement
from legwatch_device.drivers.strip_presence import StripPresence
from legwatch_device.drivers.strip_settings import (
    fraction,
    over_setting,
    rises_setting,
    times_setting,
)
from legwatch_runtime.clock import Instant, instant

BUS = {"clock_pin": 11, "mosi_pin": 10, "miso_pin": 9}
CHIP_SELECT = (8, 7)
INPUTS, COUNTS = 8, 1023
LEAST = 3.5 / COUNTS  # of the supply: its noise is one count each way
FROZEN_S = 14_400.0  # a level amid a step of 10 bits may stay for long
HOW = "switch SPI on (sudo raspi-config, Interface Options) and restart the Pi"


def _channel() -> Any:
    return setting(0, "input of the chip", low=0, high=INPUTS - 1)


def _select() -> Any:
    about = "the pin that selects the chip: 0 is CE0, GPIO 8; 1 is CE1, GPIO 7"
    return setting(0, about, low=0, high=1)


class Mcp3008Movement:
    """Movement by a strip. Tests pass a `converter` in place of the chip."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a movement sensor."""

        channel: int = _channel()
        select: int = _select()
        times_noise: float = times_setting()

        def parts(self) -> Iterator[Part]:
            """Yield the pins of the bus and of the chip."""
            return _pins(self.select)

    def __init__(
        self,
        options: Options,
        *,
        converter: Converter | None = None,
        now: Callable[[], Instant] = instant,
    ) -> None:
        converter = converter or _shared(options.select)
        self._strip = converter.strip(options.channel)
        self._movement = StripMovement(times=options.times_noise, least=LEAST, at=now())
        self._strip.hear(self._movement.add)

    def seen(self) -> MotionSample:
        """Return the movement since the last call; raises the fault of the strip."""
        return self._strip.ask(self._movement.take)


class Mcp3008Presence:
    """Somebody in bed, by a strip. Tests pass a `converter` in place of the chip."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a presence sensor."""

        channel: int = _channel()
        select: int = _select()
        rises: bool = rises_setting()
        over_pct: float | None = over_setting()

        def parts(self) -> Iterator[Part]:
            """Yield the pins of the bus and of the chip."""
            return _pins(self.select)

    def __init__(
        self,
        options: Options,
        *,
        converter: Converter | None = None,
        now: Callable[[], Instant] = instant,
    ) -> None:
        converter = converter or _shared(options.select)
        self._strip = converter.strip(options.channel)
        over = fraction(options.over_pct)
        self._presence = StripPresence(rises=options.rises, over=over, at=now())
        self._strip.hear(self._presence.add)

    def present(self) -> bool | None:
        """Return if somebody is in bed, None if unknown; raises the fault of the strip."""
        return self._strip.ask(self._presence.present)


def _pins(select: int) -> Iterator[Part]:
    yield from (Part("select", f"GPIO {pin}", "SPI bus 0") for pin in BUS.values())
    yield Part("select", f"GPIO {CHIP_SELECT[select]}", f"the MCP3008 on CE{select}")


def _shared(select: int) -> Converter:
    return shared(f"mcp3008-{select}", lambda: open_chip(select))


def open_chip(select: int, now: Callable[[], Instant] = instant) -> Converter:
    """Open the chip; raises CannotRun.

    Without the device file gpiozero would go on in software, and only warn. All inputs are opened
    at once: gpiozero may forget the bus that they share when an older object of it is collected.
    """
    check_file(f"spidev0.{select}", "spi", HOW)
    pins = {**BUS, "select_pin": CHIP_SELECT[select]}
    inputs: list[Any] = [gpio("MCP3008", channel, **pins) for channel in range(INPUTS)]

    def sample(channel: int) -> object:
        try:
            count = inputs[channel].raw_value
        except Exception as error:  # lgpio has errors of its own
            raise ReadFault("spi_error") from error
        return count / COUNTS

    return Converter(sample, frozen_s=FROZEN_S, now=now)
