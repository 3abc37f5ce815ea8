"""The notice of an early sign: stored and shown on the page, never pushed."""

from legwatch.alerting.alert import AlertState
from legwatch.alerting.figures import alert_figures
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions import cover_reasons
from legwatch.conditions.cold_memory import ColdMinute
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind

AGAIN_MS = 900_000


def is_due(begun_ms: int | None, last_ms: int, at_ms: int) -> bool:
    """Return True for a sign that was not told yet; two are so long apart."""
    return begun_ms is not None and begun_ms > last_ms and at_ms - last_ms >= AGAIN_MS


def early_notice(now: ColdMinute, cold_in_min: int | None, *, on_trial: bool) -> Notice:
    """Return the notice that the cover is off or nobody lies there.

    `cold_in_min`: when the legs will be cold at the present rate; None: not soon.
    """
    at_ms, memory = now.seen.at_ms, now.memory
    figures = alert_figures(AlertKind.COLD, AlertState(), now.seen, memory)
    return Notice(
        at_ms=at_ms,
        kind=AlertKind.COLD,
        transition=TransitionKind.EXPECTED,
        severity=Severity.LOG,
        reason=Reason.OFF_OR_EMPTY,
        figures=(
            *figures,
            *cover_reasons.of_sign(memory.cover, now.seen),
            ("in_min", cold_in_min),
        ),
        suppressed_by=SuppressedBy.TRIAL if on_trial else SuppressedBy.EARLY_SIGN,
        episode_ms=at_ms,
    )
