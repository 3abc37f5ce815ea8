"""Apply the answer of a person to firing alerts: acknowledge or snooze them."""

from dataclasses import replace

from legwatch.alerting.alert import (
    AlertState,
    AlertStates,
    is_silenced,
    running_ms,
    silenced_until_ms,
)
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Figures, Reason, Severity
from legwatch.events import BODY_KINDS, Ack, AlertKind, Snooze

Response = Ack | Snooze


def respond(
    alerts: AlertStates, response: Response, at_ms: int, sounds: Figures = ()
) -> tuple[AlertStates, tuple[Notice, ...]]:
    """Acknowledge or snooze the alerts that `response` means; of two snoozes the longer counts.

    `sounds`: what is told with quiet for warnings, if not every urgent alert sounds anyway.
    """
    notices = []
    for kind, alert in zip(AlertKind, alerts, strict=True):
        if response.kind is not None and kind is not response.kind:
            continue
        if isinstance(response, Snooze):
            changed = _snooze(kind, alert, response, at_ms)
        else:
            changed = _acknowledge(alert, response)
        if changed is None:
            continue
        alerts = alerts.put(kind, changed)
        transition = (
            TransitionKind.SNOOZED if isinstance(response, Snooze) else TransitionKind.ACKNOWLEDGED
        )
        figures: Figures = ()
        if isinstance(response, Snooze):
            until_ms = silenced_until_ms(changed, None)
            figures = (("for_min", (until_ms - at_ms) // 60_000),)
        reason, severity = _reason(response, changed, at_ms), alert.severity or Severity.LOG
        if reason is Reason.WARNINGS_ONLY:
            figures = (*figures, *sounds)
        notices.append(
            Notice(
                at_ms=at_ms,
                kind=kind,
                transition=transition,
                severity=severity,
                reason=reason,
                figures=figures,
                suppressed_by=SuppressedBy.LOG_ONLY,
                episode_ms=alert.episode_ms,
            )
        )
    return alerts, tuple(notices)


def _reason(response: Response, alert: AlertState, at_ms: int) -> Reason:
    if isinstance(response, Ack):
        return Reason.BY_PERSON if response.useful else Reason.NOT_USEFUL
    # Quiet for its own kind, which may run beside it, mutes an urgent alert, too.
    urgent_sounds = not is_silenced(alert, at_ms, Severity.URGENT)
    return Reason.WARNINGS_ONLY if alert.severity and urgent_sounds else Reason.BY_PERSON


def _snooze(kind: AlertKind, alert: AlertState, response: Snooze, at_ms: int) -> AlertState | None:
    if response.standing and not _had_fired_by(alert, response.at_ms):
        return None
    over = alert.severity is None or response.episode_ms != alert.episode_ms
    if response.episode_ms is not None and over:
        return None
    if response.kind is None and kind not in BODY_KINDS:
        return _snooze_what_stands(alert, response, at_ms)
    if response.kind is None:
        until_ms = max(alert.all_snoozed_until_ms or 0, response.until_ms)
        return alert._replace(all_snoozed_until_ms=until_ms) if until_ms > at_ms else None
    if max(alert.snoozed_until_ms or 0, response.until_ms) <= at_ms:
        return None
    return _with_snooze(alert, response, at_ms)


def _snooze_what_stands(alert: AlertState, response: Snooze, at_ms: int) -> AlertState | None:
    """Snooze an alert on the sensors or the bedside by the button, until it is over.

    Quiet for all that may come is about the sleeper: that legwatch cannot see is told all the same.
    """
    if not response.standing or alert.severity is None or response.until_ms <= at_ms:
        return None
    return _with_snooze(alert, replace(response, episode_ms=alert.episode_ms), at_ms)


def _with_snooze(alert: AlertState, response: Snooze, at_ms: int) -> AlertState:
    """Return the alert with one snooze more: one for this episode ends with it, another does not.

    Of each sort the longer one counts.
    """
    for_it, for_all = running_ms(alert.snoozed_until_ms, at_ms), alert.outlasting_until_ms
    if not alert.snooze_ends_with_episode:
        for_it, for_all = None, for_it
    if response.episode_ms is not None:
        for_it = max(for_it or 0, response.until_ms)
    else:
        for_all = max(for_all or 0, response.until_ms)
    ends = (for_it or 0) > (for_all or 0)
    return alert._replace(
        snoozed_until_ms=for_it if ends else for_all,
        snooze_ends_with_episode=ends,
        outlasting_until_ms=for_all if ends else None,
    )


def _acknowledge(alert: AlertState, response: Ack) -> AlertState | None:
    standing = alert.severity is not None and not alert.acknowledged
    if response.episode_ms is None:
        applies = _had_fired_by(alert, response.at_ms)
    else:
        applies = response.episode_ms == alert.episode_ms
    return alert._replace(acknowledged=True) if standing and applies else None


def _had_fired_by(alert: AlertState, at_ms: int) -> bool:
    """Return True if the alert had fired by `at_ms`; earlier answers do not count."""
    starts_ms = [ms for ms in (alert.episode_ms, alert.fired_ms) if ms is not None]
    return alert.severity is not None and (not starts_ms or min(starts_ms) <= at_ms)
