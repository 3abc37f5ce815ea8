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
LOW_SHARE = 0.03  # a fall begins here: five times the noise of a DHT22's minute
FORGET = 0.995  # of a dip, a minute: half of it in two hours and a quarter
DIP_MARGIN, LONG_S = 0.08, 1_200
SURE_SHARE, MOVES_K = 0.10, 0.012  # below the one it has to fall by the other in two minutes
RISING_K = 0.012  # above the lowest of the last minutes: it comes back by itself
RISING = 4
FALLING = 2  # minutes in which an uncovered bed falls by these shares, until so many seconds
FALLS_BY = ((600, 0.055), (900, 0.015))
DEEP_SHARE = 0.25  # bare legs let the contrast fall by a quarter to three quarters
REBOUND_K = 0.025  # as much is a lifted cover let down again
# A sensor that slips out cools at its own pace, sooner than any bed: by this share after 4 min and
# so much more each minute, with a time constant of 9 min, the slowest that is allowed for.
SLIPS_SHARE, SLIPS_A_MIN, SLIPS_MOST, SLIPS_FROM_MIN = 0.40, 0.045, 0.77, 4
FORECAST_C = 0.5  # by which the end may be mistaken
FORECAST_MIN = 10  # from here on three values tell where it will settle
STRIDE = 5  # minutes between the three values that tell where it will settle


class Change(NamedTuple):
    """The memory of the contrast; shares are of what it was before, 0 to 1."""

    ks: tuple[float, ...] = ()
    before_k: float | None = None  # what it was before; kept as it is while a cold alert stands
    fallen: float = 0.0  # share by which it lies below that
    since_ms: int | None = None  # since when it has
    deepest: float = 0.0  # of the present fall
    dip: float = 0.0  # the deepest fall of this stay that came back by itself, slowly forgotten
    told: bool = False  # a cold alert stands


NOTHING = Change()


def follow(was: Change, k: float | None, at_ms: int, *, firing: bool) -> Change:
    """Take one minute's contrast in; `firing`: a cold alert stands."""
    keeps = firing and was.before_k is not None
    if k is None:
        return Change(before_k=was.before_k, deepest=was.deepest, told=True) if keeps else NOTHING
    k = round(k, 3)
    ks = (*was.ks[1 - KEPT :], k)
    before = was.before_k if keeps else _before(ks)
    dip = round(was.dip * FORGET, 3)
    if before is None or before <= 0:
        return Change(ks, dip=dip)
    before = min(before, WARMEST_K)
    fallen = round(1 - k / before, 3)
    if firing:
        since_ms = was.since_ms or at_ms
        return Change(ks, before, fallen, since_ms, max(was.deepest, fallen), dip, told=True)
    # A fall that was told of is no dip: it did not come back by itself.
    own = 0.0 if was.told else was.deepest
    # A little lower for long is another way to lie, and not yet the begin of a fall.
    if fallen < LOW_SHARE or (fallen < SURE_SHARE and ks[-3:][0] - k < MOVES_K):
        return Change(ks, before, fallen, dip=max(dip, own))
    # A cover that is lifted again and again lets the air come back between, if not all the way.
    if was.since_ms is None or was.told or k - min(ks[-RISING:]) > REBOUND_K:
        return Change(ks, before, fallen, at_ms, fallen, max(dip, own))
    return Change(ks, before, fallen, was.since_ms, max(own, fallen), dip)


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


def fell(now: Change, at_ms: int, limits: Limits, *, restless: bool) -> bool:
    """Say whether it has fallen as it does when a cover is lifted and stays away."""
    if now.since_ms is None or now.fallen < limits.change_share or rising(now):
        return False
    held_s = (at_ms - now.since_ms) // 1000
    if held_s >= LONG_S:
        return True
    if not _falls_on(now, held_s):
        return False
    # Who lifts the cover again and again tonight, and lowers it again, is given the time to do so.
    share = max(limits.change_share, now.dip + DIP_MARGIN)
    if not restless or now.fallen >= limits.change_deep_share:
        return now.fallen >= share and held_s >= limits.change_hold_s
    return now.fallen >= max(share, limits.restless_share) and held_s >= limits.restless_hold_s


def _falls_on(now: Change, held_s: int) -> bool:
    """Say whether it falls on, as under a cover that is off; a lifted one has ended its fall."""
    if len(now.ks) <= FALLING:
        return False
    by = (now.ks[-1 - FALLING] - now.ks[-1]) / (now.before_k or 1.0)
    return next((by >= share for until_s, share in FALLS_BY if held_s < until_s), True)


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


def slips(now: Change, span_c: float, at_ms: int, limits: Limits) -> bool:
    """Say whether the sensor seems to have left the bed: so fast, and on its way to the room's air.

    `span_c` is skin less room, by which a contrast becomes degrees.
    """
    if now.since_ms is None or now.fallen < SLIPS_SHARE:
        return False
    minutes = (at_ms - now.since_ms) / 60_000
    if now.fallen < min(SLIPS_MOST, SLIPS_SHARE + SLIPS_A_MIN * (minutes - SLIPS_FROM_MIN)):
        return False
    if minutes < FORECAST_MIN:
        return True
    end_k = settles_at(now)
    return (now.ks[-1] if end_k is None else end_k) * span_c < limits.slipped_c + FORECAST_C
