"""Looks for sensors on the buses of this machine: 1-Wire, I2C, the kernel's own, serial ports.

Nothing is changed: each chip is asked for one reading by its own driver, whose checks say whether
it is the one that it is taken for.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from legwatch.contract.roles import THERMOMETERS
from legwatch.errors import LegwatchError
from legwatch_device.drivers import ReadFault, Reading, open_driver
from legwatch_device.drivers.ds18b20 import FAMILY
from legwatch_device.drivers.ld2410_frames import Frames
from legwatch_device.looking.candidate import Candidate, Kind
from legwatch_runtime.clock import awake_s

W1, IIO, SERIAL, DEV = "sys/bus/w1/devices", "sys/bus/iio/devices", "dev/serial/by-id", "dev"
# By address: the drivers of chips that may be there.
CHIPS: Mapping[int, tuple[str, ...]] = {
    0x44: ("sht4x", "sht3x"),
    0x45: ("sht4x", "sht3x"),
    0x46: ("sht4x",),
    0x76: ("bme280",),
    0x77: ("bme280",),
}
RADAR_BAUD, RADAR_S = 256_000, 2.0
_NAMES = {"sht4x": "SHT4x", "sht3x": "SHT3x", "bme280": "BME280"}


def found(root: Path) -> Iterator[Candidate]:
    """Yield what is on the buses; `root` is `/`, or the made machine of a test."""
    yield from one_wire(root)
    yield from of_kernel(root)
    for bus in sorted((root / DEV).glob("i2c-*")):
        yield from on_i2c(int(bus.name.partition("-")[2]))
    for port in sorted((root / SERIAL).glob("*")):
        yield from radar(port)


def one_wire(root: Path) -> Iterator[Candidate]:
    """Yield each DS18B20; it needs no id if it is the only one."""
    folders = sorted((root / W1).glob(f"{FAMILY}*"))
    for folder in folders:
        options = {"id": folder.name} if len(folders) > 1 else {}
        about = f"DS18B20 {folder.name} (1-Wire)"
        yield Candidate(Kind.THERMOMETER, "ds18b20", about, options, _milli(folder, "temperature"))


def of_kernel(root: Path) -> Iterator[Candidate]:
    """Yield each DHT22 that the kernel reads."""
    everyone = sorted((root / IIO).glob("*"))
    devices = [folder for folder in everyone if "dht" in _text(folder, "name")]
    for folder in devices:
        options = {"device": folder.name} if len(devices) > 1 else {}
        about = f"DHT22 {folder.name} (read by the kernel)"
        now = _milli(folder, "in_temp_input")
        yield Candidate(Kind.THERMOMETER, "dht_iio", about, options, now)


def on_i2c(bus: int) -> Iterator[Candidate]:
    """Yield the chips on a bus that answer as what they are taken for."""
    for address, drivers in CHIPS.items():
        for driver in drivers:
            options = {"address": address, **({"bus": bus} if bus != 1 else {})}
            if now := _reads(driver, options):
                about = f"{_NAMES[driver]} at address {address} ({address:#x}) of I2C bus {bus}"
                yield Candidate(Kind.THERMOMETER, driver, about, options, now)
                break


def radar(port: Path) -> Iterator[Candidate]:
    """Yield an LD2410 at a serial port: it moves, and it is there."""
    if not _sends_frames(port):
        return
    for kind in (Kind.MOVEMENT, Kind.PRESENCE):
        yield Candidate(kind, "ld2410", f"LD2410 radar at {port.name}", {"port": str(port)})


def _reads(driver: str, options: Mapping[str, Any]) -> str:
    """Return what a chip says now, by its driver; empty: it is not there."""
    with suppress(LegwatchError, ReadFault, OSError, ValueError, RuntimeError):
        reading = open_driver(THERMOMETERS, driver, "sensors.leg", options).read()
        if isinstance(reading, Reading):
            return f"{reading.celsius:.1f} °C"
    return ""


def _sends_frames(port: Path) -> bool:
    """Return True if a radar sends at a port; it does so ten times a second."""
    try:
        import serial  # noqa: PLC0415 - of the device's extra

        with serial.Serial(str(port), RADAR_BAUD, timeout=0.2) as line:
            frames, end_s = Frames(), awake_s() + RADAR_S
            while awake_s() < end_s:
                if frames.feed(line.read(256)):
                    return True
    except (ImportError, OSError, ValueError):
        return False
    return False


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _milli(folder: Path, name: str) -> str:
    """Return a temperature that the kernel gives in thousandths; empty: it gives none now."""
    try:
        return f"{int(_text(folder, name)) / 1000:.1f} °C"
    except ValueError:
        return ""
