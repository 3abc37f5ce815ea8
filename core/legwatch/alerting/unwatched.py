"""A bed that is watched no longer: all that stands is over, and people hear why.

Quiet that somebody asked for goes on, as after any end of an alert: whoever takes a pause back may
still want it. Quiet for one alert only ends with that alert.
"""

from dataclasses import replace

from legwatch.alerting.alert import AlertState, AlertStates, after_end_ms, running_ms
from legwatch.alerting.notice import Notice, TransitionKind, report
from legwatch.conditions.verdict import Figures, Reason
from legwatch.events import AlertKind

MINUTE_MS = 60_000
QUIET_LEFT = "quiet_left_min"  # the figure of an end that has ended the quiet for its alert, too


def end_all(alerts: AlertStates, at_ms: int) -> tuple[AlertStates, tuple[Notice, ...]]:
    """End every alert, and forget all but the quiet that outlasts it; return their notices."""
    ends = [
        replace(
            report(Reason.NOT_WATCHED, at_ms, ()),
            kind=kind,
            transition=TransitionKind.RESOLVED,
            episode_ms=alert.episode_ms,
            figures=_quiet_left(alert, at_ms),
        )
        for kind, alert in zip(AlertKind, alerts, strict=True)
        if alert.severity is not None
    ]
    return AlertStates(*(_at_rest(alert, at_ms) for alert in alerts)), tuple(ends)


def _quiet_left(alert: AlertState, at_ms: int) -> Figures:
    """Return how long the quiet for this alert, which ends with it, would have gone on."""
    until_ms = running_ms(alert.snoozed_until_ms, at_ms) if alert.snooze_ends_with_episode else None
    return () if until_ms is None else ((QUIET_LEFT, (until_ms - at_ms) // MINUTE_MS),)


def _at_rest(alert: AlertState, at_ms: int) -> AlertState:
    """Return an alert of which only the quiet is left that is not for one episode."""
    return AlertState(
        snoozed_until_ms=running_ms(after_end_ms(alert), at_ms),
        all_snoozed_until_ms=running_ms(alert.all_snoozed_until_ms, at_ms),
    )
