"""Was the air in the bed damp for long while somebody lay there? Then the sleeper sweated, likely.

Only minutes count in which the sensor is believed: a wet one, one that lies on skin or beside a
bottle, and one that has slipped out say nothing of the air in the bed, neither damp nor dry.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.conditions import witness
from legwatch.conditions.verdict import WELL, Reason, Rule, Severity, Verdict, unknown, yes
from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.night import hour_and_night, is_within
from legwatch.observation import Observation
from legwatch.signals.damp_air import DRY_PCT, Air, by_legs, middle_by_legs, of_room

HOT_C = 35.0  # a body makes no air warmer than its skin: a bottle, or a heated pad
ROOM_MS = 600_000  # the room, and the empty bed, change slowly: they are asked every ten minutes
BOTTLE_MIN = 360  # so long a bottle warms a bed, and dries or dampens what lies on it


class DampNight(NamedTuple):
    """One night so far, in minutes; `night` is the ordinal of its date."""

    night: int = 0
    room_kpa: float | None = None  # vapour of the room, as its sensor last told it
    empty_kpa: float | None = None  # the same of the empty bed in the evening
    lain_min: int = 0  # somebody lay there, or may have
    known_min: int = 0  # of these: with air that is believed
    damp_min: int = 0  # of these: damp, and for long enough
    run_min: int = 0  # damp without a dry minute between
    spoilt: bool = False  # the sensor was wet or stuck: not believed before a dry minute
    bottle_min: int = 0  # left of the time in which a bottle counts
    top_kpa: float = 0.0  # the dampest air that counts
    out_min: int = 0  # out of bed since so long
    told: bool = False


_make = maker(DampNight)


def update(
    was: DampNight,
    windows: Sequence[Window],
    seen: Observation,
    rules: Rules,
    *,
    displaced: bool,
) -> DampNight:
    """Take one minute in; `displaced`: the leg sensor has slipped out, or may have."""
    hour, night = hour_and_night(seen.at_ms, rules.zone)
    now = was if was.night == night else DampNight(night)
    air = by_legs(windows, rules.health)
    if air is not None and air.celsius > HOT_C:
        now = now._replace(bottle_min=BOTTLE_MIN)
    elif now.bottle_min:
        now = now._replace(bottle_min=now.bottle_min - 1)
    asked = seen.at_ms % ROOM_MS == 0 or now.room_kpa is None or now.run_min
    if asked and seen.room.expected:
        now = _with_room(now, windows, seen, rules)
    dark = is_within(hour, rules.night.from_h, rules.night.to_h)
    if dark and seen.occupancy.in_bed:
        return _lying(now, air, windows, seen, rules, displaced=displaced)
    return _not_lying(now, air, seen, rules, dark=dark)


def judge(now: DampNight, rules: Rules) -> Verdict:
    """Judge the night so far; NO only if it stays so whatever the air was in unknown minutes."""
    note_s, known = rules.damp.note_s, now.known_min * 60
    if not note_s:
        return unknown(Reason.NOT_WATCHED)
    if now.damp_min * 60 >= note_s:
        rule = Rule("damp.note_s", float(note_s))
        evidence = (
            ("damp_min", now.damp_min),
            ("known_min", now.known_min),
            ("lain_min", now.lain_min),
            ("damp_kpa", now.top_kpa),
            ("usual_kpa", _usual_kpa(now)),
        )
        return yes(Severity.LOG, Reason.DAMP_BED, None, rule, evidence)
    may_be_min = now.lain_min - now.known_min + now.damp_min
    return WELL if known >= note_s > may_be_min * 60 else unknown(Reason.NO_READINGS)


def _usual_kpa(now: DampNight) -> float | None:
    """Return the vapour that the bed has from the room; None: it is not known."""
    return now.empty_kpa if now.room_kpa is None else now.room_kpa


def _with_room(
    now: DampNight, windows: Sequence[Window], seen: Observation, rules: Rules
) -> DampNight:
    room = of_room(windows, rules.health)
    if room is None or not room.is_believed or seen.room_warmth.doubted_ms is not None:
        return now
    return now._replace(room_kpa=room.kpa)


def _not_lying(
    now: DampNight, air: Air | None, seen: Observation, rules: Rules, *, dark: bool
) -> DampNight:
    in_bed, lost = seen.occupancy.in_bed, seen.occupancy.lost_ms is not None
    if not now.lain_min and not lost and in_bed is not True:
        if now.empty_kpa is not None and seen.at_ms % ROOM_MS:
            return now
        return now._replace(empty_kpa=_evening_kpa(now, air, rules, empty=in_bed is False))
    if in_bed is False:
        lain_min = now.lain_min + (dark and _may_lie_there(seen))
        out_min = now.out_min + 1
        return now._replace(lain_min=lain_min, run_min=0, spoilt=False, out_min=out_min)
    return now._replace(lain_min=now.lain_min + 1) if dark else now


def _may_lie_there(seen: Observation) -> bool:
    """Return True if only the air says that it was left: a mat denies it, or something moves."""
    occupancy, moved_ms = seen.occupancy, seen.movement.moved_ms
    if occupancy.mat:
        return True
    if not occupancy.air_left or occupancy.left_ms is None:
        return False
    return bool(moved_ms) and moved_ms[-1] > occupancy.left_ms


def _evening_kpa(now: DampNight, air: Air | None, rules: Rules, *, empty: bool) -> float | None:
    """Return the vapour of the empty bed; where it may not be empty, the driest air counts."""
    if air is None or not air.is_believed or air.celsius >= rules.presence.warm_c:
        return now.empty_kpa
    return air.kpa if empty or now.empty_kpa is None else min(air.kpa, now.empty_kpa)


def _lying(
    now: DampNight,
    air: Air | None,
    windows: Sequence[Window],
    seen: Observation,
    rules: Rules,
    *,
    displaced: bool,
) -> DampNight:
    """Count one minute of somebody who lies there."""
    (night, room_kpa, empty_kpa, lain, known, damp, run, spoilt, bottle, top_kpa, _, told) = now
    lain += 1
    if air is not None and (run or not DRY_PCT < air.pct < rules.damp.rh_pct):
        air = middle_by_legs(windows, rules.health)
    if seen.leg_stuck or (air is not None and not air.is_believed):
        # Take back what the run has counted: the sensor was becoming wet, or was stuck.
        known, damp = known - run, damp - _counted(run, rules)
        run, spoilt = 0, True
    elif air is None or seen.leg_c is None or (room_kpa is None and empty_kpa is None):
        pass
    elif displaced or bottle or _is_elsewhere(seen):
        run = 0
    elif not _is_damp(air, now, rules):
        run = 0
        if not spoilt or air.pct < rules.damp.rh_pct:  # it may dry for hours
            spoilt = False
            known += seen.warmth.warm_ms is not None  # air that no body warms is not that of a bed
    elif not spoilt:
        known, run = known + 1, run + 1
        damp += _counted(run, rules) - _counted(run - 1, rules)
        top_kpa = max(top_kpa, air.kpa)
    return _make(
        (night, room_kpa, empty_kpa, lain, known, damp, run, spoilt, bottle, top_kpa, 0, told)
    )


def _is_damp(air: Air, now: DampNight, rules: Rules) -> bool:
    limits, usual_kpa = rules.damp, _usual_kpa(now)
    if air.pct < limits.rh_pct or air.celsius < rules.presence.warm_c or usual_kpa is None:
        return False  # as in most minutes
    least_kpa = limits.clear_kpa if now.run_min else limits.kpa
    return air.kpa >= max(least_kpa, usual_kpa + limits.above_room_kpa)


def _counted(run_min: int, rules: Rules) -> int:
    """Return how much of a run counts: all or nothing."""
    return run_min if run_min * 60 >= rules.damp.hold_s else 0


def _is_elsewhere(seen: Observation) -> bool:
    """Return True if the sensor shows skin, the room, or what no bed is: not the air in the bed."""
    slipped = seen.occupancy.slipped_ms is not None
    return slipped or seen.warmth.skin_ms is not None or witness.cannot_see(seen) is not None
