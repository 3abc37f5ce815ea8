"""A pressure or piezo strip at an ADS1115, an I2C converter of 16 bits.

Movement and presence may name the same channel, or two channels of one chip: the chip is opened
once. Faults: those of `strip`, and `i2c_error` while the chip does not answer. Each sample sets
the chip up anew, so one that was without power for a moment gives no false values after it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from legwatch.errors import CannotRun
from legwatch.options import Part
from legwatch.settings import setting
from legwatch_device.drivers import MotionSample, ReadFault
from legwatch_device.drivers.device_file import check_file
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
HOW = "switch I2C on (sudo raspi-config, Interface Options) and restart the Pi"


def _channel() -> Any:
    return setting(0, "input of the chip", low=0, high=3)


def _address() -> Any:
    return setting(72, "I2C address, by the pin ADDR", low=72, high=75)


def _bus() -> Any:
    return setting(1, "number of the I2C bus: 1 is /dev/i2c-1", low=0, high=31)


def _supply() -> Any:
    return setting(3.3, "voltage at the far end of the strip", low=1, high=4)


class Ads1115Movement:
    """Movement by a strip. Tests pass a `converter` in place of the chip."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a movement sensor."""

        channel: int = _channel()
        address: int = _address()
        bus: int = _bus()
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
        bus: int = _bus()
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
    """Yield the chip and the pins of bus 1; other buses may lie anywhere."""
    chip, supply = f"address {address} of I2C bus {bus}", f"an ADS1115 with supply_v = {supply_v:g}"
    yield Part("address", chip, supply)
    if bus == 1:
        yield from (Part("bus", f"GPIO {pin}", "I2C bus 1") for pin in (2, 3))


def _shared(bus: int, address: int, supply_v: float) -> Converter:
    name = f"ads1115-{bus}-{address}"  # supply_v is the same in both tables: `_parts`
    return shared(name, lambda: open_chip(bus, address, supply_v))


def open_chip(
    bus: int, address: int, supply_v: float, now: Callable[[], Instant] = instant
) -> Converter:
    """Open the chip; raises CannotRun."""
    from adafruit_ads1x15.ads1115 import ADS1115  # noqa: PLC0415 - hardware libraries only here

    check_file(f"i2c-{bus}", "i2c", HOW)
    try:
        chip = ADS1115(_bus_of(bus), gain=1, data_rate=SAMPLES_PER_S, address=address)
    except (ValueError, OSError) as error:
        why = f"no ADS1115 answers at address {address} of I2C bus {bus}"
        raise CannotRun(f"{why}; the command i2cdetect -y {bus} lists what answers") from error

    def sample(channel: int) -> object:
        try:
            count = chip.read(channel + 4)  # the chip's number of an input against ground
        except OSError as error:
            raise ReadFault("i2c_error") from error
        return count * FULL_SCALE_V / 32768 / supply_v

    return Converter(sample, frozen_s=FROZEN_S, now=now)


def _bus_of(number: int) -> Any:
    """Return the bus as Adafruit's libraries want it, on any board that has its device file."""
    from adafruit_blinka import Lockable  # noqa: PLC0415
    from adafruit_blinka.microcontroller.generic_linux.i2c import I2C  # noqa: PLC0415

    return type("Bus", (I2C, Lockable), {})(number)
