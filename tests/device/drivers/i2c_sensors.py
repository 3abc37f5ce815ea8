"""Sensors on an I2C bus that is not there: they speak the bytes that their data sheets document.

Adafruit's own drivers decode what these give. A test may break a checksum, pull a sensor off the
bus, or let the bus raise or wait.
"""

import errno
import struct
from collections.abc import Callable
from typing import Protocol


class Chip(Protocol):
    def written(self, data: bytes) -> None: ...

    def read(self, count: int) -> bytes: ...


def crc8(data: bytes) -> int:
    """Return the CRC of Sensirion's sheets: polynomial 0x31, start 0xFF; BE EF gives 92."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1) ^ 0x31 if crc & 0x80 else crc << 1
    return crc & 0xFF


class Bus:
    """As `busio.I2C`; a chip that is not there does not acknowledge its address."""

    def __init__(self) -> None:
        self.chips: dict[int, Chip] = {}
        self.before: Callable[[], None] = lambda: None  # raises or waits, at each reading

    def try_lock(self) -> bool:
        return True

    def unlock(self) -> None: ...

    def writeto(
        self, address: int, buffer: bytes, *, start: int = 0, end: int | None = None
    ) -> None:
        self._chip(address).written(bytes(buffer)[start:end])

    def readfrom_into(
        self, address: int, buffer: bytearray, *, start: int = 0, end: int | None = None
    ) -> None:
        self.before()
        end = len(buffer) if end is None else end
        buffer[start:end] = self._chip(address).read(end - start)

    def _chip(self, address: int) -> Chip:
        if address not in self.chips:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        return self.chips[address]


class Sensirion:
    """What an SHT3x and an SHT4x share: two words of a measurement, each with its CRC."""

    def __init__(self) -> None:
        self.celsius, self.humidity_pct = 31.2, 48.1
        self.wrong_crc: set[int] = set()  # 0: of the temperature, 1: of the humidity
        self._answer = b""

    def _measure(self, humidity: float) -> None:
        words = [round((self.celsius + 45) / 175 * 65535), round(humidity)]
        self._answer = b""
        for number, word in enumerate(words):
            data = struct.pack(">H", word)
            crc = crc8(data) ^ (0x40 if number in self.wrong_crc else 0)
            self._answer += data + bytes([crc])

    def read(self, count: int) -> bytes:
        answer, self._answer = self._answer, b""
        if not answer:  # no measurement is ready: the read header is not acknowledged
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        return answer[:count]


class Sht4x(Sensirion):
    def written(self, data: bytes) -> None:
        if data == b"\xfd":
            self._measure((self.humidity_pct + 6) / 125 * 65535)


class Sht3x(Sensirion):
    def written(self, data: bytes) -> None:
        if data == b"\x24\x00":
            self._measure(self.humidity_pct / 100 * 65535)


class Bme280:
    """A BME280 in forced mode, with a calibration; the formulas are the whole-number ones."""

    RESET = bytes.fromhex("8000008000008000")

    def __init__(self, t1: int = 27504, chip_id: int = 0x60) -> None:
        self.celsius, self.humidity_pct = 31.2, 48.1
        self.loses_power = False  # while it measures
        self.t = (t1, 26435, -1000)
        self.h = (75, 360, 0, 324, 50, 30)
        self.registers = bytearray(256)
        self.registers[0xD0] = chip_id
        self.registers[0x88:0x8E] = struct.pack("<Hhh", *self.t)
        h1, h2, h3, h4, h5, h6 = self.h
        self.registers[0xA1] = h1
        nibbles = (h4 & 0xF) | ((h5 & 0xF) << 4)
        self.registers[0xE1:0xE8] = struct.pack("<hBbBbb", h2, h3, h4 >> 4, nibbles, h5 >> 4, h6)
        self._reset()
        self._at = 0

    def written(self, data: bytes) -> None:
        if not data:
            return
        self._at = data[0]
        for value in data[1:]:
            if self._at == 0xE0:
                self._reset()
                return
            self.registers[self._at] = value
            if self._at == 0xF4 and value & 0b11 == 0b01:
                self._measure()

    def read(self, count: int) -> bytes:
        return bytes(self.registers[self._at : self._at + count])

    def _reset(self) -> None:
        self.registers[0xF2] = self.registers[0xF4] = 0
        self.registers[0xF7:0xFF] = self.RESET

    def _measure(self) -> None:
        if self.loses_power:
            self._reset()
            return
        raw_t = _smallest(lambda raw: self._celsius(raw) >= self.celsius, 1 << 20)
        fine = self._fine(raw_t)
        raw_h = _smallest(lambda raw: self._humidity(raw, fine) >= self.humidity_pct, 1 << 16)
        if self.registers[0xF4] >> 5:
            self.registers[0xFA:0xFD] = (raw_t << 4).to_bytes(3, "big")
        if self.registers[0xF2] & 7:
            self.registers[0xFD:0xFF] = raw_h.to_bytes(2, "big")

    def _fine(self, raw: int) -> int:
        t1, t2, t3 = self.t
        one = (((raw >> 3) - (t1 << 1)) * t2) >> 11
        return one + ((((((raw >> 4) - t1) ** 2) >> 12) * t3) >> 14)

    def _celsius(self, raw: int) -> float:
        return ((self._fine(raw) * 5 + 128) >> 8) / 100

    def _humidity(self, raw: int, fine: int) -> float:
        h1, h2, h3, h4, h5, h6 = self.h
        v = fine - 76800
        scale = ((((v * h6) >> 10) * (((v * h3) >> 11) + 32768)) >> 10) + 2097152
        v = (((raw << 14) - (h4 << 20) - (h5 * v) + 16384) >> 15) * ((scale * h2 + 8192) >> 14)
        v -= ((((v >> 15) * (v >> 15)) >> 7) * h1) >> 4
        return (max(0, min(v, 419430400)) >> 12) / 1024


def _smallest(holds: Callable[[int], bool], below: int) -> int:
    low, high = 0, below - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
