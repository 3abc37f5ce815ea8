"""Show it to the next person on duty when a push without a sound has failed for good.

Nobody follows the first person then, as with a sound: without this an alert would be shown to
nobody.
"""

from collections.abc import Iterable, Iterator, Sequence

from legwatch.alerting.notice import MAY_SOUND, Notice, SuppressedBy
from legwatch.oncall.escalation import NotificationStep, Purpose, woken
from legwatch_server.notify.planner import DeliveryPlanner, Occasion
from legwatch_server.store.changes import Change, Changes
from legwatch_server.store.delivery import Delivery, DeliveryState
from legwatch_server.store.port import PushSource

_NO_HOPE = (DeliveryState.FAILED, DeliveryState.WITHDRAWN)
_SHOWN_TO_FIRST = (SuppressedBy.TRIAL, SuppressedBy.LOW_URGENCY)


class ShownInstead:
    """Plans who is shown an alert in the place of somebody who cannot be reached."""

    def __init__(self, planner: DeliveryPlanner) -> None:
        self._planner = planner

    def __call__(
        self, store: PushSource, failed: Delivery, related: Sequence[Delivery], now_ms: int
    ) -> Changes:
        """Return what a failed push adds; `related` are the deliveries of its alert."""
        stored = store.notice(failed.notice_id) if failed.notice_id else None
        if failed.purpose is not Purpose.QUIET or stored is None or not _is_shown(stored.notice):
            return ()
        notice, others = stored.notice, list(_others(failed, related))
        watch = self._planner.watch(stored.bed, now_ms)
        names = woken(notice.kind, notice.severity, watch)
        if failed.person not in names or not _is_vain(others, {failed.person, *names}):
            return ()
        tried = {failed.person, *(delivery.person for delivery in others)}
        return tuple(self._next([name for name in names if name not in tried], failed, now_ms))

    def _next(self, names: Sequence[str], failed: Delivery, now_ms: int) -> Iterator[Change]:
        for name in names[:1]:
            step = NotificationStep(name, 0, Purpose.QUIET, readable=True)
            occasion = Occasion(failed.notice_id, failed.episode, (), now_ms)
            yield from self._planner.insert(step, occasion)


def _is_shown(notice: Notice) -> bool:
    """Return True for an alert that is shown to the first person on duty, and to nobody after."""
    return notice.transition in MAY_SOUND and notice.suppressed_by in _SHOWN_TO_FIRST


def _others(failed: Delivery, related: Iterable[Delivery]) -> Iterator[Delivery]:
    for delivery in related:
        same = delivery.notice_id == failed.notice_id and delivery.purpose is failed.purpose
        if same and delivery.id != failed.id:
            yield delivery


def _is_vain(deliveries: Iterable[Delivery], people: set[str]) -> bool:
    """Return True if none of these people is shown it, or may still be."""
    own = (delivery for delivery in deliveries if delivery.person in people)
    return all(one.state in _NO_HOPE and one.sent_ms is None for one in own)
