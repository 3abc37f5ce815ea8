"""The next person waits while an alert seems to come to its end.

A sensor or a bedside that gives data again is well only after `health.back_s`, and legs that become
warm are warm after some time. Whoever is told in this time is woken for what is over; but if it
fails or falls again, the next person is told one step later.
"""

from collections.abc import Iterable, Iterator

from legwatch.conditions.warming import STEADY_MS
from legwatch.engine import BedState
from legwatch.limits.rules import Rules
from legwatch.oncall.escalation import Escalation, Purpose
from legwatch_server.store.batch import Holding
from legwatch_server.store.changes import Change, Move
from legwatch_server.store.delivery import Delivery, Episode

LATE_MS = 60_000  # after `back_s` the end is told, and that withdraws the pushes
LONGEST_MS = 3_600_000  # of one plan: what never becomes well is told to everybody


def found(bed_id: int, before: BedState, after: BedState, rules: Rules) -> Iterator[Holding]:
    """Yield which alerts have begun, or ceased, to wait for their end."""
    was, now = before.bed.alerts, after.bed.alerts
    warms, warmed = now.cold.warming_ms is not None, was.cold.warming_ms is not None
    if now.cold.severity is not None and warms != warmed:
        episode = Episode(bed_id, "cold", now.cold.episode_ms or 0)
        yield Holding(episode, now.cold.severity, STEADY_MS // 1000 if warms else 0)
    for kind, one, other in (("sensor", was.sensor, now.sensor), ("agent", was.agent, now.agent)):
        if one.severity is None or other.severity is None:
            continue
        if (one.unknown_since_ms is None) != (other.unknown_since_ms is None):
            episode = Episode(bed_id, kind, other.episode_ms or 0)
            waits_s = rules.health.back_s if other.unknown_since_ms is not None else 0
            yield Holding(episode, other.severity, waits_s)


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
