"""Are the data good enough? Sensors that are missing, implausible, stuck, displaced or doubtful."""

from collections.abc import Iterator
from typing import NamedTuple

from legwatch.conditions import witness
from legwatch.conditions.verdict import (
    WELL,
    Figures,
    Firing,
    Reason,
    Rule,
    Severity,
    Verdict,
    unknown,
    yes,
)
from legwatch.limits.rules import Rules, is_night
from legwatch.observation import Observation
from legwatch.signals.coverage import is_steady
from legwatch.signals.occupancy import UNSTIRRED_MS, believed_mat
from legwatch.signals.repeated_values import STILL_AIR_MS

RECENT_MS = 120_000  # what was heard within this time is not missing


def judge(
    displaced_since_ms: int | None,
    seen: Observation,
    rules: Rules,
    firing: Firing | None,
    bad_ms: int | None = None,
) -> Verdict:
    """Judge whether a sensor that is set up or was heard is missing, implausible, stuck or blind.

    `displaced_since_ms`: since when the leg sensor has the room's air beside a sleeper. `bad_ms`:
    when a sensor was last bad: it is back only after it has been well for `health.back_s`.
    """
    # Before the first window, `window_ms` is when the bed was expected: no sensor is late yet.
    if not seen.back_ms or seen.at_ms - seen.window_ms > rules.health.stale_s * 1000:
        return unknown(Reason.AGENT_SILENT)
    calm = displaced_since_ms is None and not seen.leg_stuck and _is_well(seen)
    worst = None if calm else _worst(displaced_since_ms, seen, rules)
    if worst:
        return worst if is_night(seen.at_ms, rules) else unknown(worst.reason)
    if not firing:
        return WELL
    if firing.reason is not None and not _can_tell(firing.reason, seen, rules):
        return unknown(firing.reason)
    steady = bad_ms is None or seen.at_ms - bad_ms >= rules.health.back_s * 1000
    good_ms = seen.leg.good_since_ms
    steady = steady and (good_ms is None or seen.at_ms - good_ms >= rules.health.back_s * 1000)
    return WELL if steady and _is_steady(seen) else unknown(Reason.NO_READINGS)


def _is_steady(seen: Observation) -> bool:
    """Return True if no sensor still comes and goes: one that is back would soon be lost again."""
    return (
        is_steady(seen.leg_heard)
        and is_steady(seen.movement_heard)
        and (is_steady(seen.room_heard) or not seen.room.expected)
    )


def _is_well(seen: Observation) -> bool:
    """Return True if every sensor has reported lately, and none is doubtful: as in most minutes."""
    recent_ms = seen.at_ms - RECENT_MS
    leg, room, movement = seen.leg, seen.room, seen.movement
    if not leg.expected or leg.good_ms is None or leg.good_ms < recent_ms:
        return False
    if room.expected and (room.good_ms is None or room.good_ms < recent_ms):
        return False
    if movement.heard_ms is None or movement.heard_ms < recent_ms:
        return False
    moved_ms = movement.moved_ms[-1] if movement.moved_ms else 0
    if seen.occupancy.in_bed and moved_ms < (seen.occupancy.entered_ms or 0):
        return False
    return witness.is_calm(seen, moved_ms)


def _can_tell(reason: Reason, seen: Observation, rules: Rules) -> bool:
    """Return True if it can be seen now whether the sensor works again.

    An empty bed does not prove that a movement sensor works, nor that a thermometer lies in it.
    """
    if reason in (Reason.MOVEMENT_SILENT, Reason.MOVEMENT_QUIET):
        return _has_moved_lately(seen, rules)
    if reason is Reason.NOT_IN_BED:
        return witness.is_warm_by_leg(seen)
    if reason in (Reason.DISPLACED, Reason.EXCHANGED) and seen.contrast_c is not None:
        return seen.contrast_c >= rules.presence.rise_c
    return True


def _has_moved_lately(seen: Observation, rules: Rules) -> bool:
    moved_ms = seen.movement.moved_ms
    lately_ms = max(rules.health.alert_s, rules.health.back_s) * 1000
    return bool(moved_ms) and seen.at_ms - moved_ms[-1] <= lately_ms


