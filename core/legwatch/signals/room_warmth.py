"""Does the room's thermometer become warm as no room does? Then it lies in a bed, or in the sun."""

from typing import NamedTuple

from legwatch.named_tuples import maker
from legwatch.rounding import hundredths

FOLLOWS_C = 0.1  # a minute, by which a heated room becomes warmer (a strong heater: 6 C an hour)
DOUBTED_C = 0.02  # a minute of doubt: a room that stays warm is believed again
FADES_C = 0.02  # a minute, by which a room that cools is followed: it may be aired, and warm again
ABOVE_C, NEAR_C = 2.0, 1.0  # above what is followed: doubted from here on, believed again to here
MINUTE_MS = 60_000


class RoomWarmth(NamedTuple):
    """What the room may be, and since when its thermometer says more; None: it does not."""

    follow_c: float | None = None  # while it is doubted: what the room was before
    doubted_ms: int | None = None


_make = maker(RoomWarmth)


def update(was: RoomWarmth, room_c: float | None, at_ms: int, *, back: bool) -> RoomWarmth:
    """Take one minute in; a hole in the readings changes nothing.

    `back`: the readings have come back in this minute. The room may have any warmth then.
    """
    if room_c is None:
        return was
    follow_c, doubted_ms = was
    if follow_c is None:
        return _make((room_c, None))
    if room_c <= follow_c:
        if doubted_ms is None and room_c == follow_c:
            return was
        return _make((max(room_c, hundredths(follow_c - FADES_C)), None))
    if doubted_ms is None:
        follow_c = min(room_c, hundredths(follow_c + FOLLOWS_C))
        if room_c - follow_c < ABOVE_C:
            return _make((follow_c, None))
        return _make((room_c, None) if back else (follow_c, at_ms))
    # What is doubted is not followed, or a heater beneath it would count as the room's warmth.
    stayed_c = DOUBTED_C * (at_ms - doubted_ms) / MINUTE_MS
    if room_c - follow_c - stayed_c > NEAR_C:
        return was
    return _make((follow_c if room_c - follow_c < ABOVE_C else room_c, None))
