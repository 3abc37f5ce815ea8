"""Are the data good enough? Sensors missing, implausible, stuck or displaced; a silent agent."""

from legwatch.conditions.verdict import WELL, Reason, Severity, Verdict, unknown, yes
from legwatch.limits.rules import Rules
from legwatch.night import evening_of, in_hours
from legwatch.signals.movement import Movement
from legwatch.signals.occupancy import Occupancy
from legwatch.signals.thermometer import Thermometer


def judge_agent(window_ms: int, back_ms: int, at_ms: int, rules: Rules, *, firing: bool) -> Verdict:
    """Judge whether the agent is silent; `back_ms`: since when windows come without a gap.

    The alert fires only in the night hours, but a firing alert stays firing by day.
    """
    limits = rules.health
    if at_ms - window_ms >= limits.agent_s * 1000:
        if not firing and not _at_night(at_ms, rules):
            return unknown(Reason.AGENT_SILENT)
        return yes(Severity.WARNING, Reason.AGENT_SILENT, window_ms, "health.agent_s")
    if at_ms - window_ms <= limits.stale_s * 1000 and at_ms - back_ms >= limits.back_s * 1000:
        return WELL
    return unknown(Reason.AGENT_SILENT)


def judge_sensors(
    leg: Thermometer,
    room: Thermometer,
    movement: Movement,
    presence: Occupancy,
    *,
    window_ms: int,
    back_ms: int,
    at_ms: int,
    rules: Rules,
    leg_stuck: bool,
    displaced_since_ms: int | None,
    firing: Reason | None,
) -> Verdict:
    """Judge whether a sensor that has reported before is missing, implausible, stuck or blind."""
    limits = rules.health
    if at_ms - window_ms > limits.stale_s * 1000:
        return unknown(Reason.AGENT_SILENT)
    if firing is Reason.MOVEMENT_SILENT and not _moved_lately(movement, at_ms, rules):
        return unknown(firing)  # an empty bed does not prove that the movement sensor works
    displaced = _is_displaced(displaced_since_ms, presence, at_ms, rules)
    if not leg_stuck and not displaced and _all_well(leg, room, movement, presence, at_ms, rules):
        return WELL
    worst: Verdict | None = None
    doubtful = False
    for reason, bad_ms, by_silence in _complaints(leg, room, movement, presence, back_ms, rules):
        hold_s = rules.stillness.silent_s if by_silence else limits.alert_s
        if at_ms - bad_ms >= hold_s * 1000:
            rule = "stillness.silent_s" if by_silence else "health.alert_s"
            worst = worst or yes(Severity.WARNING, reason, bad_ms, rule)
        elif at_ms - bad_ms > limits.back_s * 1000:
            doubtful = True
    if leg_stuck and leg.same_since_ms is not None:
        long = at_ms - leg.same_since_ms >= limits.stuck_s * 1000
        rule = "health.stuck_s" if long else "health.frozen_s"
        worst = worst or yes(Severity.WARNING, Reason.STUCK, leg.same_since_ms, rule)
    if displaced:
        worst = worst or yes(
            Severity.WARNING, Reason.DISPLACED, displaced_since_ms, "health.slipped_s"
        )
    if worst:
        return worst if _at_night(at_ms, rules) else unknown(worst.reason)
    steady = leg.good_since_ms is None or at_ms - leg.good_since_ms >= limits.back_s * 1000
    return unknown(Reason.NO_READINGS) if doubtful or not steady else WELL


def _is_displaced(
    displaced_since_ms: int | None, presence: Occupancy, at_ms: int, rules: Rules
) -> bool:
    """Return True if the leg sensor has the room's air for `health.slipped_s`, beside a sleeper."""
    settled = presence.in_bed is True and at_ms >= presence.settled_ms
    held = (
        displaced_since_ms is not None
        and at_ms - displaced_since_ms >= rules.health.slipped_s * 1000
    )
    return settled and held


def _moved_lately(movement: Movement, at_ms: int, rules: Rules) -> bool:
    return bool(movement.moved_ms) and at_ms - movement.moved_ms[-1] <= rules.health.alert_s * 1000


def _all_well(
    leg: Thermometer,
    room: Thermometer,
    movement: Movement,
    presence: Occupancy,
    at_ms: int,
    rules: Rules,
) -> bool:
    """Return True if every sensor has reported lately without a gap: as in most minutes."""
    recent_ms = at_ms - rules.health.back_s * 1000
    for thermometer in (leg, room):
        if thermometer.expected and (
            thermometer.good_ms is None or thermometer.good_ms < recent_ms
        ):
            return False
    since, moved = leg.good_since_ms, movement.moved_ms
    if (since is not None and since > recent_ms) or not moved or movement.heard_ms is None:
        return False
    return movement.heard_ms >= recent_ms and moved[-1] >= (presence.entered_ms or 0)


def _complaints(
    leg: Thermometer,
    room: Thermometer,
    movement: Movement,
    presence: Occupancy,
    back_ms: int,
    rules: Rules,
) -> list[tuple[Reason, int, bool]]:
    """Return (reason, bad since ms, found by silence) of each bad sensor, most important first."""
    found = []
    for thermometer in (leg, room):
        if thermometer.expected:
            reason = Reason.IMPLAUSIBLE if thermometer.implausible else Reason.NO_READINGS
            found.append((reason, max(thermometer.good_ms or 0, back_ms), False))
    if movement.expected:
        found.append((Reason.MOVEMENT_MISSING, max(movement.heard_ms or 0, back_ms), False))
    blind = movement.expected and presence.in_bed is True and presence.entered_ms is not None
    if blind and presence.entered_ms is not None:
        entered = presence.entered_ms - rules.presence.moves_in_s * 1000
        last = movement.moved_ms[-1] if movement.moved_ms else 0
        if last < entered:
            # If the mat has seen somebody get in (not only found somebody in bed after a gap in the
            # windows), a working movement sensor has seen the movement, too.
            mat_saw_entry = back_ms < presence.entered_ms == presence.mat_since_ms
            found.append((Reason.MOVEMENT_SILENT, presence.entered_ms, not mat_saw_entry))
    return found


def new_night(notified_ms: int, at_ms: int, rules: Rules) -> bool:
    """Return True if a night has begun since the notification: somebody else may be on call."""
    zone, from_h = rules.zone, rules.night.from_h
    evenings = [evening_of(ms, zone, from_h) for ms in (notified_ms, at_ms)]
    return _at_night(at_ms, rules) and evenings[0] < evenings[1]


def _at_night(at_ms: int, rules: Rules) -> bool:
    return in_hours(at_ms, rules.zone, rules.night.from_h, rules.night.to_h)
