"""Pulse trains of movement lines, each as the seconds from one edge to the next.

They are made: no recording of an SW-420 was found. They follow what is told of it. A pulse takes
1-20 ms, a knock gives many, with gaps that grow up to 200 ms, and the spring comes to rest in
either state. Modules with the same comparator rest active, and pulse to inactive.
"""

import random

WINDOW_S = 10.0

Train = tuple[float, ...]  # the line changes after each of these times

KNOCK: Train = (0, 0.003, 0.001, 0.005, 0.002, 0.009, 0.004, 0.012, 0.018, 0.007, 0.06, 0.002)
SPACINGS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.19)
HOLD: Train = (3, 120)  # a PIR
GLITCH: Train = (1, 0.0001)  # noise of a contact, or of a phone on the wire


def evenly(edges: int, apart_s: float) -> Train:
    """Return so many edges, each so long after the one before."""
    return (0, *[apart_s] * (edges - 1))


def knock(seed: int, edges: int = 12) -> Train:
    """Return a knock: pulses of 1-20 ms, and gaps between them that grow up to 200 ms."""
    chance = random.Random(seed)
    gaps = sorted(chance.uniform(0.001, 0.19) ** 2 / 0.19 + 0.001 for _ in range(edges // 2 - 1))
    widths = [chance.uniform(0.001, 0.02) for _ in range(edges // 2)]
    later = (part for pair in zip(gaps, widths[1:], strict=True) for part in pair)
    return (0, widths[0], *later)


def pulses(number: int, seed: int = 0) -> Train:
    """Return short pulses of 2-20 ms, with gaps of 2-40 ms between them."""
    chance = random.Random(seed)
    return tuple(chance.uniform(0.002, most_s) for _ in range(number) for most_s in (0.04, 0.02))


def turn(seed: int, edges: int) -> Train:
    """Return somebody who turns over: knocks of six edges, half a second apart."""
    knocks = [knock(seed + n, 6) for n in range(edges // 6)]
    return tuple(part for one in knocks for part in (0.5, *one[1:]))


def every(period_s: float, times: int) -> Train:
    """Return a line that runs free: one short pulse again and again."""
    return (period_s, 0.005) * times
