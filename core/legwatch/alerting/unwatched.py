"""A bed that is watched no longer: all that stands is over, and people hear why."""

from dataclasses import replace

from legwatch.alerting.alert import AlertStates
from legwatch.alerting.notice import Notice, TransitionKind, report
from legwatch.conditions.verdict import Reason
from legwatch.events import AlertKind


def end_all(alerts: AlertStates, at_ms: int) -> tuple[AlertStates, tuple[Notice, ...]]:
    """End every alert, and forget all that was asked of the bed; return the notices of the ends."""
    ends = [
        replace(
            report(Reason.NOT_WATCHED, at_ms, ()),
            kind=kind,
            transition=TransitionKind.RESOLVED,
            episode_ms=alert.episode_ms,
        )
        for kind, alert in zip(AlertKind, alerts, strict=True)
        if alert.severity is not None
    ]
    return AlertStates(), tuple(ends)
