"""The repairs of an outbox after an outage, as a value."""

from typing import Any

from legwatch_server.notify.recovery import MOVED, repairs
from legwatch_server.store.changes import Changes, DropRecall, Move, Withdraw
from legwatch_server.store.delivery import NEVER_MS, Delivery, DeliveryState
from server.notify.plans import MINUTE_MS, NOW, planner, row, sent

HOUR_MS = 60 * MINUTE_MS


def unwatched(*rows: Delivery, **people: Any) -> Changes:
    """Return the repairs of an outbox whose beds all have ended their alerts."""
    return repairs(planner(**people), (), rows, NOW)


def test_what_was_superseded_in_flight_is_not_sent_again() -> None:
    replaced = row(1, state=DeliveryState.CLAIMED, next_ms=NEVER_MS)
    again = row(2, state=DeliveryState.CLAIMED)
    assert unwatched(replaced, again) == (Withdraw(1, "a newer word replaces it"),)


def test_a_channel_that_is_gone_sends_nothing_and_takes_nothing_back() -> None:
    gone = row(1, channel="pager", due_ms=NOW + MINUTE_MS)
    heard = sent(2, channel="pager", recall_ms=NOW)
    kept = row(3, "bert", due_ms=NOW + MINUTE_MS)
    assert unwatched(gone, heard, kept) == (Withdraw(1, "settings changed"), DropRecall(2))


def test_a_plan_that_was_missed_is_moved_as_a_whole() -> None:
    first, second = row(1, due_ms=NOW - HOUR_MS), row(2, "bert", due_ms=NOW - HOUR_MS + MINUTE_MS)
    tried = row(3, "bert", due_ms=NOW - HOUR_MS, attempt=1)
    assert unwatched(first, second, tried) == (Move(1, HOUR_MS, MOVED), Move(2, HOUR_MS, MOVED))
    assert unwatched(row(1, due_ms=NOW - 10_000)) == ()  # too short to matter
