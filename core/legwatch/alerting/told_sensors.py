"""Tell of one sensor at most twice a night with a sound, and once that it is back.

What comes and goes all night is said, and then said once more; after that the phone keeps the last
word, which is that nothing can be seen.
"""

from typing import NamedTuple

from legwatch.alerting.alert import AlertState, Transition
from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import YES, Figures, Reason, Severity, Verdict
from legwatch.events import AlertKind
from legwatch.limits.rules import Rules
from legwatch.night import night_of

MOST = 2  # pushes with a sound about one sensor in one night
OF_MOVEMENT = frozenset(
    {
        Reason.MOVEMENT_MISSING,
        Reason.MOVEMENT_SILENT,
        Reason.MOVEMENT_QUIET,
        Reason.MOVEMENT_NOISY,
    }
)
_GIVES_NOTHING = frozenset({Reason.NO_READINGS, Reason.IMPLAUSIBLE, Reason.MOVEMENT_MISSING})
_OF_EITHER = frozenset(
    {Reason.NO_READINGS, Reason.IMPLAUSIBLE, Reason.COMES_AND_GOES, Reason.ROOM_WARMED}
)
_OF_MAT = frozenset({Reason.MAT_DISAGREES, Reason.MAT_MISSING})


class ToldSensors(NamedTuple):
    """What was told of the sensors in one night: how often each was called bad, and back."""

    night: int = 0  # ordinal of the night's date
    bad: tuple[tuple[str, int], ...] = ()
    back: tuple[str, ...] = ()


def subject(kind: AlertKind, reason: Reason | None, figures: Figures) -> str:
    """Return which sensor a notice is about: leg, room, movement, presence or agent."""
    if kind is AlertKind.AGENT:
        return "agent"
    named = dict(figures).get("sensor")
    if isinstance(named, str):
        return named
    if reason in OF_MOVEMENT:
        return "movement"
    return "presence" if reason in _OF_MAT else "leg"


def doubted(reason: Reason | None, figures: Figures | None = None) -> str:
    """Return the sensor of which an alert says that it does not tell what it should; or none.

    Without `figures` some reasons do not say which of two thermometers it is. Whether a sensor that
    gave nothing gives readings again, its alert does not say: the readings do.
    """
    if reason is None or reason in _GIVES_NOTHING or (figures is None and reason in _OF_EITHER):
        return ""
    named = subject(AlertKind.SENSOR, reason, figures or ())
    return named if named in {"leg", "movement"} else ""


def subject_of_end(told: ToldSensors, reason: Reason | None, at_ms: int, rules: Rules) -> str:
    """Return which sensor is back: of two thermometers, the one last told of as bad.

    Both give readings at the end, so the observation does not show it any more.
    """
    named = subject(AlertKind.SENSOR, reason, ())
    if named != "leg":
        return named
    tonight = _tonight(told, at_ms, rules)
    waits = any(sensor == "room" for sensor, _ in tonight.bad) and "room" not in tonight.back
    return "room" if waits else named


def tell_dead(alert: AlertState, verdict: Verdict) -> tuple[AlertState, Transition | None]:
    """Say of a sensor that an alert has named for another reason that it gives nothing now.

    A thermometer beside the bed that then dies is another errand.
    """
    standing, found = alert.reason, verdict.reason
    if verdict.holds is not YES or found not in _GIVES_NOTHING or standing in _GIVES_NOTHING:
        return alert, None
    kind = AlertKind.SENSOR
    if standing is None or subject(kind, standing, ()) != subject(kind, found, ()):
        return alert, None
    severity = alert.severity or Severity.WARNING
    anew = alert._replace(reason=found, since_ms=verdict.since_ms, acknowledged=False)
    again = TransitionKind.RENOTIFIED
    return anew, Transition(again, severity, found, verdict.rule, verdict.evidence)


def allows(told: ToldSensors, sensor: str, kind: TransitionKind, at_ms: int, rules: Rules) -> bool:
    """Return True if one more notice about a sensor may be pushed this night."""
    tonight = _tonight(told, at_ms, rules)
    times = dict(tonight.bad).get(sensor, 0)
    if kind is TransitionKind.RESOLVED:
        return times < MOST and sensor not in tonight.back
    return times < MOST


def is_no_end(kind: TransitionKind, reason: Reason | None) -> bool:
    """Return True for the end of what comes and goes: nobody should rely on it this night."""
    return kind is TransitionKind.RESOLVED and reason is Reason.COMES_AND_GOES


def count(
    told: ToldSensors, sensor: str, kind: TransitionKind, at_ms: int, rules: Rules
) -> ToldSensors:
    """Count one notice that is pushed now."""
    night, bad, back = _tonight(told, at_ms, rules)
    if kind is TransitionKind.RESOLVED:
        return ToldSensors(night, bad, (*back, sensor))
    times = dict(bad)
    times[sensor] = times.get(sensor, 0) + 1
    return ToldSensors(night, tuple(times.items()), back)


def _tonight(told: ToldSensors, at_ms: int, rules: Rules) -> ToldSensors:
    night = night_of(at_ms, rules.zone).toordinal()
    return told if told.night == night else ToldSensors(night)
