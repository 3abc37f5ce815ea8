"""The readings of a minute's windows, sorted by the signal that takes them in."""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from legwatch.events import Window
from legwatch.named_tuples import maker
from legwatch.signals import movement as movements
from legwatch.signals.movement import MovementSample
from legwatch.signals.occupancy import MatSample
from legwatch.signals.repeated_values import PairSample
from legwatch.signals.thermometer import RawSample, quantize

# What a minute asks of a window; to take it all out at once is faster than field by field.
_asked = itemgetter(
    *map(
        Window._fields.index,
        ("to_ms", "leg_c", "leg_rh", "room_c", "moves", "moved_s", "active_s", "in_bed", "faults"),
    )
)


class Samples(NamedTuple):
    """The readings of one minute; none is unknown."""

    legs: list[RawSample]
    rooms: list[RawSample]
    moves: list[MovementSample]
    mat: list[MatSample]  # where its word changes, and its last word
    pairs: list[PairSample]
    faulty: set[str]  # sensors of which the agent reported a fault
    still: bool  # nothing moved in any window


_sorted = maker(Samples)


def sort_out(windows: Sequence[Window]) -> Samples:
    """Sort the readings of a minute by sensor, in one pass: what is unknown is no sample."""
    legs: list[RawSample] = []
    rooms: list[RawSample] = []
    moves: list[MovementSample] = []
    mat: list[MatSample] = []
    pairs: list[PairSample] = []
    faulty: set[str] = set()
    still, word_ms = True, 0
    word: bool | None = None
    for window in windows:
        to_ms, leg_c, rh, room_c, count, moved_s, active_s, in_bed, faults = _asked(window)
        if leg_c is not None:
            leg_c = quantize(leg_c)
            legs.append((to_ms, leg_c))
            if rh is not None:
                pairs.append((to_ms, leg_c, rh))
        if room_c is not None:
            rooms.append((to_ms, quantize(room_c)))
        if count is not None:
            if count or moved_s or active_s:
                still = False
                moves.append(movements.sample(window))
            else:  # as most windows: nothing moved, and nothing has to be measured
                moves.append((to_ms, 0, 0, None, False, 0))
        if in_bed is not None:
            if in_bed is not word:  # what it repeats says nothing more, but when it was said last
                word = in_bed
                mat.append((to_ms, in_bed))
            word_ms = to_ms
        if faults:
            faulty.update(sensor for sensor, _ in faults)
    if word is not None:
        mat.append((word_ms, word))
    return _sorted((legs, rooms, moves, mat, pairs, faulty, still))
