"""Each thermometer driver on a sensor that is not there; a new driver is one more line in RIGS."""

import errno
import json
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from device.drivers import i2c_sensors
from device.drivers.kernel_files import IioTree, Stuck, WireTree, conversion, shows
from device.drivers.published import LIFE, Published
from legwatch_device.drivers import ReadFault, dht22_child, dht_iio, open_driver, pins
from legwatch_device.drivers.child import HANGS
from legwatch_device.drivers.mqtt import payload
from legwatch_device.drivers.mqtt.link import Down, Up
from legwatch_runtime.testing import FakeClock

GROUP = "legwatch.thermometers"
FIRST_C, FIRST_PCT = 31.2, 48.1


class Rig:
    """A sensor that shows what a test says, and fails as a test says."""

    driver = ""
    library = ""  # the module that it needs; empty: none
    humid = True
    # What is told of one that is unplugged, of one that hangs, and of what is no temperature.
    unplugged, hung = "no_answer", HANGS
    no_values = frozenset({"no_number", "out_of_range"})

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        self.clock = FakeClock()

    def open(self) -> Any:
        table, fakes = self.fitted()
        return open_driver(GROUP, self.driver, "sensors.leg", table, **fakes)

    def sleep(self, seconds: float) -> None:
        self.clock.advance(round(seconds * 1000))

    def fitted(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the options, and what stands for the hardware."""
        raise NotImplementedError

    def shows(self, celsius: float, humidity_pct: float = FIRST_PCT) -> None:
        """Let the sensor measure this from now on."""
        raise NotImplementedError

    def measures(self) -> None:
        """Let a sensor that reports by itself do so before a reading; others wait to be asked."""

    def gives(self, value: object) -> None:
        """Let the library give this for a temperature."""
        raise NotImplementedError

    def raises(self, error: BaseException | None) -> None:
        """Let each reading raise this; None: no more."""
        raise NotImplementedError

    def unplug(self) -> None:
        raise NotImplementedError

    def plug(self) -> None:
        raise NotImplementedError

    def hang(self) -> Callable[[], None]:
        """Let each reading hang; return what lets it go on."""
        raise NotImplementedError


class OnI2c(Rig):
    chip: Callable[[], Any]
    address = 0x44
    values = ("", "")  # the class of the library, and its attribute that gives the temperature

    def fitted(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {"bus": self.bus}

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, patch)
        self.bus, self.sensor = i2c_sensors.Bus(), type(self).chip()
        self.plug()
        self.module = import_module(self.library)
        patch.setattr(self.module, "time", self, raising=False)  # nothing waits for a measurement

    def shows(self, celsius: float, humidity_pct: float = FIRST_PCT) -> None:
        self.sensor.celsius, self.sensor.humidity_pct = celsius, humidity_pct

    def gives(self, value: object) -> None:
        kind, name = self.values
        given = (value, FIRST_PCT) if name == "measurements" else value
        self.patch.setattr(getattr(self.module, kind), name, property(lambda _self: given))

    def raises(self, error: BaseException | None) -> None:
        def before() -> None:
            if error is not None:
                raise error

        self.bus.before = before

    def unplug(self) -> None:
        self.bus.chips.clear()

    def plug(self) -> None:
        self.bus.chips[self.address] = self.sensor

    def hang(self) -> Callable[[], None]:
        freed = threading.Event()
        self.bus.before = lambda: _wait(freed)

        def go_on() -> None:
            self.bus.before = lambda: None
            freed.set()

        return go_on


class Sht4x(OnI2c):
    driver, library, chip = "sht4x", "adafruit_sht4x", i2c_sensors.Sht4x
    values = ("SHT4x", "measurements")


class Sht3x(OnI2c):
    driver, library, chip = "sht3x", "adafruit_sht31d", i2c_sensors.Sht3x
    values = ("SHT31D", "temperature")


class Bme280(OnI2c):
    driver, library, chip, address = "bme280", "adafruit_bme280.basic", i2c_sensors.Bme280, 0x76
    values = ("Adafruit_BME280", "temperature")


class Ds18b20(Rig):
    driver, library, humid = "ds18b20", "w1thermsensor", False

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, patch)
        patch.setenv("W1THERMSENSOR_NO_KERNEL_MODULE", "1")
        self.kind = import_module("w1thermsensor").W1ThermSensor
        tree = WireTree(folder / "w1")
        patch.setattr(self.kind, "BASE_DIRECTORY", tree.folder)
        self.place = tree.sensor()
        self.shows(FIRST_C)
        self.error: BaseException | None = None
        real = self.kind.get_raw_sensor_strings

        def lines(sensor: Any) -> Any:
            if self.error is not None:
                raise self.error
            return real(sensor)

        patch.setattr(self.kind, "get_raw_sensor_strings", lines)

    def fitted(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {}

    def shows(self, celsius: float, humidity_pct: float = FIRST_PCT) -> None:
        (self.place / "w1_slave").write_text(conversion(celsius))

    def gives(self, value: object) -> None:
        self.patch.setattr(self.kind, "get_temperature", lambda _self: value)

    def raises(self, error: BaseException | None) -> None:
        self.error = error

    def unplug(self) -> None:
        self.place.rename(self.folder / "away")

    def plug(self) -> None:
        (self.folder / "away").rename(self.place)

    def hang(self) -> Callable[[], None]:
        return Stuck(self.place / "w1_slave").go_on


class DhtIio(Rig):
    driver = "dht_iio"

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, patch)
        tree = IioTree(folder / "iio")
        patch.setattr(dht_iio, "DEVICES", tree.folder)
        self.device = tree.device()
        self.error: BaseException | None = None

    def fitted(self) -> tuple[dict[str, Any], dict[str, Any]]:
        clocks = {"now": self.clock.instant, "sleep": self.sleep}
        return {}, {"text_of": self._text_of, **clocks}

    def _text_of(self, file: Path) -> str:
        if self.error is not None:
            raise self.error
        return file.read_text()

    def shows(self, celsius: float, humidity_pct: float = FIRST_PCT) -> None:
        shows(self.device, celsius, humidity_pct)

    def gives(self, value: object) -> None:
        (self.device / "in_temp_input").write_text(f"{value}\n")

    def raises(self, error: BaseException | None) -> None:
        self.error = error

    def unplug(self) -> None:
        self.error = OSError(errno.ETIMEDOUT, "Connection timed out")  # as the kernel says it

    def plug(self) -> None:
        self.error = None

    def hang(self) -> Callable[[], None]:
        return Stuck(self.device / "in_temp_input").go_on


class Dht22(Rig):
    """The child's own code in this process; that a child that hangs is killed has its own tests."""

    driver, library = "dht22", "adafruit_dht"

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, patch)
        self.values: list[object] = [FIRST_C, FIRST_PCT]
        self.error: BaseException | None = None
        self.hangs = False
        self.asked: list[float] = []
        rig = self

        class Sensor:
            def __init__(self, pin: object, *, use_pulseio: bool) -> None:
                rig.asked.append(rig.clock.up_ms / 1000)

            @property
            def temperature(self) -> object:
                if rig.error is not None:
                    raise rig.error
                return rig.values[0]

            @property
            def humidity(self) -> object:
                return rig.values[1]

            def exit(self) -> None: ...

        (folder / "gpiochip0").touch()
        patch.setattr(pins, "DEV", folder)
        library, board = ModuleType("adafruit_dht"), ModuleType("board")
        library.DHT22 = Sensor  # type: ignore[attr-defined]
        library.DigitalInOut = _Pin  # type: ignore[attr-defined]
        board.D4 = object()  # type: ignore[attr-defined]
        for module in (library, board):
            patch.setitem(sys.modules, module.__name__, module)

    def fitted(self) -> tuple[dict[str, Any], dict[str, Any]]:
        fakes = {"child": self, "now": self.clock.instant, "sleep": self.sleep}
        return {"pin": 4}, fakes

    def begin(self) -> str:
        try:
            self._read = dht22_child.opened(4, pulseio=False)
        except BaseException as error:
            return json.dumps({"errors": list(dht22_child.told(error))})
        return "{}"

    def ask(self) -> str:
        if self.hangs:
            raise ReadFault(HANGS)  # as `Child` after its deadline
        return json.dumps(dht22_child.answer(self._read), default=str)

    def end(self) -> None: ...

    def shows(self, celsius: float, humidity_pct: float = FIRST_PCT) -> None:
        self.values = [celsius, humidity_pct]

    def gives(self, value: object) -> None:
        self.values = [value, FIRST_PCT]

    def raises(self, error: BaseException | None) -> None:
        self.error = error

    def unplug(self) -> None:
        self.error = RuntimeError("DHT sensor not found, check wiring")

    def plug(self) -> None:
        self.error = None

    def hang(self) -> Callable[[], None]:
        self.hangs = True
        return self._go_on

    def _go_on(self) -> None:
        self.hangs = False


