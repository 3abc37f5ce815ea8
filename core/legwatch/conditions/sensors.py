"""Can legwatch see at all? Sensors missing, implausible or stuck, and an agent gone silent."""

from legwatch.conditions.verdict import WELL, Reason, Severity, Verdict, unknown, yes
from legwatch.limits.rules import Rules
from legwatch.night import evening_of, in_hours
from legwatch.signals.movement import Movement
from legwatch.signals.occupancy import Occupancy
from legwatch.signals.thermometer import Thermometer


def judge_agent(window_ms: int, back_ms: int, at_ms: int, rules: Rules, *, firing: bool) -> Verdict:
    """Say whether the agent is silent; `back_ms` is since when its windows come without a hole.

    It is told by night only, but what was told is not over because the day has come.
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
    """Say whether a sensor that legwatch has heard of is missing, implausible, stuck or blind."""
    limits = rules.health
    if at_ms - window_ms > limits.stale_s * 1000:
        return unknown(Reason.AGENT_SILENT)
    if firing is Reason.MOVEMENT_SILENT and not _moved_lately(movement, at_ms, rules):
        return unknown(firing)  # leaving the bed does not make a blind sensor see
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


def _is_displaced(slipped_ms: int | None, presence: Occupancy, at_ms: int, rules: Rules) -> bool:
    """Say whether the sensor by the legs has had the room's air for long beside a sleeper."""
    settled = presence.in_bed is True and at_ms >= presence.settled_ms
    held = slipped_ms is not None and at_ms - slipped_ms >= rules.health.slipped_s * 1000
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
    """Say whether every sensor has spoken lately and steadily: the usual minute, quickly told."""
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
    """Return (reason, bad since ms, told by its silence) for each, the most telling first."""
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
            # A mat that has felt somebody get in, and not only found them there after a silence:
            # no working sensor misses that.
            felt = back_ms < presence.entered_ms == presence.mat_since_ms
            found.append((Reason.MOVEMENT_SILENT, presence.entered_ms, not felt))
    return found


def new_night(said_ms: int, at_ms: int, rules: Rules) -> bool:
    """Say whether a night has begun since it was said: somebody else may be on duty."""
    zone, from_h = rules.zone, rules.night.from_h
    evenings = [evening_of(ms, zone, from_h) for ms in (said_ms, at_ms)]
    return _at_night(at_ms, rules) and evenings[0] < evenings[1]


def _at_night(at_ms: int, rules: Rules) -> bool:
    return in_hours(at_ms, rules.zone, rules.night.from_h, rules.night.to_h)
