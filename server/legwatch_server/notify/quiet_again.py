"""Quiet that is asked for again: who has heard of it is told only if its end is another one now."""

from collections.abc import Callable, Sequence

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.oncall.escalation import Purpose
from legwatch_server.notify.planner import episode_of
from legwatch_server.store.batch import NewNotice
from legwatch_server.store.changes import Changes, Insert
from legwatch_server.store.delivery import Delivery, DeliveryState
from legwatch_server.store.records import StoredNotice

MINUTE_MS = 60_000
_NOT_HEARD = (DeliveryState.FAILED, DeliveryState.WITHDRAWN)
NoticeOf = Callable[[int], StoredNotice | None]


def without_repeats(
    changes: Changes, new: NewNotice, deliveries: Sequence[Delivery], notice_of: NoticeOf
) -> Changes:
    """Return what a notice changes, without pushes that say what the last one has said.

    `deliveries` are those before the changes.
    """
    if new.notice.transition is not TransitionKind.SNOOZED:
        return changes
    own = [delivery for delivery in deliveries if delivery.episode == episode_of(new)]
    last = max((delivery.notice_id for delivery in own), default=0)
    before = notice_of(last)
    if before is None or not _says_the_same(before, new):
        return changes
    told = {d.person for d in own if d.notice_id == last and _is_heard(d)}
    return tuple(one for one in changes if not (isinstance(one, Insert) and one.person in told))


def _says_the_same(before: StoredNotice, new: NewNotice) -> bool:
    if before.notice.transition is not TransitionKind.SNOOZED or before.who != new.who:
        return False
    if before.notice.reason is not new.notice.reason:
        return False  # one is for urgent alerts, too
    return abs(_end_ms(new.notice) - _end_ms(before.notice)) < MINUTE_MS


def _end_ms(snoozed: Notice) -> int:
    """Return the end as a reader knows it, from the time of the push and its minutes."""
    minutes = dict(snoozed.figures).get("for_min")
    return snoozed.at_ms + (minutes * MINUTE_MS if isinstance(minutes, int) else 0)


def _is_heard(delivery: Delivery) -> bool:
    """Return True if it was sent, or is on its way."""
    return delivery.purpose is Purpose.INFO and delivery.state not in _NOT_HEARD
