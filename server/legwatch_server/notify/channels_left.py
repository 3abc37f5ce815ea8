"""New settings may give a person other channels while an alert has not reached them yet.

A channel at which a push is tried, or has failed for good, stays as it is. The others follow the
settings, as if the person's part of the plan had been made by them.
"""

from collections.abc import Iterable, Iterator
from operator import attrgetter

from legwatch.oncall.escalation import NotificationStep, Purpose
from legwatch_server.notify.planner import DeliveryPlanner, Occasion
from legwatch_server.store.changes import Change, Changes, Insert, Withdraw
from legwatch_server.store.delivery import WAITING, Delivery, DeliveryState

OTHER_WAYS = "the settings name the person's channels in another order"


def being_told(own: Iterable[Delivery]) -> set[str]:
    """Return to whom a loud push is tried, or has failed, while another try or channel waits."""
    loud = [d for d in own if d.purpose is Purpose.LOUD and d.state is not DeliveryState.WITHDRAWN]
    waiting = {delivery.person for delivery in loud if delivery.state in WAITING}
    return waiting & {delivery.person for delivery in loud if not delivery.unstarted}


def unreached(own: Iterable[Delivery]) -> set[str]:
    """Return to whom a loud push has failed, whatever became of others."""
    loud = (delivery for delivery in own if delivery.purpose is Purpose.LOUD)
    return {delivery.person for delivery in loud if delivery.state is DeliveryState.FAILED}


def with_new_channels(planner: DeliveryPlanner, name: str, occasion: Occasion) -> Iterator[Change]:
    """Let what waits for a person follow the channels that the settings give now."""
    rows = _last(name, occasion)
    waits = any(delivery.state in WAITING for delivery in rows)
    if not waits or any(delivery.sent_ms is not None for delivery in rows):
        return
    begun = [delivery for delivery in rows if not delivery.unstarted]
    planned = sorted((d for d in rows if d.unstarted), key=attrgetter("rank"))
    ahead = [delivery.channel for delivery in planned]
    tried = {delivery.channel for delivery in begun} - set(ahead)  # else it is tried once more
    wanted = [channel for channel in planner.people[name].channels if channel not in tried]
    if ahead != wanted[: len(ahead)]:
        yield from (Withdraw(delivery.id, OTHER_WAYS) for delivery in planned)
        planned, ahead = [], []
    rank = max((delivery.rank + 1 for delivery in (*begun, *planned)), default=0)
    first_ms = min(delivery.due_ms for delivery in rows)
    since = occasion._replace(notice_id=rows[0].notice_id, now_ms=first_ms)
    for one in planner.insert(NotificationStep(name, 0, Purpose.LOUD), since):
        if isinstance(one, Insert) and one.channel in wanted and one.channel not in ahead:
            yield one._replace(rank=rank, due_ms=max(occasion.now_ms, one.due_ms))
            rank += 1


def insert_untried(planner: DeliveryPlanner, step: NotificationStep, occasion: Occasion) -> Changes:
    """Return the deliveries of one person, without the channels that have failed for good.

    If all of them have failed, all are tried again: perhaps the settings mend one.
    """
    rows = _last(step.person, occasion)
    failed = {delivery.channel for delivery in rows if delivery.state is DeliveryState.FAILED}
    found = tuple(planner.insert(step, occasion))
    left = [one for one in found if isinstance(one, Insert) and one.channel not in failed]
    if not left:
        return found
    early_ms = left[0].due_ms - occasion.now_ms - int(step.after_s * 1000)
    ranked = (
        one._replace(rank=rank, due_ms=one.due_ms - early_ms) for rank, one in enumerate(left)
    )
    return (*(one for one in found if not isinstance(one, Insert)), *ranked)


def _last(name: str, occasion: Occasion) -> list[Delivery]:
    """Return a person's loud pushes of the last notice that had some; not those withdrawn."""
    loud = [
        delivery
        for delivery in occasion.deliveries
        if delivery.episode == occasion.episode
        and delivery.person == name
        and delivery.purpose is Purpose.LOUD
        and (delivery.state is not DeliveryState.WITHDRAWN or delivery.sent_ms is not None)
    ]
    last = max((delivery.notice_id for delivery in loud), default=0)
    return [delivery for delivery in loud if delivery.notice_id == last]
