"""The highest rate at which a program loses nothing behind a broker with its own limits."""

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.pipe import Pipe, messages
from bench.stage import Bench, Subject

BEDS = 100
SETTLED_S = 1.0  # no further row for so long: what is missing is lost
LOWEST, STEP = 500.0, 1.15  # windows a second, and how much more each time
MOST_MISSES = 2  # a rate that fails may have met a moment of the machine


class Paced(NamedTuple):
    """How many windows were sent in a try, and how many of them were stored."""

    sent: int
    stored: int


def lossless_rate(subject: Subject, seconds: float, begin: float = LOWEST) -> float:
    """Return the highest rate of which nothing was lost; 0: even the first one lost something."""
    rate, best, misses = begin, 0.0, 0
    while misses < MOST_MISSES:
        found = paced(subject, rate, seconds)
        if found.stored == found.sent:
            best, misses = rate, 0
            rate *= STEP
        else:
            misses += 1
    return best


def paced(subject: Subject, rate: float, seconds: float) -> Paced:
    """Publish at a rate for some seconds, while the program is connected."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), stock=True)
        try:
            process = bench.start(subject, BEDS)
            time.sleep(1)
            pipe = Pipe(bench.port)
            pipe.pace(messages(BEDS, int(rate * seconds)), rate)
            pipe.drain()
            stored = _settled(bench, subject)
            assert process.code is None, process.said()
            process.kill()
        finally:
            bench.close()
    return Paced(pipe.sent, stored)


def _settled(bench: Bench, subject: Subject) -> int:
    """Return the number of windows when no more come."""
    seen, since_s = bench.rows(subject), time.monotonic()
    while time.monotonic() - since_s < SETTLED_S:
        time.sleep(0.05)
        now = bench.rows(subject)
        if now != seen:
            seen, since_s = now, time.monotonic()
    return seen
