"""Judge cold alerts by the truth: true or false, uncoverings caught, cold skin reported."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch_lab.score.alert import AlertSpan
from legwatch_lab.truth import NightTruth, TrueUncovering

MINUTE_MS = 60_000
LOOK_BACK_MS = 10 * MINUTE_MS  # an alert so soon after the cover is back is still true
WARM_SKIN_C = 30.0  # covered and with warmer skin, nobody needs an alert
LONG_MS = 30 * MINUTE_MS  # a shorter uncovering needs no alert
SETTLE_MS, SETTLE_RETURN_MS = 40 * MINUTE_MS, 20 * MINUTE_MS
RETURN_MS = 30 * MINUTE_MS  # a shorter time out of bed is a return
WARM_ROOM_C = 26.0  # no leg skin below 28 C in 6 h in such a room, even at 1 m/s (JOS-3 runs)
COLD_SKIN_C, VERY_COLD_SKIN_C = 28.0, 26.0
STRETCH_MS = 10 * MINUTE_MS
LATEST_MS = 60 * MINUTE_MS
LEGS = ("both_legs", "one_leg", "all")


class UncoveringOutcome(NamedTuple):
    """An uncovering that counts, and whether a cold alert caught it."""

    from_ms: int
    to_ms: int
    what: str
    side: str
    caught: bool
    delay_min: float | None  # None: not caught, or an alert was firing before
    sound_min: float | None  # until the first sound during it


class Crossing(NamedTuple):
    """The leg skin has fallen below 28 C; `lead_min` None: no alert, positive: alert first."""

    at_ms: int
    lead_min: float | None


class ColdSkin(NamedTuple):
    """Minutes in bed with cold skin in one night; `*_told_min`: with a cold alert firing."""

    cold_min: float
    cold_told_min: float
    very_cold_min: float
    very_cold_told_min: float
    crossings: tuple[Crossing, ...]


def is_truly_cold(truth: NightTruth, at_ms: int) -> bool:
    """Return True if a cold alert at this time is true."""
    begin_ms = at_ms - LOOK_BACK_MS
    if any(u.from_ms <= at_ms and begin_ms < u.to_ms for u in truth.uncovered):
        return True
    return cold_skin(truth, begin_ms, at_ms)


def cold_skin(truth: NightTruth, from_ms: int, to_ms: int) -> bool:
    """Return True if leg or foot skin was below 30 C in bed between `from_ms` and `to_ms`."""
    begin_ms, step_ms, _ = truth.leg_skin
    first_ms = from_ms + (begin_ms - from_ms) % step_ms
    for at_ms in (from_ms, *range(first_ms, to_ms, step_ms), to_ms):
        skins = (truth.leg_skin.at(at_ms), truth.foot_skin.at(at_ms))
        colder = min((c for c in skins if c is not None), default=WARM_SKIN_C)
        if colder < WARM_SKIN_C and truth.stay(at_ms) is not None:
            return True
    return False


def uncovering_outcomes(
    truth: NightTruth, colds: Sequence[AlertSpan], *, feet: bool = False
) -> tuple[UncoveringOutcome, ...]:
    """Return the uncoverings of legs (or of feet alone) that count."""
    return tuple(
        _outcome(u, colds)
        for u in truth.uncovered
        if (u.what == "feet" if feet else u.what in LEGS) and _eligible(truth, u)
    )


def _eligible(truth: NightTruth, u: TrueUncovering) -> bool:
    if u.to_ms - u.from_ms < LONG_MS:
        return False
    stay = truth.stay(u.from_ms)
    if stay is None:
        return False
    entered_ms = truth.in_bed[stay].from_ms
    back = stay > 0 and entered_ms - truth.in_bed[stay - 1].to_ms < RETURN_MS
    if u.from_ms - entered_ms < (SETTLE_RETURN_MS if back else SETTLE_MS):
        return False
    room_c = truth.room.at(u.from_ms)
    if room_c is not None and room_c >= WARM_ROOM_C:
        return False
    return not any(f.from_ms < u.to_ms and u.from_ms < f.to_ms for f in truth.faults)


def _outcome(u: TrueUncovering, colds: Sequence[AlertSpan]) -> UncoveringOutcome:
    fired_before = any(alert.at_ms < u.from_ms and alert.stands(u.from_ms) for alert in colds)
    within = [a.at_ms for a in colds if u.from_ms <= a.at_ms <= u.to_ms]
    sounds = [
        a.sound_ms for a in colds if a.sound_ms is not None and u.from_ms <= a.sound_ms <= u.to_ms
    ]
    delay_min = sound_min = None
    if within and not fired_before:
        delay_min = (min(within) - u.from_ms) / MINUTE_MS
        sound_min = (min(sounds) - u.from_ms) / MINUTE_MS if sounds else None
    return UncoveringOutcome(
        from_ms=u.from_ms,
        to_ms=u.to_ms,
        what=u.what,
        side=u.side,
        caught=fired_before or bool(within),
        delay_min=delay_min,
        sound_min=sound_min,
    )


def skin(truth: NightTruth, colds: Sequence[AlertSpan]) -> ColdSkin:
    """Return the minutes of cold skin, and the crossings."""
    cold_min = [0.0, 0.0]
    very_cold_min = [0.0, 0.0]
    step_min = truth.leg_skin.step_ms / MINUTE_MS
    for at_ms, in_bed, leg_c, _ in truth.skin():
        if not in_bed or leg_c >= COLD_SKIN_C:
            continue
        firing = any(alert.stands(at_ms) for alert in colds)
        for limit_c, minutes in ((COLD_SKIN_C, cold_min), (VERY_COLD_SKIN_C, very_cold_min)):
            if leg_c < limit_c:
                minutes[0] += step_min
                minutes[1] += step_min * firing
    crossed = tuple(Crossing(at_ms, _lead(at_ms, colds)) for at_ms in crossings(truth))
    return ColdSkin(cold_min[0], cold_min[1], very_cold_min[0], very_cold_min[1], crossed)


def crossings(truth: NightTruth) -> tuple[int, ...]:
    """Return the times at which leg skin fell below 28 C in bed and stayed there for 10 min."""
    found = []
    begun: int | None = None  # begin of the current cold time
    fell = was_warm = False  # True: warm, in bed, one step before
    end_ms = truth.leg_skin.begin_ms + len(truth.leg_skin.values) * truth.leg_skin.step_ms
    for at_ms, in_bed, leg_c, _ in (*truth.skin(), (end_ms, False, COLD_SKIN_C, COLD_SKIN_C)):
        cold = in_bed and leg_c < COLD_SKIN_C
        if cold and begun is None:
            begun, fell = at_ms, was_warm
        elif not cold and begun is not None:
            if fell and at_ms - begun >= STRETCH_MS:
                found.append(begun)
            begun = None
        was_warm = in_bed and not cold
    return tuple(found)


def _lead(at_ms: int, colds: Sequence[AlertSpan]) -> float | None:
    for alert in colds:
        if alert.stands(at_ms) or at_ms <= alert.at_ms <= at_ms + LATEST_MS:
            return (at_ms - alert.at_ms) / MINUTE_MS
    return None
