"""A change point in the contrast of bed and room: how far, how fast, and where it will settle.

k = (leg - room) / (skin - room) hardly moves with the room's own temperature nor with an offset of
both thermometers, and falls within minutes when a cover is lifted. What it was before is the median
of the quarter of an hour that ended eight minutes ago: a slow drift takes that along, and is no
change. Which of the figures below were chosen on the bench of nights is told in
tests/bench/detection.md.
"""

from typing import NamedTuple

from legwatch.rules import Warmth as Limits

KEPT = 26  # values, one a minute, the newest last
RECENT = 8  # of these, the ones that are not "before"
FEWEST = 12  # fewer cannot tell what was before
WARMEST_K = 0.88  # a sensor lain upon, or beside a bottle, is no measure of a covered bed
UPON_K = 0.97  # nearly as warm as skin is no air under a cover, but a leg upon the sensor
LOW_SHARE = 0.03  # a fall begins here: five times the noise of a DHT22's minute
SURE_SHARE, MOVES_K = 0.10, 0.012  # below the one it has to fall by the other in two minutes
RISING_K = 0.012  # above the lowest of the last minutes: it comes back by itself
RISING = 4
DEEP_SHARE = 0.25  # bare legs let the contrast fall by a quarter to three quarters
REBOUND_K = 0.025  # as much is a lifted cover let down again
STRIDE = 5  # minutes between the three values that tell where it will settle


class Change(NamedTuple):
    """The memory of the contrast; shares are of what it was before, 0 to 1."""

    ks: tuple[float, ...] = ()
    before_k: float | None = None  # what it was before; kept as it is while a cold alert stands
    fallen: float = 0.0  # share by which it lies below that
    since_ms: int | None = None  # since when it has
    deepest: float = 0.0  # of the present fall
    told: bool = False  # a cold alert stands
    freed: bool = False  # the present fall began where the sensor was as warm as skin


NOTHING = Change()


def follow(was: Change, k: float | None, at_ms: int, *, firing: bool) -> Change:
    """Take one minute's contrast in; `firing`: a cold alert stands."""
    keeps = firing and was.before_k is not None
    if k is None:
        if not keeps:
            return NOTHING
        return Change(before_k=was.before_k, deepest=was.deepest, told=True, freed=was.freed)
    k = round(k, 3)
    ks = (*was.ks[1 - KEPT :], k)
    before = was.before_k if keeps else _before(ks)
    if before is None or before <= 0:
        return Change(ks)
    before = min(before, WARMEST_K)
    fallen = round(1 - k / before, 3)
    if firing:
        since_ms = was.since_ms or at_ms
        deepest = max(was.deepest, fallen)
        return Change(ks, before, fallen, since_ms, deepest, told=True, freed=was.freed)
    # A little lower for long is another way to lie, and not yet the begin of a fall.
    if fallen < LOW_SHARE or (fallen < SURE_SHARE and ks[-3:][0] - k < MOVES_K):
        return Change(ks, before, fallen)
    # A cover that is lifted again and again lets the air come back between, if not all the way.
    if was.since_ms is None or was.told or k - min(ks[-RISING:]) > REBOUND_K:
        return Change(ks, before, fallen, at_ms, fallen, freed=max(ks) > UPON_K)
    deepest = max(was.deepest, fallen)
    return Change(ks, before, fallen, was.since_ms, deepest, freed=was.freed)


def _before(ks: tuple[float, ...]) -> float | None:
    if len(ks) < FEWEST:
        return None
    old = ks[:-RECENT]
    return sorted(old)[len(old) // 2]


def came_back(now: Change) -> bool:
    """Say whether half of a deep fall has been made good: covered again, perhaps otherwise."""
    return now.deepest >= DEEP_SHARE and now.fallen <= now.deepest / 2 and not _sinks(now)


def _sinks(now: Change) -> bool:
    return len(now.ks) > RISING and now.ks[-RISING] - now.ks[-1] > MOVES_K


def rising(now: Change) -> bool:
    """Say whether the contrast is on its way back."""
    return now.ks[-1] - min(now.ks[-RISING:]) > RISING_K if now.ks else False


def stays(now: Change, limits: Limits) -> int | None:
    """Return since when it lies as low as after a fall, UTC ms, however still it lies there."""
    down = now.fallen >= limits.change_share and not rising(now)
    return now.since_ms if down else None


def settles_at(now: Change) -> float | None:
    """Return the contrast at which a cooling will settle, or None while that cannot be told.

    A body that cools by itself covers the same share of the way in the same time, so three values
    at equal distances give its end (Aitken's delta-squared).
    """
    if len(now.ks) <= 2 * STRIDE:
        return None
    first, middle, last = (now.ks[-1 - n * STRIDE] for n in (2, 1, 0))
    before, after = first - middle, middle - last
    if after <= 0.01 or before <= after:
        return None
    return last - after * after / (before - after)
