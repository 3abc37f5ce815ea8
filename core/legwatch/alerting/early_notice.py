"""The early sign as people are shown it: its notice, and how long it stands. It never sounds."""

from legwatch.alerting.alert import AlertState, is_silenced
from legwatch.alerting.figures import alert_figures
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions import cover_reasons
from legwatch.conditions.cold_memory import ColdMinute
from legwatch.conditions.verdict import Figures, Reason, Severity
from legwatch.events import AlertKind
from legwatch.observation import Observation

AGAIN_MS = 900_000


def is_due(begun_ms: int | None, last_ms: int, at_ms: int) -> bool:
    """Return True for a sign that was not told yet; two are so long apart."""
    return begun_ms is not None and begun_ms > last_ms and at_ms - last_ms >= AGAIN_MS


def goes_on(begun_ms: int | None, cold: AlertState, seen: Observation) -> bool:
    """Return True while a sign that people are shown is not over.

    The alert that it announces takes its place; where nobody lies, nobody is shown it.
    """
    quiet = is_silenced(cold, seen.at_ms, Severity.WARNING)
    here = seen.occupancy.in_bed is not False
    return begun_ms is not None and cold.severity is None and here and not quiet


def early_notice(now: ColdMinute, cold_in_min: int | None, cold: AlertState) -> Notice:
    """Return the notice that the cover is off or nobody lies there.

    `cold_in_min`: when the legs will be cold at the present rate; None: not soon. `cold`: the alert
    of cold legs, of which somebody may have asked for quiet.
    """
    memory = now.memory
    figures = (
        *alert_figures(AlertKind.COLD, AlertState(), now.seen, memory),
        *cover_reasons.of_sign(memory.cover, now.seen),
        ("in_min", cold_in_min),
    )
    return sign_notice(Reason.OFF_OR_EMPTY, figures, cold, now.seen.at_ms)


def sign_notice(reason: Reason, figures: Figures, cold: AlertState, at_ms: int) -> Notice:
    """Return the notice of a sign, on the legs or on a foot: shown unless quiet was asked for."""
    quiet = is_silenced(cold, at_ms, Severity.WARNING)
    return Notice(
        at_ms=at_ms,
        kind=AlertKind.COLD,
        transition=TransitionKind.EXPECTED,
        severity=Severity.LOG,
        reason=reason,
        figures=figures,
        suppressed_by=SuppressedBy.SILENCED if quiet else SuppressedBy.EARLY_SIGN,
        episode_ms=at_ms,
    )
