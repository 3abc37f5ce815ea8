"""Notify again of a firing sensor or agent alert when a night begins: another may be on call."""

from legwatch.alerting.alert import AlertState, Transition, is_silenced
from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import TriState, Verdict
from legwatch.limits.rules import Rules, is_night
from legwatch.night import evening_of


def remind(
    alert: AlertState, verdict: Verdict, at_ms: int, rules: Rules
) -> tuple[AlertState, Transition | None]:
    """Notify again if a night has begun since the last push, even of an acknowledged alert."""
    if alert.severity is None or verdict.holds is not TriState.YES:
        return alert, None
    notified_ms = alert.last_notified_ms
    if not notified_ms or is_silenced(alert, at_ms, alert.severity):
        return alert, None
    if not _is_new_night(notified_ms, at_ms, rules):
        return alert, None
    reason = alert.reason or verdict.reason
    transition = Transition(TransitionKind.RENOTIFIED, alert.severity, reason)
    return alert._replace(acknowledged=False), transition


def _is_new_night(notified_ms: int, at_ms: int, rules: Rules) -> bool:
    if not is_night(at_ms, rules):
        return False
    zone, from_h = rules.zone, rules.night.from_h
    return evening_of(notified_ms, zone, from_h) < evening_of(at_ms, zone, from_h)