def _worst(displaced_since_ms: int | None, seen: Observation, rules: Rules) -> Verdict | None:
    """Return a verdict on the first sensor that is bad for long, None: there is none."""
    for missing in _missing(seen, rules):
        return missing
    stuck = _stuck(seen, rules) or _displaced(displaced_since_ms, seen, rules)
    if stuck:
        return stuck
    for found in witness.complaints(seen, rules):
        known: Figures = () if found.known_min is None else (("known_min", found.known_min),)
        return yes(
            Severity.WARNING,
            found.reason,
            found.since_ms,
            evidence=(("sensor", found.sensor), *known),
        )
    return None


def _displaced(since_ms: int | None, seen: Observation, rules: Rules) -> Verdict | None:
    """Return YES if the leg sensor has the room's air for `health.slipped_s`, beside a sleeper."""
    limit_s = rules.health.slipped_s
    if since_ms is None or not seen.settled or seen.at_ms - since_ms < limit_s * 1000:
        return None
    if not _stirs_since(since_ms, seen):
        return None
    rule = Rule("health.slipped_s", float(limit_s))
    return yes(Severity.WARNING, Reason.DISPLACED, since_ms, rule)


def _stirs_since(since_ms: int, seen: Observation) -> bool:
    """Return True if somebody is surely there: the air of a bed that was left is the room's, too.

    Who sleeps stirs within an hour.
    """
    if believed_mat(seen.occupancy) or not seen.movement_known:
        return True
    moved_ms = seen.movement.moved_ms
    return seen.at_ms - since_ms >= UNSTIRRED_MS or bool(moved_ms and moved_ms[-1] > since_ms)


def _stuck(seen: Observation, rules: Rules) -> Verdict | None:
    since_ms, limits = seen.leg.same_since_ms, rules.health
    if not seen.leg_stuck or since_ms is None:
        return None
    rule = None  # neither limit, but what air beside a sleeper never does
    if seen.at_ms - since_ms >= limits.stuck_s * 1000:
        rule = Rule("health.stuck_s", float(limits.stuck_s))
    elif seen.at_ms - since_ms < STILL_AIR_MS:
        rule = Rule("health.frozen_s", float(limits.frozen_s))
    return yes(Severity.WARNING, Reason.STUCK, since_ms, rule)


class _Lack(NamedTuple):
    """A sensor that gives nothing since `since_ms`; `by_silence`: only since it sees nothing."""

    reason: Reason
    since_ms: int
    by_silence: bool = False


def _missing(seen: Observation, rules: Rules) -> Iterator[Verdict]:
    """Yield a verdict on each sensor that has given nothing for too long."""
    for reason, since_ms, by_silence in _lacks(seen, rules):
        limit_s = rules.stillness.silent_s if by_silence else rules.health.alert_s
        if seen.at_ms - since_ms >= limit_s * 1000:
            path = "stillness.silent_s" if by_silence else "health.alert_s"
            yield yes(Severity.WARNING, reason, since_ms, Rule(path, float(limit_s)))


def _lacks(seen: Observation, rules: Rules) -> Iterator[_Lack]:
    """Yield every sensor that is set up or has been heard of, most important first."""
    movement, back_ms = seen.movement, seen.back_ms
    known = movement.expected or seen.leg.expected or seen.room.expected
    if back_ms and not known and seen.occupancy.in_bed is None:
        yield _Lack(Reason.NO_SENSOR, back_ms)
    for thermometer in (seen.leg, seen.room):
        if thermometer.expected:
            reason = Reason.IMPLAUSIBLE if thermometer.implausible else Reason.NO_READINGS
            yield _Lack(reason, max(thermometer.good_ms or 0, back_ms))
    if not movement.expected:
        return
    yield _Lack(Reason.MOVEMENT_MISSING, max(movement.heard_ms or 0, back_ms))
    entered_ms = seen.occupancy.entered_ms
    if seen.occupancy.in_bed is not True or entered_ms is None:
        return
    last_ms = movement.moved_ms[-1] if movement.moved_ms else 0
    if last_ms < entered_ms - rules.presence.moves_in_s * 1000:
        # If the mat has seen somebody get in (not only found somebody in bed after a gap in the
        # windows), a working movement sensor has seen the movement, too.
        mat_saw_entry = back_ms < entered_ms == seen.occupancy.mat_since_ms
        yield _Lack(Reason.MOVEMENT_SILENT, entered_ms, by_silence=not mat_saw_entry)