class Mqtt(Rig):
    """A sensor that others publish: it speaks by itself, and a reading waits for nothing.

    One that is unplugged, or whose connection hangs, is silent. What is raised while a message is
    decoded ends the connection, as in `Link`, which then makes a new one.
    """

    driver, unplugged, hung = "mqtt", "silent", "silent"
    no_values = Rig.no_values | {"unavailable"}  # such as null: who publishes says that it is none
    table: ClassVar[dict[str, Any]] = {
        "field": "temperature",
        "humidity": "humidity",
        "same_is_new": True,
        "report_s": 30,
    }

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, patch)
        self.bed: Published | None = None
        self.speaks = self.connected = True
        self.error: BaseException | None = None
        self.shows(FIRST_C)
        real = payload.body

        def body(said: bytes, *, plain: bool) -> object:
            if self.error is not None:
                raise self.error
            return real(said, plain=plain)

        patch.setattr(payload, "body", body)

    def open(self) -> Any:
        self.bed = Published("thermometers", self.table, clock=self.clock)
        return self.bed.driver

    def measures(self) -> None:
        assert self.bed is not None
        self.bed.later(30 if self.speaks else 80)
        if not self.connected:
            self.bed.hear(Up())
        try:
            self.says(self.bed)
            self.connected = True
        except BaseException:
            self.bed.hear(Down())
            self.connected = False

    def says(self, bed: Published) -> None:
        if self.speaks:
            bed.say(self.said)

    def shows(self, celsius: float, humidity_pct: float = FIRST_PCT) -> None:
        self.said: dict[str, object] = {"temperature": celsius, "humidity": humidity_pct}

    def gives(self, value: object) -> None:
        self.said = {"temperature": value}

    def raises(self, error: BaseException | None) -> None:
        self.error = error

    def unplug(self) -> None:
        self.speaks = False

    def plug(self) -> None:
        self.speaks = True

    def hang(self) -> Callable[[], None]:
        self.unplug()
        self.measures()
        return self.plug


class MqttSaidToBeAway(Mqtt):
    """One of which who publishes says whether it is there, as Zigbee2MQTT does."""

    unplugged = hung = "unavailable"
    table: ClassVar = {**Mqtt.table, "availability": [LIFE]}

    def says(self, bed: Published) -> None:
        bed.say("online" if self.speaks else "offline", topic=LIFE)
        super().says(bed)


class _Pin:
    def __init__(self, pin: object) -> None: ...

    def deinit(self) -> None: ...


def _wait(freed: threading.Event) -> None:
    freed.wait(20)


RIGS: dict[str, type[Rig]] = {
    "dht22": Dht22,
    "dht_iio": DhtIio,
    "ds18b20": Ds18b20,
    "sht4x": Sht4x,
    "sht3x": Sht3x,
    "bme280": Bme280,
    "mqtt": Mqtt,
    "mqtt with availability": MqttSaidToBeAway,
}
