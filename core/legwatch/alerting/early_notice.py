"""The notice of an early sign: stored and shown on the page, never pushed."""

from legwatch.alerting.alert import AlertState
from legwatch.alerting.figures import alert_figures
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.cold_causes import cooling_reason
from legwatch.conditions.cold_memory import ColdMinute
from legwatch.conditions.verdict import Severity
from legwatch.events import AlertKind
from legwatch.limits.rules import Rules

EARLY_SIGN_AGAIN_MS = 60 * 60_000


def is_due(last_ms: int, at_ms: int) -> bool:
    """Return True if no early sign was stored in the last hour."""
    return at_ms - last_ms >= EARLY_SIGN_AGAIN_MS


def early_notice(now: ColdMinute, cold_in_min: int, rules: Rules, *, on_trial: bool) -> Notice:
    """Return the notice that the legs will be cold in `cold_in_min` minutes."""
    at_ms = now.seen.at_ms
    figures = alert_figures(AlertKind.COLD, AlertState(), now.seen, now.memory)
    return Notice(
        at_ms=at_ms,
        kind=AlertKind.COLD,
        transition=TransitionKind.EXPECTED,
        severity=Severity.LOG,
        reason=cooling_reason(now.memory, at_ms, rules),
        figures=(*figures, ("in_min", cold_in_min), ("limit_c", rules.warmth.plain_c)),
        suppressed_by=SuppressedBy.TRIAL if on_trial else SuppressedBy.EARLY_SIGN,
        episode_ms=at_ms,
    )
