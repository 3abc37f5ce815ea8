"""What was told in one night about the cover and about lying still, judged by the truth."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from legwatch_lab.bench.trees import Heard, Sound
from legwatch_lab.score import cold, still
from legwatch_lab.score.alert import AlertSpan
from legwatch_lab.score.cold import LOOK_BACK_MS, MINUTE_MS, UncoveringOutcome
from legwatch_lab.truth import NightTruth, TrueUncovering

LATE_MS = 8 * MINUTE_MS  # a sound so soon after the cover is back is none too late
AFTER_MS = 60 * MINUTE_MS  # a later sound has another cause
COVERED_MS = 30 * MINUTE_MS  # a cover that stays back for so long is back
AGAIN_MS = 60 * MINUTE_MS  # an early sign and its alert are one first sign
STILL_MS, NEAR_MS = 4 * 60 * MINUTE_MS, 10 * MINUTE_MS
ABSENT_MS = (15 * MINUTE_MS, 90 * MINUTE_MS)


class Told(NamedTuple):
    """One night. `covered_*` are also those over cold skin, which are not false."""

    signs: tuple[UncoveringOutcome, ...]  # by first sign
    alerts: tuple[UncoveringOutcome, ...]  # by alert, heard or not
    sounds: tuple[UncoveringOutcome, ...]  # by sound
    false_signs: int
    false_alerts: int
    covered_signs: int
    false_sounds: int
    covered_sounds: int
    empty_sounds: int
    late_sound: bool
    stops_min: tuple[float, ...]  # from the cover's return until nobody is told on
    stills: tuple[bool, ...]  # for each time of lying still for 4 h: told
    false_stills: int


def judged(truth: NightTruth, said: Heard, *, feet: bool = False) -> Told:
    """Judge what was said in one night; `feet`: the uncoverings are those of feet alone."""
    colds = [alert for alert in said.alerts if alert.kind == "cold"]
    loud = [alert._replace(at_ms=alert.sound_ms) for alert in colds if alert.sound_ms is not None]
    first = [*(AlertSpan("cold", at, "log", "", "", end_ms=at) for at in said.signs), *colds]
    begun = sorted(alert.at_ms for alert in first)
    audible = [(alert.at_ms, alert.sound_ms) for alert in colds if alert.sound_ms is not None]
    return Told(
        signs=cold.uncovering_outcomes(truth, first, feet=feet),
        alerts=cold.uncovering_outcomes(truth, colds, feet=feet),
        sounds=cold.uncovering_outcomes(truth, loud, feet=feet),
        false_signs=_apart([at for at in begun if _is_false_sign(truth, at)]),
        false_alerts=_apart([a.at_ms for a in colds if _is_false_sign(truth, a.at_ms)]),
        covered_signs=_apart([at for at in begun if _was_covered(truth, at)]),
        false_sounds=sum(_is_false_alert(truth, *times) for times in audible),
        covered_sounds=sum(all(_is_covered(truth, at) for at in times) for times in audible),
        empty_sounds=sum(truth.stay(sound.at_ms) is None for sound in said.sounds),
        late_sound=any(
            is_late(truth, sound.at_ms) for sound in said.sounds if sound.kind == "cold"
        ),
        stops_min=tuple(_stops(truth, colds, said)),
        stills=tuple(_stills(truth, said)),
        false_stills=_false_stills(truth, said),
    )


def absences(truth: NightTruth) -> int:
    """Return how often somebody was up for 15 to 90 min between two stays."""
    least_ms, most_ms = ABSENT_MS
    return sum(least_ms <= b.from_ms - a.to_ms <= most_ms for a, b in pairwise(truth.in_bed))


def brief_uncoverings(truth: NightTruth) -> int:
    """Return how often legs were bare for too short to count."""
    return sum(u.what in cold.LEGS and u.to_ms - u.from_ms < cold.LONG_MS for u in truth.uncovered)


def is_late(truth: NightTruth, at_ms: int) -> bool:
    """Return True if at `at_ms` the cover has been back for more than 8 min and up to an hour."""
    stay = truth.stay(at_ms)
    if stay is None or any(u.from_ms <= at_ms < u.to_ms for u in truth.uncovered):
        return False
    back_ms = max((u.to_ms for u in truth.uncovered if u.to_ms <= at_ms), default=0)
    return LATE_MS < at_ms - back_ms <= AFTER_MS and truth.stay(back_ms) == stay


def _is_covered(truth: NightTruth, at_ms: int) -> bool:
    """Return True if somebody lies there, and the cover has been over the legs for 10 min."""
    bare = any(u.from_ms <= at_ms and at_ms - LOOK_BACK_MS < u.to_ms for u in truth.uncovered)
    return truth.stay(at_ms) is not None and not bare


def _was_covered(truth: NightTruth, at_ms: int) -> bool:
    """Return the same of a sign that may also say "or nobody there": nobody has just come back."""
    return _is_covered(truth, at_ms) and truth.stay(at_ms - LOOK_BACK_MS) is not None


def _is_false_sign(truth: NightTruth, at_ms: int) -> bool:
    return _was_covered(truth, at_ms) and not cold.is_truly_cold(truth, at_ms)


def _is_false_alert(truth: NightTruth, at_ms: int, sound_ms: int) -> bool:
    """Return True for an alert that was true neither when it began nor when it was heard."""
    there = truth.stay(sound_ms) is not None
    return there and not any(cold.is_truly_cold(truth, at) for at in (at_ms, sound_ms))


def _apart(times: Sequence[int]) -> int:
    """Count times; those within an hour of a counted one are the same sign."""
    count, last_ms = 0, -AGAIN_MS
    for at_ms in times:
        if at_ms - last_ms >= AGAIN_MS:
            count, last_ms = count + 1, at_ms
    return count


def _stops(truth: NightTruth, colds: Sequence[AlertSpan], said: Heard) -> Iterator[float]:
    """Yield the minutes from a return of the cover until no more is told of the alert before."""
    for bare in truth.uncovered:
        back_ms, until_ms = bare.to_ms, _covered_until(truth, bare)
        if bare.what not in cold.LEGS or until_ms - back_ms < COVERED_MS:
            continue
        if not any(_goes_on(alert, back_ms, said.calmed) for alert in colds):
            continue
        calm_ms = min((at for at in said.calmed if back_ms <= at), default=until_ms)
        stop_ms = max(calm_ms, _last_sound(said.sounds, back_ms, back_ms + AFTER_MS) or 0)
        yield (min(stop_ms, until_ms) - back_ms) / MINUTE_MS


def _goes_on(alert: AlertSpan, at_ms: int, calmed: Sequence[int]) -> bool:
    began_ms = alert.at_ms
    return began_ms <= at_ms and not any(began_ms <= calm_ms < at_ms for calm_ms in calmed)


def _last_sound(sounds: Sequence[Sound], from_ms: int, to_ms: int) -> int | None:
    mine = [s.at_ms for s in sounds if s.kind == "cold" and from_ms <= s.at_ms <= to_ms]
    return max(mine, default=None)


def _covered_until(truth: NightTruth, bare: TrueUncovering) -> int:
    """Return until when the sleeper lies there covered after an uncovering."""
    stay = truth.stay(bare.to_ms)
    if stay is None:
        return bare.to_ms
    again = [u.from_ms for u in truth.uncovered if u.to_ms > bare.to_ms]
    return max(bare.to_ms, min([truth.in_bed[stay].to_ms, *again]))


def _stills(truth: NightTruth, said: Heard) -> Iterator[bool]:
    """Yield for each 4 h without a turn whether that was told about then."""
    told = [alert.at_ms for alert in said.alerts if alert.kind == "still"]
    told += [sound.at_ms for sound in said.sounds if sound.kind == "still"]
    for stay in truth.in_bed:
        turns = [at for at in truth.turns if stay.from_ms < at < stay.to_ms]
        for began_ms, ended_ms in pairwise([stay.from_ms, *turns, stay.to_ms]):
            if ended_ms - began_ms >= STILL_MS:
                yield any(abs(at - began_ms - STILL_MS) <= NEAR_MS for at in told)


def _false_stills(truth: NightTruth, said: Heard) -> int:
    limit_s = STILL_MS / 1000
    times = [alert.at_ms for alert in said.alerts if alert.kind == "still"]
    return sum(not still.is_truly_still(truth, at, limit_s) for at in times)
