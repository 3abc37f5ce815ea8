"""Each movement and presence driver on hardware that a test moves, breaks and pulls out.

A new driver is one class here, or one line in MOTION or PRESENCE.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import gpiozero
import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from device.drivers.ads1115_bus import WORKS, Ads1115, bus_with
from device.drivers.ld2410_sender import Sender
from device.drivers.mcp3008_chip import note_opened
from device.drivers.published import LIFE, Published
from legwatch.contract.roles import MOTION as MOTIONS
from legwatch.contract.roles import PRESENCE as PRESENCES
from legwatch_device.drivers import (
    ads1115,
    device_file,
    mcp3008,
    open_driver,
    pins,
    simulated,
)
from legwatch_device.drivers.ld2410_radar import Radar
from legwatch_device.drivers.mqtt import payload
from legwatch_device.drivers.mqtt.link import Down, Up
from legwatch_runtime.testing import FakeClock

Broken = Callable[[], object]  # what the library does: raises, waits, or returns no level
STEP_MS = {MOTIONS: 100, PRESENCES: 500}


class Rig:
    """One driver; nothing moves but by `passes`, and time goes by only there."""

    driver = ""
    library: str | None = None  # that it imports, and another installation may not have
    breaks = True  # it has hardware, or somebody else, that can fail
    hung = "hangs"  # what is told of one that hangs
    table: ClassVar[dict[str, Any]]
    reads_alone = (
        False  # in a thread of its own: then it is `turn` that hangs, and not the question
    )

    def __init__(self, group: str, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.group, self.clock, self.patch = group, FakeClock(), patch
        self.broken: Broken | None = None
        patch.setattr(device_file, "DEV", folder)
        patch.setattr(pins, "DEV", folder)
        (folder / "gpiochip0").touch()
        self.install()

    def install(self) -> None:
        """Put the hardware in."""

    def fakes(self) -> dict[str, Any]:
        """Return what a test passes to the driver."""
        return {"now": self.clock.instant}

    def open(self) -> Any:
        """Open the driver as the agent does, on the clock of the test."""
        return open_driver(self.group, self.driver, "here", self.table, **self.fakes())

    def open_alone(self) -> Any:
        """Open the driver without anything from the test."""
        return open_driver(self.group, self.driver, "here", self.table)

    def moves(self, seconds: float) -> None:
        """Let somebody move for so long."""
        raise NotImplementedError

    def lies(self, *, there: bool) -> None:
        """Let somebody lie down or get up."""
        raise NotImplementedError

    def turn(self) -> None:
        """Let the driver's own thread read once."""

    def passes(self, seconds: float) -> None:
        """Let time go by."""
        step_ms = STEP_MS[self.group]
        for _ in range(round(seconds * 1000 / step_ms)):
            self.clock.advance(step_ms)
            self.turn()


class Simulated(Rig):
    driver, table, breaks = "simulated", {}, False

    def install(self) -> None:
        self.patch.setattr(simulated, "instant", self.clock.instant)

    def fakes(self) -> dict[str, Any]:
        return {}

    def moves(self, seconds: float) -> None:
        self.clock.advance(1_200_000 - self.clock.up_ms % 1_200_000 + 1000)


class Pin(Rig):
    """A pin of gpiozero's mock board; what is read of it may be no level."""

    library, table = "gpiozero", {"pin": 17}
    pressed_low = False

    def install(self) -> None:
        self.patch.setattr(Device, "pin_factory", MockFactory())
        real: Any = gpiozero.DigitalInputDevice.is_active

        def read(device: Any) -> Any:
            return real.fget(device) if self.broken is None else self.broken()

        self.patch.setattr(gpiozero.DigitalInputDevice, "is_active", property(read))

    def lies(self, *, there: bool) -> None:
        pin = Device.pin_factory.pin(17)
        (pin.drive_high if there is not self.pressed_low else pin.drive_low)()

    def moves(self, seconds: float) -> None:
        self.lies(there=True)
        self.passes(seconds)
        self.lies(there=False)


class GpioMotion(Pin):
    driver = "gpio_motion"


class GpioPresence(Pin):
    driver = "gpio_presence"

    def fakes(self) -> dict[str, Any]:
        return {}


class BedMat(Pin):
    driver, pressed_low = "bed_mat", True


