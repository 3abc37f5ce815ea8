"""Which bouts of movement are turns, by this sensor: a turn is many times a twitch.

How much a sensor gives for a second of movement differs a hundredfold from one to the next, and
nobody tells. But bouts come in three heaps everywhere: twitches of a second, turns of about seven,
and ways in and out of about twenty. So each bout says how well each yield a second explains it,
and once more is known, the bouts before it are judged anew.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.signals.movement import MovementSample

OF_TWITCH = 2.8  # times what a second yields: a turn; two twitches of 1.6 s seldom come as one
OF_LARGEST = 4.0  # the largest bouts, of somebody who gets in, are more than so many twitches
KEPT = 8  # bouts larger than all later ones; that many steps down seldom come
TURNS = 4  # turns kept
OCTAVE = 2  # steps in which sizes and yields double
SECONDS, EDGES = (-4, 0), (-1, 12)  # steps of what a second may yield: 0.25-1 s, or 0.7-64 edges
FAINT_S = 0.1  # an edge of which the agent has measured no time
FADES, LARGEST_FADES = 0.98, 0.99  # with each bout: another place of the sensor is learned anew
LEAST_LOG = -30.0  # what is known against a yield; more would keep it from ever coming back
STEPS = 20  # steps from what a second yields, in which the farthest bouts end


class Heap(NamedTuple):
    """One kind of movement: its share, how long it is with its spread, how often over windows."""

    share: float
    median_s: float
    spread: float  # of the natural logarithm
    windows: float  # share that goes on in the next window of 10 s


HEAPS = (
    Heap(0.35, 1.0, 0.42, 0.02),  # twitches
    Heap(0.5, 7.0, 0.8, 0.3),  # turns
    Heap(0.12, 20.0, 0.6, 0.5),  # getting in and out
)
OTHER = 0.0075  # of anything else, at any size


class Bout(NamedTuple):
    """A bout of movement, in seconds where the agent measures them, else in edges."""

    end_ms: int
    size: float


class Turning(NamedTuple):
    """What is known of the turns of one bed by its movement sensor."""

    turned_ms: int | None = None  # the end of the last turn
    end_ms: int = 0  # of the last window with an edge
    size: float = 0.0  # of the bout that goes on; 0: none does
    goes_on: bool = False  # it is longer than one window
    larger: tuple[Bout, ...] = ()  # bouts that are larger than all later ones, newest last
    logs: tuple[float, ...] = ()  # how well each yield a second explains all bouts, best: 0
    largest: float = 0.0  # of the bouts of late
    least: float = 0.0  # from which a bout is a turn
    seconds: bool = False  # bouts are in seconds
    turns: tuple[Bout, ...] = ()  # the last bouts that were turns by what was known then


_make = maker(Turning)


def _heaps_log(step: int, *, goes_on: bool) -> float:
    """Return the log likelihood of a bout so many steps larger than what a second yields."""
    found = OTHER
    for share, median_s, spread, windows in HEAPS:
        far = (step / OCTAVE * math.log(2) - math.log(median_s)) / spread
        part = windows if goes_on else 1 - windows
        found += share * part * math.exp(-0.5 * far * far) / (spread * math.sqrt(2 * math.pi))
    return round(math.log(found), 2)


_LOGS = tuple(
    tuple(_heaps_log(step, goes_on=goes_on) for step in range(-STEPS, STEPS + 1))
    for goes_on in (False, True)
)


def update(
    was: Turning, samples: Sequence[MovementSample], rules: Rules, *, seconds: bool
) -> Turning:
    """Take one minute in; `seconds`: the agent measures them."""
    posture_moves = rules.stillness.posture_moves
    now, moves = was, False
    for to_ms, edges, moved_s, _, is_measured, length_s in samples:
        if not edges:
            continue
        moves = True
        size = (moved_s if is_measured else FAINT_S) if seconds else float(edges)
        if now.size and to_ms - length_s * 1000 <= now.end_ms:
            size = round(size + now.size, 1)
            now = now._replace(end_ms=to_ms, size=size, goes_on=True)
        else:
            now = _closed(now, posture_moves)
            now = now._replace(end_ms=to_ms, size=size, goes_on=False, seconds=seconds)
    if not moves:
        return _closed(was, posture_moves) if samples and was.size else was
    if now.size >= now.least and now.least:
        return now._replace(turned_ms=now.end_ms)
    return now


def turns_since(now: Turning, since_ms: int) -> int:
    """Return how many of the last turns are younger, and still turns by what is known now."""
    return sum(bout.end_ms >= since_ms and bout.size >= now.least for bout in now.turns)


def _closed(was: Turning, posture_moves: int) -> Turning:
    """Learn from the bout that has ended, and judge those before by what is known now."""
    turned_ms, end_ms, size, goes_on, larger, logs, largest, least, seconds, turns = was
    if not size:
        return was
    low, high = SECONDS if seconds else EDGES
    if len(logs) != high - low + 1:  # another kind of sensor, or the first bout
        logs, largest, larger, turns = (0.0,) * (high - low + 1), 0.0, (), ()
    if seconds or size > 1:  # a nervous line gives single edges for nothing
        logs = _learned(logs, low, size, goes_on=goes_on)
        largest = round(max(size, largest * LARGEST_FADES), 1)
    least = OF_TWITCH * _yield_of(logs, low)
    if not seconds:
        least = max(float(posture_moves), min(least, largest / OF_LARGEST))
    bout = Bout(end_ms, size)
    larger = _steps(larger, bout)
    if size >= least:
        turns = (*turns[1 - TURNS :], bout)
    turned_ms = next((one.end_ms for one in reversed(larger) if one.size >= least), turned_ms)
    return _make(
        (turned_ms, end_ms, 0.0, False, larger, logs, largest, round(least, 2), seconds, turns)
    )


def _learned(logs: tuple[float, ...], low: int, size: float, *, goes_on: bool) -> tuple[float, ...]:
    """Return how well each yield explains the bouts, with one more."""
    found, step = _LOGS[goes_on], round(OCTAVE * math.log2(size))
    more = [
        FADES * log + found[STEPS + max(-STEPS, min(STEPS, step - low - place))]
        for place, log in enumerate(logs)
    ]
    best = max(more)
    return tuple(round(max(LEAST_LOG, log - best), 2) for log in more)


def _yield_of(logs: tuple[float, ...], low: int) -> float:
    """Return what a second yields: as likely more as less."""
    shares = [math.exp(log) for log in logs]
    left = sum(shares) / 2
    place = 0
    while left > shares[place]:
        left -= shares[place]
        place += 1
    return 2 ** ((low + place - 0.5 + left / shares[place]) / OCTAVE)


def _steps(larger: tuple[Bout, ...], bout: Bout) -> tuple[Bout, ...]:
    """Add the last bout, and forget those that it hides; it is the newest of its size."""
    kept = (*(one for one in larger if one.size > bout.size), bout)
    if len(kept) <= KEPT:
        return kept
    # The one that is most like the larger one before it.
    near = min(range(1, KEPT), key=lambda place: kept[place - 1].size / kept[place].size)
    return kept[:near] + kept[near + 1 :]
