"""The figures of a notice: what the observation shows, and how a hold has ended."""

from legwatch.alerting.alert import AlertState
from legwatch.alerting.notice import BETWEEN, TransitionKind
from legwatch.conditions.cold_memory import ColdMemory
from legwatch.conditions.verdict import Figures, Reason
from legwatch.contract.roles import ANKLE
from legwatch.events import AlertKind
from legwatch.observation import Observation
from legwatch.signals.occupancy import believed_mat

MINUTE_MS = 60_000
LEG, ROOM = "leg", "room"  # the thermometers
NEVER = "never"  # a thermometer has not given any reading
BY_MAT = ("judged_by", "presence")  # a movement sensor is bad, and a mat knows who is in bed
_OF_THERMOMETERS = (Reason.NO_READINGS, Reason.IMPLAUSIBLE)
_HOLD_ENDS = {TransitionKind.RESOLVED: "over", TransitionKind.ESCALATED: "urgent"}


def alert_figures(
    kind: AlertKind, alert: AlertState, seen: Observation, memory: ColdMemory, sensor: str = ""
) -> Figures:
    """Return the figures that every notice of this kind has; the baseline is the memory's.

    `sensor`: which one an alert on the sensors is about, and the ankle's for one on a bare foot. Of
    this, nothing is shown of what is usual by the legs, or has fallen there.
    """
    for_min, still_min = _minutes(alert.since_ms, seen), _minutes(seen.still_since_ms, seen)
    match kind:
        case AlertKind.COLD if sensor == ANKLE:
            return (
                ("sensor", ANKLE),
                ("leg_c", seen.leg.celsius),
                ("room_c", seen.room.celsius),
                ("for_min", for_min),
                ("still_min", still_min),
            )
        case AlertKind.COLD:
            base = memory.baseline_c
            return (
                ("leg_c", seen.leg.celsius),
                ("usual_c", None if base is None else round(base, 1)),
                *_baseline_range(memory.baseline_samples_c),
                ("room_c", seen.room.celsius),
                ("for_min", for_min),
                ("still_min", still_min),
                *_fallen(seen),
            )
        case AlertKind.STILL:
            return (("still_min", _minutes(seen.lies_still_ms, seen)), ("leg_c", seen.leg.celsius))
        case AlertKind.SENSOR:
            return (
                ("for_min", for_min),
                ("last_good_c", _last_good_c(sensor, seen)),
                *thermometer(alert, seen),
                *((BY_MAT,) if sensor == "movement" and _has_mat(seen) else ()),
            )
        case AlertKind.AGENT:
            return (("silent_min", _minutes(seen.window_ms, seen)),)


def hold_figures(
    kind: TransitionKind, before: AlertState, alert: AlertState, at_ms: int
) -> Figures:
    """Return how long the hold lasted and what ended it; empty if the transition ends no hold."""
    if before.hold_until_ms is None or before.fired_ms is None or kind in BETWEEN:
        return ()
    ended = _HOLD_ENDS.get(kind)
    if ended is None:
        moved = alert.hold_until_ms != before.hold_until_ms
        late = at_ms - before.hold_until_ms > MINUTE_MS
        ended = "moved" if moved else "surer" if late else "time"
    return (("waited_min", (at_ms - before.fired_ms) // MINUTE_MS), ("wait_ended", ended))


def thermometer(alert: AlertState, seen: Observation) -> Figures:
    """Return which thermometer gives nothing, and whether it never gave a reading.

    Empty for an alert for another reason.
    """
    if alert.reason not in _OF_THERMOMETERS:
        return ()
    bad = [
        (place, one)
        for place, one in ((LEG, seen.leg), (ROOM, seen.room))
        if one.expected and one.celsius is None
    ]
    # Of two that are bad, the one that the alert was raised for.
    bad.sort(key=lambda found: max(found[1].good_ms or 0, seen.back_ms) != alert.since_ms)
    if not bad:
        return ()
    place, one = bad[0]
    never: Figures = () if one.good_ms is not None else (("given", NEVER),)
    return (("sensor", place), *never)


def _has_mat(seen: Observation) -> bool:
    return believed_mat(seen.occupancy) is not None


def _last_good_c(sensor: str, seen: Observation) -> float | None:
    """Return the last good value of a thermometer; another sensor has none in degrees."""
    of = {LEG: seen.leg, ROOM: seen.room}
    return of[sensor].last_raw_c if sensor in of else None


def _fallen(seen: Observation) -> Figures:
    """Return from what the air by the legs has fallen, as its sensor tells it, and for how long."""
    course, c, told_c = seen.course, seen.leg_c, seen.leg.celsius
    if c is None or told_c is None or course.at_ms != seen.at_ms:
        return ()
    high_c = round(course.peak_c + told_c - c, 1)
    return (("high_c", high_c), ("fell_min", _minutes(course.peak_ms, seen)))


def _minutes(since_ms: int | None, seen: Observation) -> int | None:
    return None if since_ms is None else (seen.at_ms - since_ms) // MINUTE_MS


def _baseline_range(samples_c: tuple[float, ...]) -> Figures:
    """Return the range of the warmer half of the baseline samples, C."""
    if not samples_c:
        return ()
    warmer = sorted(samples_c)[len(samples_c) // 2 :]
    return (("usual_low_c", round(warmer[0], 1)), ("usual_high_c", round(warmer[-1], 1)))
