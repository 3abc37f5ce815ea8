"""A pressure or piezo strip at an ADS1115, an I2C converter of 16 bits.

Movement and presence may name the same channel, or two channels of one chip: the chip is opened
once. Faults: those of `strip`, and of the bus `no_answer`, `bus_hangs` and `bus_error`. Each sample
sets the chip up anew, so one that was without power for a moment gives no false values after it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from legwatch.options import Part
from legwatch.settings import setting
from legwatch_device.drivers import MotionSample, ReadFault, i2c
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

FULL_SCALE_V = 4.096  # of the gain 1, the first that reaches a supply of 3.3 V
SAMPLES_PER_S = 860  # its fastest: a conversion in 1.2 ms, and few questions whether it is ready
LEAST = 0.0005  # of the supply: 13 counts, twice its noise
FROZEN_S = 3600.0  # its own noise changes the count each second


def _channel() -> Any:
    return setting(0, "input of the chip", low=0, high=3)


def _address() -> Any:
    return i2c.address_setting(72, "72 (0x48) to 75, by the pin ADDR", low=72, high=75)


def _supply() -> Any:
    return setting(3.3, "voltage at the far end of the strip", low=1, high=4)


class Ads1115Movement:
    """Movement by a strip. Tests pass a `converter` in place of the chip."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a movement sensor."""

        channel: int = _channel()
        address: int = _address()
        bus: int = i2c.bus_setting()
        supply_v: float = _supply()
        times_noise: float = times_setting()

        def parts(self) -> Iterator[Part]:
            """Yield the chip and the pins of its bus."""
            return _parts(self.bus, self.address, self.supply_v)

    def __init__(
        self,
        options: Options,
        *,
        converter: Converter | None = None,
        now: Callable[[], Instant] = instant,
    ) -> None:
        converter = converter or _shared(options.bus, options.address, options.supply_v)
        self._strip = converter.strip(options.channel)
        self._movement = StripMovement(times=options.times_noise, least=LEAST, at=now())
        self._strip.hear(self._movement.add)

    def seen(self) -> MotionSample:
        """Return the movement since the last call; raises the fault of the strip."""
        return self._strip.ask(self._movement.take)


class Ads1115Presence:
    """Somebody in bed, by a strip. Tests pass a `converter` in place of the chip."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a presence sensor."""

        channel: int = _channel()
        address: int = _address()
        bus: int = i2c.bus_setting()
        supply_v: float = _supply()
        rises: bool = rises_setting()
        over_pct: float | None = over_setting()

        def parts(self) -> Iterator[Part]:
            """Yield the chip and the pins of its bus."""
            return _parts(self.bus, self.address, self.supply_v)

    def __init__(
        self,
        options: Options,
        *,
        converter: Converter | None = None,
        now: Callable[[], Instant] = instant,
    ) -> None:
        converter = converter or _shared(options.bus, options.address, options.supply_v)
        self._strip = converter.strip(options.channel)
        over = fraction(options.over_pct)
        self._presence = StripPresence(rises=options.rises, over=over, at=now())
        self._strip.hear(self._presence.add)

    def present(self) -> bool | None:
        """Return if somebody is in bed, None if unknown; raises the fault of the strip."""
        return self._strip.ask(self._presence.present)


def _parts(bus: int, address: int, supply_v: float) -> Iterator[Part]:
    return i2c.parts(bus, address, f"an ADS1115 with supply_v = {supply_v:g}")


def _shared(bus: int, address: int, supply_v: float) -> Converter:
    name = f"ads1115-{bus}-{address}"  # supply_v is the same in both tables: `_parts`
    return shared(name, lambda: open_chip(bus, address, supply_v))


def open_chip(
    bus: int, address: int, supply_v: float, now: Callable[[], Instant] = instant
) -> Converter:
    """Open the chip; raises CannotRun."""
    from adafruit_ads1x15.ads1115 import ADS1115  # noqa: PLC0415 - hardware libraries only here

    wires = i2c.Bus(bus)
    try:
        with i2c.faults():
            chip = ADS1115(wires, gain=1, data_rate=SAMPLES_PER_S, address=address)
    except ReadFault as fault:
        raise i2c.not_there(fault, bus, address) from fault

    def sample(channel: int) -> object:
        with i2c.faults():
            count = chip.read(channel + 4)  # the chip's number of an input against ground
        return count * FULL_SCALE_V / 32768 / supply_v

    return Converter(sample, frozen_s=FROZEN_S, now=now)
