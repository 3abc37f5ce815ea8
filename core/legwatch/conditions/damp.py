"""Was the air in the bed damp for long while somebody lay there? Then the sleeper sweated, likely.

Only minutes count in which the sensor is believed: a wet one, one that lies on skin or beside a
bottle, and one that has slipped out say nothing of the air in the bed, neither damp nor dry.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.conditions import witness
from legwatch.conditions.verdict import WELL, Reason, Rule, Severity, Verdict, unknown, yes
from legwatch.events import Window
from legwatch.limits.rules import Rules, is_night
from legwatch.named_tuples import maker
from legwatch.night import night_of
from legwatch.observation import Observation
from legwatch.signals.damp_air import Air, by_legs, of_room

HOT_C = 35.0  # a body makes no air warmer than its skin: a bottle, or a heated pad
BOTTLE_MIN = 180  # so long a bottle warms a bed, and dries or dampens what lies on it


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
    night = night_of(seen.at_ms, rules.zone).toordinal()
    now = was if was.night == night else DampNight(night)
    if not windows and not now.lain_min:
        return now
    air, room = by_legs(windows), of_room(windows)
    if room is not None and room.is_believed and seen.room_warmth.doubted_ms is None:
        now = now._replace(room_kpa=room.kpa)
    if air is not None and air.celsius > HOT_C:
        now = now._replace(bottle_min=BOTTLE_MIN)
    elif now.bottle_min:
        now = now._replace(bottle_min=now.bottle_min - 1)
    in_bed = seen.occupancy.in_bed
    if in_bed is True and is_night(seen.at_ms, rules):
        return _lying(now._replace(out_min=0), air, seen, rules, displaced=displaced)
    return _not_lying(now, air, seen, rules)


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


def _not_lying(now: DampNight, air: Air | None, seen: Observation, rules: Rules) -> DampNight:
    occupancy = seen.occupancy
    in_bed, evening = occupancy.in_bed, not now.lain_min and occupancy.lost_ms is None
    if evening and in_bed is not True:
        return now._replace(empty_kpa=_evening_kpa(now, air, rules, empty=in_bed is False))
    if in_bed is False:
        return now._replace(run_min=0, spoilt=False, out_min=now.out_min + 1)
    return now._replace(lain_min=now.lain_min + is_night(seen.at_ms, rules))


def _evening_kpa(now: DampNight, air: Air | None, rules: Rules, *, empty: bool) -> float | None:
    """Return the vapour of the empty bed; where it may not be empty, the driest air counts."""
    if air is None or not air.is_believed or air.celsius >= rules.presence.warm_c:
        return now.empty_kpa
    return air.kpa if empty or now.empty_kpa is None else min(air.kpa, now.empty_kpa)


def _lying(
    now: DampNight, air: Air | None, seen: Observation, rules: Rules, *, displaced: bool
) -> DampNight:
    """Count one minute of somebody who lies there."""
    now = now._replace(lain_min=now.lain_min + 1)
    if seen.leg_stuck or (air is not None and not air.is_believed):
        return _spoilt(now, rules)
    usual_kpa = _usual_kpa(now)
    if air is None or seen.leg_c is None or usual_kpa is None:
        return now
    if displaced or now.bottle_min or _is_elsewhere(seen):
        return now._replace(run_min=0)
    limits, kpa = rules.damp, air.kpa
    damp = (
        kpa >= (limits.clear_kpa if now.run_min else limits.kpa)
        and kpa - usual_kpa >= limits.above_room_kpa
        and air.pct >= limits.rh_pct
        and air.celsius >= rules.presence.warm_c
    )
    if not damp:
        return now._replace(known_min=now.known_min + 1, run_min=0, spoilt=False)
    if now.spoilt:
        return now
    run_min, least = now.run_min + 1, _least_min(rules)
    more = run_min if run_min == least else int(run_min > least)
    return now._replace(
        known_min=now.known_min + 1,
        damp_min=now.damp_min + more,
        run_min=run_min,
        top_kpa=max(now.top_kpa, kpa),
    )


def _is_elsewhere(seen: Observation) -> bool:
    """Return True if the sensor shows skin, the room, or what no bed is: not the air in the bed."""
    slipped = seen.occupancy.slipped_ms is not None
    return slipped or seen.warmth.skin_ms is not None or witness.cannot_see(seen) is not None


def _spoilt(now: DampNight, rules: Rules) -> DampNight:
    """Take back what the present run has counted: the sensor was becoming wet, or was stuck."""
    counted = now.run_min if now.run_min >= _least_min(rules) else 0
    return now._replace(
        known_min=now.known_min - now.run_min,
        damp_min=now.damp_min - counted,
        run_min=0,
        spoilt=True,
    )


def _least_min(rules: Rules) -> int:
    return max(1, rules.damp.hold_s // 60)
