"""The next person waits while an alert seems to come to its end.

A sensor or a bedside that gives data again is well only after `health.back_s`, and legs that become
warm are warm after some time. Whoever is told in this time is woken for what is over; but if it
fails or falls again, the next person is told one step later.
"""

from collections.abc import Iterable, Iterator

from legwatch.engine import MINUTE_MS, BedState
from legwatch.events import AlertKind
from legwatch.limits.rules import Rules
from legwatch.oncall.escalation import Escalation, Purpose
from legwatch.signals.coverage import SPAN_MS
from legwatch_server.store.batch import Holding
from legwatch_server.store.changes import Change, Move
from legwatch_server.store.delivery import Delivery, Episode

LATE_MS = 60_000  # the end of what is well again is told then, and withdraws the pushes
COMES_AND_GOES_S = SPAN_MS // 1000  # so long an alert waits for its end after a second hole
LONGEST_MS = 3_600_000  # of one plan: what never becomes well is told to everybody


def found(bed_id: int, before: BedState, after: BedState, rules: Rules) -> Iterator[Holding]:
    """Yield which alerts have begun, or ceased, to come to their end."""
    for kind in (AlertKind.COLD, AlertKind.SENSOR, AlertKind.AGENT):
        alert, ends = after.bed.alerts.of(kind), _ends(after, kind)
        if alert.severity is not None and ends != _ends(before, kind):
            episode = Episode(bed_id, kind.value, alert.episode_ms or 0)
            waits_s = max(rules.health.back_s, COMES_AND_GOES_S) if ends else 0
            yield Holding(episode, alert.severity, waits_s)


def _ends(state: BedState, kind: AlertKind) -> bool:
    """Return True if the legs become warm, or what was missing gives data again."""
    alert = state.bed.alerts.of(kind)
    if kind is AlertKind.COLD:
        return alert.warming_ms is not None
    silent_ms = state.minute_end_ms - MINUTE_MS - state.bed.signals.window_ms
    return alert.unknown_since_ms is not None and silent_ms < MINUTE_MS


def moved(
    one: Holding, deliveries: Iterable[Delivery], limits: Escalation, now_ms: int
) -> Iterator[Change]:
    """Yield what becomes of the pushes to the next people."""
    own = (delivery for delivery in deliveries if delivery.episode == one.episode)
    later = [d for d in own if d.purpose is Purpose.LOUD and d.unstarted and d.due_ms > now_ms]
    if not later:
        return
    first = min(later, key=lambda delivery: delivery.due_ms)
    if one.waits_s:
        by_ms = now_ms + one.waits_s * 1000 + LATE_MS - first.due_ms
        why = "later: it may soon be over"
        if by_ms <= 0 or first.due_ms + by_ms - first.decided_ms > LONGEST_MS:
            return
    else:
        by_ms = now_ms + int(1000 * limits.step_s(one.severity)) - first.due_ms
        why = "earlier: it is not over"
        if by_ms >= 0:
            return
    yield from (Move(delivery.id, by_ms, why) for delivery in later)
