"""Since when the air by the legs has been where a body, a bottle or a mistake puts it.

What one thermometer shows is a witness for and against the other sensors: air far above the room is
a body that a movement sensor must feel sooner or later; air as warm as skin is no air under a
cover; air far below the room's is a sensor in the wrong place.
"""

from typing import NamedTuple

from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.signals.thermometer import Thermometer, rise_20_min_c

FAR_C = 5.0  # above the room: no bed that nobody lies in keeps this (bench of nights: 0-2 C)
BELOW_C = 4.0  # below the room: no draught or floor does this to air in a bed
SKIN_K = 1.0  # of the way from room to skin; covers keep 0.55-0.9 (JOS-3 runs)
NEAR_K = 0.95  # the same where the air has risen to it
SKIN_C = 33.0  # the same where no room is known
WAVERS_C, WAVERS_K = 0.4, 0.03  # by so much a sensor under a body may waver
# A well covered bed in a warm room comes as near to skin, but slowly; a leg that comes to lie on
# the sensor makes it rise so much within twenty minutes. In a cold room no cover does that.
UPON_RISE_C = 1.0
COLD_ROOM_C = 17.0
SETTLED_MS = 2_400_000  # in bed for so long, it is not the warming of the bed any more
HOLE_MS = 900_000  # readings further apart belong to different times


class BedWarmth(NamedTuple):
    """Since when each has held, UTC ms; None: it does not."""

    heard_ms: int | None = None  # the last minute that was judged
    warm_ms: int | None = None  # far above the room
    skin_ms: int | None = None  # as warm as skin
    below_ms: int | None = None  # far below the room
    highest_k: float = 0.0  # of this stay in bed: of the way from room to skin
    stay_ms: int | None = None  # which stay that is
    begun_ms: int | None = None  # since when minutes are judged without a long hole
    room_ms: int | None = None  # the room's, measured or as the evening's empty bed has shown it


_make = maker(BedWarmth)


def update(
    was: BedWarmth,
    leg_c: float | None,
    room_c: float | None,
    at_ms: int,
    rules: Rules,
    *,
    k: float | None,
    leg: Thermometer,
    told_room_c: float | None,
    entered_ms: int | None,
    goes_on: bool,
) -> BedWarmth:
    """Take one minute in; a short hole in the readings changes nothing.

    `k`: the relative warmth. `told_room_c`: what the room's thermometer says, also if it is not
    believed. `goes_on`: the stay in bed is that of the minute before, also after a short absence.
    """
    if leg_c is None:
        return was
    if was.heard_ms is None or at_ms - was.heard_ms > HOLE_MS:
        was = BedWarmth(begun_ms=at_ms)
    _, warm_ms, skin_ms, below_ms, highest_k, _, begun_ms, room_ms = was
    far = leg_c >= rules.presence.warm_c if room_c is None else leg_c - room_c >= FAR_C
    as_skin = _is_as_skin(leg_c, room_c, k, before=skin_ms is not None)
    if as_skin and skin_ms is None:
        long = entered_ms is not None and at_ms - entered_ms >= SETTLED_MS
        upon = long and rise_20_min_c(leg) >= UPON_RISE_C
        cold_room = room_c is not None and room_c <= COLD_ROOM_C
        as_skin = upon or (cold_room and k is not None and k >= SKIN_K)
    as_room = room_c is not None and leg_c - room_c <= rules.warmth.slipped_c
    below = told_room_c is not None and told_room_c - leg_c >= BELOW_C
    if not goes_on:
        highest_k = 0.0
    if k is not None and k > highest_k:
        highest_k = round(k, 2)
    return _make(
        (
            at_ms,
            (warm_ms or at_ms) if far else None,
            (skin_ms or at_ms) if as_skin else None,
            (below_ms or at_ms) if below else None,
            highest_k,
            entered_ms,
            begun_ms,
            (room_ms or at_ms) if as_room else None,
        )
    )


def _is_as_skin(leg_c: float, room_c: float | None, k: float | None, *, before: bool) -> bool:
    """Return True if the air is about as warm as skin; `before`: it was so a minute ago."""
    if room_c is None:
        return leg_c >= (SKIN_C - WAVERS_C if before else SKIN_C)
    return k is not None and k >= (NEAR_K - WAVERS_K if before else NEAR_K)


def is_at_skin(leg_c: float | None, k: float | None) -> bool:
    """Return True if the air is as warm as skin itself, and not only nearly so."""
    if k is None:
        return leg_c is not None and leg_c >= SKIN_C
    return k >= SKIN_K


def relative_warmth(leg_c: float, room_c: float | None, rules: Rules) -> float | None:
    """Return k = (leg - room) / (skin - room), or None without a room sensor or in a hot room."""
    skin_c = rules.warmth.skin_c
    if room_c is None or room_c >= skin_c - 1:
        return None
    return (leg_c - room_c) / (skin_c - room_c)
