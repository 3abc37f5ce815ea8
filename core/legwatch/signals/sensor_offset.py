"""The offset of the two thermometers: their difference in an empty bed, each evening anew.

An empty bed has the room's temperature, so what is left between the two readings is the sensors'
own fault, which can be 1 C and more (DHT22: 0.5 C each). Without a room sensor the same moment
tells the room's temperature itself.
"""

from typing import NamedTuple

from legwatch.named_tuples import maker
from legwatch.rounding import hundredths, thousandths
from legwatch.signals.occupancy import Occupancy
from legwatch.signals.room_warmth import RoomWarmth
from legwatch.signals.sensed import Sensed
from legwatch.signals.thermometer import RECENT_SAMPLES

QUIET_MS = 1_200_000  # no turn and no change of the air for this long
AIRED_MS = 5_400_000  # after somebody has left; a mattress keeps its warmth for an hour and more
FLAT_C = 0.3  # of the air by the legs meanwhile: its noise and a room's slow drift
MOST_C = 2.0  # a larger difference is no offset but somebody's warmth
WEIGHT = 0.1  # of a new minute: settled within twenty


class SensorOffset(NamedTuple):
    """The offset, and the air of the room, as an empty bed has shown them, C."""

    offset_c: float | None = None  # leg less room
    room_c: float | None = None  # the room at last, as the leg sensor would tell it


_make = maker(SensorOffset)


def estimate(
    was: SensorOffset, sensors: Sensed, presence: Occupancy, room_warmth: RoomWarmth
) -> SensorOffset:
    """Take one minute in, if the bed is surely empty and long enough so.

    While the room's thermometer is doubted, the room is what it was before.
    """
    offset_c, was_c = was
    room_c, doubted = sensors.room.celsius, room_warmth.doubted_ms is not None
    if doubted:
        room_c = room_warmth.follow_c
    if room_c is not None:
        now = thousandths(room_c + offset_c) if offset_c else room_c
        was = was if now == was_c else _make((offset_c, now))
    if presence.in_bed or doubted:
        return was  # as in most minutes
    at_ms, leg, _, movement = sensors[:4]
    c = leg.celsius
    unsure = presence.in_bed is None and presence.entered_ms is not None
    if c is None or unsure or len(leg.recent_c) < RECENT_SAMPLES:
        return was
    left, turned = presence.left_ms, movement.turned_ms
    if (left is not None and at_ms - left < AIRED_MS) or (turned or 0) > at_ms - QUIET_MS:
        return was
    if hundredths(max(leg.recent_c) - min(leg.recent_c)) > FLAT_C:
        return was
    if room_c is None:
        return SensorOffset(was.offset_c, _nearer(was.room_c, c))
    off = hundredths(c - room_c)
    if abs(off) > MOST_C:
        return was
    return SensorOffset(_nearer(was.offset_c, off), was.room_c)


def _nearer(was: float | None, now: float) -> float:
    return round(now if was is None else was + WEIGHT * (now - was), 3)


def correct(zero: SensorOffset, leg_c: float, room_c: float | None) -> tuple[float, float | None]:
    """Return both temperatures with half the offset taken off each: either sensor may have it.

    Where the room's sensor says nothing, the room is what it said last, or what the empty bed had.
    """
    offset_c, was_c = zero
    half = (offset_c or 0.0) / 2
    if room_c is None:
        return leg_c - half, None if was_c is None else was_c - half
    return leg_c - half, room_c + half
