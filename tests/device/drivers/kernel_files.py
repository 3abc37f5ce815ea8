"""The files of the kernel's thermometer drivers, as real files in a folder of the test."""

import os
from pathlib import Path


class IioTree:
    """`/sys/bus/iio/devices`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def device(self, number: int = 0, pin: int = 4, name: str = "dht11@0") -> Path:
        """Add a device, with its pin in the device tree as the kernel has it."""
        made = self.folder / f"iio:device{number}"
        (made / "of_node").mkdir(parents=True)
        (made / "name").write_text(f"{name}\n")
        cells = (7, pin, 0)  # the controller's handle, the pin, the flags
        data = b"".join(cell.to_bytes(4, "big") for cell in cells)
        (made / "of_node" / "gpios").write_bytes(data)
        shows(made, 31.2, 48.1)
        return made


def shows(device: Path, celsius: float, humidity_pct: float) -> None:
    (device / "in_temp_input").write_text(f"{round(celsius * 1000)}\n")
    (device / "in_humidityrelative_input").write_text(f"{round(humidity_pct * 1000)}\n")


class WireTree:
    """`/sys/bus/w1/devices` with its bus master."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "w1_bus_master1").mkdir(parents=True)

    def sensor(self, number: str = "00000a1b2c3d") -> Path:
        made = self.folder / f"28-{number}"
        made.mkdir()
        return made


def conversion(celsius: float, *, crc: str = "YES") -> str:
    """Return what `w1_slave` says of a conversion, to 1/16 °C."""
    counts = round(celsius * 16) & 0xFFFF
    data = f"{counts & 0xFF:02x} {counts >> 8:02x} 4b 46 7f ff 0c 10"
    return f"{data} 1c : crc=1c {crc}\n{data} 1c t={round(celsius * 1000)}\n"


class Stuck:
    """Makes a file hang who reads it, as a kernel driver can, until it is let go."""

    def __init__(self, file: Path) -> None:
        self._file, self._text = file, file.read_text()
        file.unlink()
        os.mkfifo(file)

    def go_on(self) -> None:
        with self._file.open("w") as out:  # waits for the reader
            out.write(self._text)
        self._file.unlink()
        self._file.write_text(self._text)
