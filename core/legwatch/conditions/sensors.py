"""Are the data good enough? Sensors that are missing, implausible, stuck or displaced."""

from collections.abc import Iterator
from typing import NamedTuple

from legwatch.conditions.verdict import WELL, Firing, Reason, Rule, Severity, Verdict, unknown, yes
from legwatch.limits.rules import Rules, is_night
from legwatch.observation import Observation


def judge(
    displaced_since_ms: int | None, seen: Observation, rules: Rules, firing: Firing | None
) -> Verdict:
    """Judge whether a sensor that is set up or was heard is missing, implausible, stuck or blind.

    `displaced_since_ms`: since when the leg sensor has the room's air beside a sleeper.
    """
    if seen.at_ms - seen.window_ms > rules.health.stale_s * 1000:
        return unknown(Reason.AGENT_SILENT)
    if firing and firing.reason is Reason.MOVEMENT_SILENT and not _has_moved_lately(seen, rules):
        return unknown(firing.reason)  # an empty bed does not prove that the sensor works
    displaced = _displaced(displaced_since_ms, seen, rules)
    if not seen.leg_stuck and displaced is None and _is_well(seen, rules):
        return WELL
    missing, doubtful = _missing(seen, rules)
    worst = missing or _stuck(seen, rules) or displaced
    if worst:
        return worst if is_night(seen.at_ms, rules) else unknown(worst.reason)
    good_ms, back_ms = seen.leg.good_since_ms, rules.health.back_s * 1000
    steady = good_ms is None or seen.at_ms - good_ms >= back_ms
    return unknown(Reason.NO_READINGS) if doubtful or not steady else WELL


def _has_moved_lately(seen: Observation, rules: Rules) -> bool:
    moved_ms = seen.movement.moved_ms
    return bool(moved_ms) and seen.at_ms - moved_ms[-1] <= rules.health.alert_s * 1000


def _displaced(since_ms: int | None, seen: Observation, rules: Rules) -> Verdict | None:
    """Return YES if the leg sensor has the room's air for `health.slipped_s`, beside a sleeper."""
    limit_s = rules.health.slipped_s
    if since_ms is None or not seen.settled or seen.at_ms - since_ms < limit_s * 1000:
        return None
    rule = Rule("health.slipped_s", float(limit_s))
    return yes(Severity.WARNING, Reason.DISPLACED, since_ms, rule)


def _stuck(seen: Observation, rules: Rules) -> Verdict | None:
    since_ms, limits = seen.leg.same_since_ms, rules.health
    if not seen.leg_stuck or since_ms is None:
        return None
    if seen.at_ms - since_ms >= limits.stuck_s * 1000:
        rule = Rule("health.stuck_s", float(limits.stuck_s))
    else:
        rule = Rule("health.frozen_s", float(limits.frozen_s))
    return yes(Severity.WARNING, Reason.STUCK, since_ms, rule)


def _is_well(seen: Observation, rules: Rules) -> bool:
    """Return True if every sensor has reported lately without a gap: as in most minutes."""
    recent_ms = seen.at_ms - rules.health.back_s * 1000
    for thermometer in (seen.leg, seen.room):
        if thermometer.expected and (
            thermometer.good_ms is None or thermometer.good_ms < recent_ms
        ):
            return False
    since, movement = seen.leg.good_since_ms, seen.movement
    if since is not None and since > recent_ms:
        return False
    if not movement.moved_ms or movement.heard_ms is None or movement.heard_ms < recent_ms:
        return False
    return movement.moved_ms[-1] >= (seen.occupancy.entered_ms or 0)


class _Complaint(NamedTuple):
    """A sensor that is bad since `since_ms`; `by_silence`: only since it sees nothing."""

    reason: Reason
    since_ms: int
    by_silence: bool = False


def _missing(seen: Observation, rules: Rules) -> tuple[Verdict | None, bool]:
    """Return a verdict on the first sensor that is bad for long, and whether one is for a while."""
    limits, worst, doubtful = rules.health, None, False
    for complaint in _complaints(seen, rules):
        if complaint.by_silence:
            rule = Rule("stillness.silent_s", float(rules.stillness.silent_s))
        else:
            rule = Rule("health.alert_s", float(limits.alert_s))
        bad_ms = seen.at_ms - complaint.since_ms
        if bad_ms >= rule.value * 1000:
            worst = worst or yes(Severity.WARNING, complaint.reason, complaint.since_ms, rule)
        elif bad_ms > limits.back_s * 1000:
            doubtful = True
    return worst, doubtful


def _complaints(seen: Observation, rules: Rules) -> Iterator[_Complaint]:
    """Yield every sensor that is set up or has been heard of, most important first."""
    movement, back_ms = seen.movement, seen.back_ms
    known = movement.expected or seen.leg.expected or seen.room.expected
    if back_ms and not known and seen.occupancy.in_bed is None:
        yield _Complaint(Reason.NO_SENSOR, back_ms)
    for thermometer in (seen.leg, seen.room):
        if thermometer.expected:
            reason = Reason.IMPLAUSIBLE if thermometer.implausible else Reason.NO_READINGS
            yield _Complaint(reason, max(thermometer.good_ms or 0, back_ms))
    if not movement.expected:
        return
    yield _Complaint(Reason.MOVEMENT_MISSING, max(movement.heard_ms or 0, back_ms))
    entered_ms = seen.occupancy.entered_ms
    if seen.occupancy.in_bed is not True or entered_ms is None:
        return
    last_ms = movement.moved_ms[-1] if movement.moved_ms else 0
    if last_ms < entered_ms - rules.presence.moves_in_s * 1000:
        # If the mat has seen somebody get in (not only found somebody in bed after a gap in the
        # windows), a working movement sensor has seen the movement, too.
        mat_saw_entry = back_ms < entered_ms == seen.occupancy.mat_since_ms
        yield _Complaint(Reason.MOVEMENT_SILENT, entered_ms, by_silence=not mat_saw_entry)
