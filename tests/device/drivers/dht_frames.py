"""Frames of a DHT22 as pulses on a line that is not there; the real library's own loop reads them.

Times are those of the data sheet: the sensor answers by 80 us low and 80 us high, then gives 40
bits, each 50 us low, then 26 us high for 0 or 70 us for 1. The line and the clock stand in for two
names of the library: `DigitalInOut` and `time`.
"""

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Any, Self

START_US, ANSWER_US, LOW_US, ZERO_US, ONE_US = 30, 80, 50, 26, 70
Pulses = list[int]  # the length of each level, which is high first


def frame(celsius: float, humidity_pct: float) -> bytes:
    """Return the five bytes that the data sheet documents."""
    tenths = round(celsius * 10)
    sign = 0x8000 if tenths < 0 else 0
    return summed(round(humidity_pct * 10), sign | abs(tenths))


def clone(celsius: float, humidity_pct: float) -> bytes:
    """Return what some clones give below zero: two's complement."""
    return summed(round(humidity_pct * 10), round(celsius * 10) & 0xFFFF)


def summed(humidity: int, temperature: int) -> bytes:
    data = humidity.to_bytes(2, "big") + temperature.to_bytes(2, "big")
    return data + bytes([sum(data) & 0xFF])


def pulses(data: bytes) -> Pulses:
    """Return the levels of the line from its release, high and low in turn."""
    bits = [data[i // 8] >> (7 - i % 8) & 1 for i in range(len(data) * 8)]
    each = [us for bit in bits for us in (LOW_US, ONE_US if bit else ZERO_US)]
    return [START_US, ANSWER_US, ANSWER_US, *each, LOW_US]


class Line:
    """The pin, its sensor, and the clock. `poll_us` says how long each look at the pin takes."""

    def __init__(self, train: Pulses, poll_us: Callable[[], float]) -> None:
        self._edges = list(accumulate(train))
        self._poll_us = poll_us
        self._now_us = 1_000_000.0
        self._released_us = self._now_us

    def __call__(self, _pin: object) -> "Line":
        return self  # as a new DigitalInOut

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "direction":
            self._released_us = self._now_us
        elif name != "value":  # the level that the machine gives ends with the release
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> bool:
        if name != "value":
            raise AttributeError(name)
        self._now_us += self._poll_us()
        passed = bisect_right(self._edges, self._now_us - self._released_us)
        if passed == len(self._edges):  # the line rests
            self._now_us += 1000
        return passed % 2 == 0 or passed == len(self._edges)

    def monotonic(self) -> float:
        return self._now_us / 1_000_000

    def sleep(self, seconds: float) -> None:
        self._now_us += seconds * 1_000_000
