"""An ADS1115 on an I2C bus, by the registers of its data sheet (SBAS444).

It stands where Adafruit's libraries open the device file of the bus: `Adafruit_PureIO.smbus.SMBus`.
"""

import errno
from collections.abc import Callable

WORKS = object()  # what `broken` returns when the bus does what it should
CONVERSION, CONFIG = 0, 1
RESET = 0x8583  # of CONFIG
START, MUX, GAIN, SINGLE = 0x8000, 0x7000, 0x0E00, 0x0100
RANGES_V = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)


class Ads1115:
    """The chip; `inputs` are its four voltages."""

    def __init__(self, address: int = 72) -> None:
        self.address, self.inputs = address, [1.0, 0.0, 0.0, 0.0]
        self.broken: Callable[[], object] = lambda: WORKS  # raises, waits, or returns no bytes
        self.never_ready = False
        self.loses_power()

    def loses_power(self) -> None:
        self._registers, self._pointer, self._busy = {CONVERSION: 0, CONFIG: RESET}, 0, 0

    def written(self, data: bytes) -> None:
        if not data:
            return  # somebody asks whether it is there
        self._pointer = data[0] & 3
        if len(data) == 3:
            self._registers[self._pointer] = int.from_bytes(data[1:])
            config = self._registers[CONFIG]
            if self._pointer == CONFIG and config & START and config & SINGLE:
                self._busy = 2
                self._registers[CONVERSION] = self._convert(config)

    def read(self, length: int) -> bytes:
        found = self._registers.get(self._pointer, 0)
        if self._pointer == CONFIG:
            busy, self._busy = self._busy > 0 or self.never_ready, max(0, self._busy - 1)
            found = found & ~START if busy else found | START
        return found.to_bytes(2)[:length]

    def _convert(self, config: int) -> int:
        mux = (config & MUX) >> 12
        assert mux >= 4, "an input against ground"
        full_v = RANGES_V[(config & GAIN) >> 9]
        count = round(self.inputs[mux - 4] * 32768 / full_v)
        return max(-32768, min(32767, count)) & 0xFFFF


def bus_with(chip: Ads1115) -> type:
    """Return a class to put in the place of SMBus."""

    class SMBus:
        def __init__(self, number: int) -> None:
            self.number = number

        def write_bytes(self, addr: int, buf: bytes) -> None:
            self._asked(addr)
            chip.written(bytes(buf))

        def read_bytes(self, addr: int, number: int) -> object:
            broken = self._asked(addr)
            return chip.read(number) if broken is WORKS else broken

        def read_i2c_block_data(self, addr: int, cmd: bytes, length: int = 32) -> object:
            broken = self._asked(addr)
            chip.written(bytes(cmd))
            return chip.read(length) if broken is WORKS else broken

        def _asked(self, addr: int) -> object:
            broken = chip.broken()
            if addr != chip.address:
                raise OSError(errno.EREMOTEIO, "Remote I/O error")
            return broken

    return SMBus