class Strip(Rig):
    """A strip at a converter, which a test turns in place of its thread."""

    reads_alone = True
    table: ClassVar = {"channel": 1}

    def __init__(self, group: str, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.level, self.way = 0.1, 1
        super().__init__(group, patch, folder)
        self.converter: Any = None

    def fakes(self) -> dict[str, Any]:
        self.converter = self.chip()
        return {"converter": self.converter, "now": self.clock.instant}

    def chip(self) -> Any:
        raise NotImplementedError

    def shows(self, level: float) -> None:
        raise NotImplementedError

    def turn(self) -> None:
        self.way = -self.way  # the noise of its electronics
        self.shows(self.level + 0.0008 * self.way)
        if self.converter is not None:
            self.converter.turn()

    def moves(self, seconds: float) -> None:
        step_s = STEP_MS[self.group] / 1000
        for number in range(round(seconds / step_s)):
            self.level = 0.1 + 0.1 * (number % 2)
            self.passes(step_s)
        self.level = 0.1

    def lies(self, *, there: bool) -> None:
        self.level = 0.5 if there else 0.1


class OnAds1115(Strip):
    driver, library = "ads1115", "adafruit_ads1x15"

    def install(self) -> None:
        (device_file.DEV / "i2c-1").touch()
        self.hardware = Ads1115()
        self.hardware.broken = self._broken
        self.patch.setattr("Adafruit_PureIO.smbus.SMBus", bus_with(self.hardware))

    def _broken(self) -> object:
        return WORKS if self.broken is None else self.broken()

    def chip(self) -> Any:
        return ads1115.open_chip(1, 72, 3.3, self.clock.instant)

    def shows(self, level: float) -> None:
        self.hardware.inputs[1] = 3.3 * level


class OnMcp3008(Strip):
    driver, library = "mcp3008", "gpiozero"

    def install(self) -> None:
        (device_file.DEV / "spidev0.0").touch()
        self.patch.setattr(Device, "pin_factory", MockFactory())
        note_opened(self.patch)
        self.counts = 102  # its bits have a test of their own, and take milliseconds

        def read(device: Any) -> Any:
            assert device.channel == 1
            return self.counts if self.broken is None else self.broken()

        self.patch.setattr(gpiozero.MCP3008, "raw_value", property(read))

    def chip(self) -> Any:
        return mcp3008.open_chip(0, self.clock.instant)

    def shows(self, level: float) -> None:
        self.counts = round(1023 * level)


class OnLd2410(Rig):
    """A radar at a port that is no file; the pseudo-terminal has tests of its own."""

    driver, library = "ld2410", "serial"
    table: ClassVar = {"furthest_cm": 200, "port": "serial0"}
    reads_alone = True

    def install(self) -> None:
        (device_file.DEV / "serial0").touch()
        self.sender = Sender()
        self.radar: Radar | None = None
        self.still_cm: int | None = None
        self.moving_cm: int | None = None

    def fakes(self) -> dict[str, Any]:
        self.radar = Radar(lambda: self.sender.port(lambda: self.broken), self.clock.instant)
        return {"radar": self.radar, "now": self.clock.instant}

    def turn(self) -> None:
        self.sender.sends(self.moving_cm, self.still_cm)
        if self.radar is not None:
            self.radar.turn()

    def moves(self, seconds: float) -> None:
        self.moving_cm = 120
        self.passes(seconds)
        self.moving_cm = None

    def lies(self, *, there: bool) -> None:
        self.still_cm = 120 if there else None


class OnMqtt(Rig):
    """A sensor that others publish: it says its word again and again, by a thread of the broker's.

    What breaks is the message: `broken` stands in the place of its JSON. What is raised there ends
    the connection, as in `Link`, which then makes a new one; one that hangs is silent.
    """

    driver, reads_alone, hung = "mqtt", True, "silent"
    tables: ClassVar = {MOTIONS: {"hold_s": 0}, PRESENCES: {}}

    def install(self) -> None:
        self.bed: Published | None = None
        self.on, self.connected = False, True
        real = payload.body

        def body(said: bytes, *, plain: bool) -> object:
            return real(said, plain=plain) if self.broken is None else {"on": self.broken()}

        self.patch.setattr(payload, "body", body)

    def open(self) -> Any:
        table = {"field": "on", "availability": [LIFE], "silent_s": 30, **self.tables[self.group]}
        self.bed = Published(self.group.removeprefix("legwatch."), table, clock=self.clock)
        return self.bed.driver

    def turn(self) -> None:
        assert self.bed is not None
        if not self.connected:
            self.bed.hear(Up())
        try:
            self.bed.say({"on": self.on})
            self.connected = True
        except BaseException:
            self.bed.hear(Down())
            self.connected = False

    def moves(self, seconds: float) -> None:
        self.on = True
        self.passes(seconds)
        self.on = False

    def lies(self, *, there: bool) -> None:
        self.on = there


MOTION: tuple[type[Rig], ...] = (Simulated, GpioMotion, OnAds1115, OnMcp3008, OnLd2410, OnMqtt)
PRESENCE: tuple[type[Rig], ...] = (GpioPresence, BedMat, OnAds1115, OnMcp3008, OnLd2410, OnMqtt)
GROUPS = {MOTIONS: MOTION, PRESENCES: PRESENCE}


def raises(error: BaseException) -> Broken:
    def broken() -> object:
        raise error

    return broken


def returns(value: object) -> Broken:
    return lambda: value


class Waits:
    """Hangs until `go_on` is set."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self) -> object:
        self.begun.set()
        self.go_on.wait(20)
        return None
