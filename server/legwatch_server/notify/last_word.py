"""The newest word without a sound is the last: none that waits for its service comes after it."""

from collections.abc import Iterator, Sequence

from legwatch.oncall.escalation import Purpose
from legwatch_server.notify.planner import SUPERSEDED
from legwatch_server.store.changes import Change, Changes, Insert, Supersede, Withdraw
from legwatch_server.store.delivery import Delivery, DeliveryState


def with_last_word(changes: Changes, deliveries: Sequence[Delivery]) -> Changes:
    """Return what a notice changes, and end what waits without a sound where it is told now.

    Both have one place on the phone: what came later would show its older words in place of the
    new. `deliveries` are those before the changes. What is in flight gets no more tries.
    """
    return (*_outdated(changes, deliveries), *changes)


def _outdated(changes: Changes, deliveries: Sequence[Delivery]) -> Iterator[Change]:
    new = {(one.episode, one.person, one.channel) for one in changes if isinstance(one, Insert)}
    ended = {one.id for one in changes if isinstance(one, Withdraw)}
    for old in deliveries:
        if old.purpose is not Purpose.INFO or (old.episode, *old.route) not in new:
            continue
        if old.state is DeliveryState.DECIDED and old.id not in ended:
            yield Withdraw(old.id, SUPERSEDED)
        if old.state is DeliveryState.CLAIMED:
            yield Supersede(old.id)
