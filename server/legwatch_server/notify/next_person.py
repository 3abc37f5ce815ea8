"""Who is next when a push fails for good: the person on another channel, or the next person."""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

from legwatch.oncall.escalation import Purpose
from legwatch_server.store.changes import Change, Changes, Fail, Hurry, Move
from legwatch_server.store.delivery import Delivery, DeliveryState

_NO_HOPE = (DeliveryState.FAILED, DeliveryState.WITHDRAWN)


def given_up(failed: Delivery, deliveries: Iterable[Delivery], why: str, now_ms: int) -> Changes:
    """Give a delivery up, and make due now what comes next; `deliveries` are those of its alert."""
    if not failed.notice_id:
        return (Fail(failed.id, why),)
    return (Fail(failed.id, why), *_next(failed, _others(failed, deliveries), now_ms, _has_failed))


def next_way(stuck: Delivery, deliveries: Iterable[Delivery], now_ms: int) -> Changes:
    """Make due now what comes next, while the service of `stuck` takes no more messages."""
    if not stuck.notice_id:
        return ()
    return tuple(_next(stuck, _others(stuck, deliveries), now_ms, _waits_in_vain))


def _others(failed: Delivery, deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Return the other deliveries of the same notice and purpose."""
    return [
        delivery
        for delivery in deliveries
        if delivery.notice_id == failed.notice_id
        and delivery.purpose is failed.purpose
        and delivery.id != failed.id
    ]


def _next(
    failed: Delivery, others: list[Delivery], now_ms: int, is_vain: Callable[[Delivery], bool]
) -> Iterator[Change]:
    """Yield what hurries the person's next channels; if all of them are vain, the next people."""
    own = [delivery for delivery in others if delivery.person == failed.person]
    if any(delivery.unstarted for delivery in own):
        yield from _hurried(failed, own, now_ms)
    elif failed.purpose is Purpose.LOUD and all(is_vain(d) for d in own):
        yield from _brought_forward(failed.person, others, now_ms)


def _hurried(failed: Delivery, own: Iterable[Delivery], now_ms: int) -> Iterator[Change]:
    """Make the person's next channel due now; those behind it keep their distance from it."""
    left = [d for d in own if d.rank > failed.rank and not _has_failed(d)]
    first = min(left, key=attrgetter("rank"), default=failed)
    if not first.unstarted or first.due_ms <= now_ms:
        return  # it is at work, or about to be
    by_ms = now_ms - first.due_ms
    why = f"earlier: {failed.channel} has not reached {failed.person}"
    for delivery in left:
        if delivery.rank == first.rank:
            yield Hurry(delivery.id)
        elif delivery.unstarted:
            yield Move(delivery.id, by_ms, why)


def _has_failed(delivery: Delivery) -> bool:
    return delivery.state in _NO_HOPE


def _waits_in_vain(delivery: Delivery) -> bool:
    """Return True if a push has failed for good, or was tried and waits for another try."""
    tried = delivery.state is DeliveryState.DECIDED and not delivery.unstarted
    return tried or delivery.state in _NO_HOPE


def _brought_forward(person: str, others: Iterable[Delivery], now_ms: int) -> Iterator[Change]:
    """Notify the next person now, and all later people earlier: this person got no push."""
    later = [delivery for delivery in others if delivery.unstarted and delivery.due_ms > now_ms]
    first_ms = min((delivery.due_ms for delivery in later), default=now_ms)
    why = f"earlier: {person} cannot be reached"
    yield from (Move(delivery.id, now_ms - first_ms, why) for delivery in later)
