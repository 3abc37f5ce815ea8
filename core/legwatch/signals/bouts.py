"""Bouts of movement: how large the last one was beside what is usual for this sensor.

Who gets out of bed makes a larger bout than who turns. How many edges and seconds a sensor gives
differs a hundredfold from one to the next, so a bout is measured against the mean of its logarithm.
"""

import math
from typing import NamedTuple

from legwatch.named_tuples import maker

APART_MS = 90_000  # movement so soon after is the same bout
LEAST_WEIGHT = 0.12  # of a new bout in what is usual; the first ones count more
FARTHEST = 1.2  # a bout beyond this moves the usual no more than one at it
LEAST_S, LEAST_EDGES = 1.0, 2  # a bout below both is a twitch, and says nothing of what is usual
FIRST = 1.5  # logarithm of what a turn usually is, before any is known: 4 s, 4 edges
BEFORE_MS, AFTER_MS = 720_000, 360_000  # a bout so near to the begin of a fall may have begun it


class Bouts(NamedTuple):
    """The bouts of one bed; sizes are natural logarithms, 0: as usual, 0.7: twice that."""

    end_ms: int | None = None  # of the last bout
    begin_ms: int = 0
    seconds: float = 0.0
    edges: int = 0
    usual_s: float | None = None
    usual_edges: float | None = None
    bouts: int = 0  # from how many that is known
    learned: bool = True  # the last bout is among them
    onset_ms: int | None = None  # begin of the largest bout when the present fall began
    onset_size: float = 0.0
    before_ms: int | None = None  # end of the bout before the last one
    before_size: float = 0.0
    most_ms: int | None = None  # the largest minute of late
    most_s: float = 0.0


_make = maker(Bouts)


def update(was: Bouts, moved_s: float, edges: int, peak_ms: int, at_ms: int) -> Bouts:
    """Take one minute in: seconds and edges of movement; `peak_ms`: when the air began to fall."""
    moves = moved_s > 0 or edges > 0
    if not moves and (was.learned or at_ms - (was.end_ms or 0) <= APART_MS):
        return was if at_ms - peak_ms else _without_onset(was, at_ms)
    end_ms, begin_ms, seconds, count_of_edges, usual_s, usual_edges, count, learned = was[:8]
    onset_ms, onset_size, before_ms, before_size, most_ms, most_s = was[8:]
    goes_on = end_ms is not None and at_ms - end_ms <= APART_MS
    if not learned and not goes_on:
        usual_s, usual_edges, count = _learned(was)
        learned = True
    if moves:
        if end_ms is not None and not goes_on:
            before_ms, before_size = end_ms, size(was)
        if most_ms is None or moved_s >= most_s or at_ms - most_ms > BEFORE_MS:
            most_ms, most_s = at_ms, moved_s
        begin_ms = begin_ms if goes_on else at_ms
        seconds = round(moved_s + (seconds if goes_on else 0.0), 1)
        count_of_edges = edges + (count_of_edges if goes_on else 0)
        end_ms, learned = at_ms, False
    now = _make(
        (
            end_ms,
            begin_ms,
            seconds,
            count_of_edges,
            usual_s,
            usual_edges,
            count,
            learned,
            onset_ms,
            onset_size,
            before_ms,
            before_size,
            most_ms,
            most_s,
        )
    )
    if not moves:
        return now
    return _with_onset(now, peak_ms, at_ms)


def size(now: Bouts) -> float:
    """Return the size of the last bout, by its edges; 0 before any."""
    return _size(now.edges, now.usual_edges) if now.end_ms is not None else 0.0


def size_s(now: Bouts) -> float:
    """Return the size of the last bout, by its seconds; 0 before any."""
    return _size(now.seconds, now.usual_s) if now.end_ms is not None else 0.0


def most_s(now: Bouts, at_ms: int) -> float:
    """Return the seconds with movement in the largest minute of the last twelve."""
    return 0.0 if now.most_ms is None or at_ms - now.most_ms > BEFORE_MS else now.most_s


def _size(value: float, usual: float | None) -> float:
    return round(math.log(0.5 + value) - (FIRST if usual is None else usual), 3)


def _without_onset(was: Bouts, at_ms: int) -> Bouts:
    """Forget what began an earlier fall, once the air is near its warmest again."""
    if was.onset_ms is None or at_ms - was.onset_ms <= BEFORE_MS:
        return was
    return was._replace(onset_ms=None, onset_size=0.0)


def _with_onset(now: Bouts, peak_ms: int, at_ms: int) -> Bouts:
    """Let the last bout be what began the fall, if it is the largest of those near its begin."""
    if at_ms - peak_ms > AFTER_MS:
        return now
    mine = size(now)
    old = now.onset_ms is None or now.onset_ms < peak_ms - BEFORE_MS
    if old or now.onset_ms == now.begin_ms or mine >= now.onset_size:
        return now._replace(onset_ms=now.begin_ms, onset_size=mine)
    return now


def _learned(was: Bouts) -> tuple[float | None, float | None, int]:
    """Return what a bout usually is, after the last one."""
    if was.seconds < LEAST_S and was.edges < LEAST_EDGES:
        return was.usual_s, was.usual_edges, was.bouts
    weight = max(LEAST_WEIGHT, 1 / (was.bouts + 1))
    seconds, edges = math.log(0.5 + was.seconds), math.log(0.5 + was.edges)
    return (
        _toward(was.usual_s, seconds, weight),
        _toward(was.usual_edges, edges, weight),
        min(round(1 / LEAST_WEIGHT), was.bouts + 1),
    )


def _toward(was: float | None, value: float, weight: float) -> float:
    if was is None:
        return round(value, 3)
    return round(was + weight * max(-FARTHEST, min(FARTHEST, value - was)), 3)
