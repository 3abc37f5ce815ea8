"""Repair the outbox after an outage: people removed from the settings, and overdue pushes.

This runs at the start, before the outbox sends anything. What is to change is a value made from the
deliveries that are not finished; the store applies it in one transaction.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from legwatch.alerting.alert import AlertState, is_silenced
from legwatch.alerting.told_here import of_alert
from legwatch.bedside import Bedside
from legwatch.conditions.verdict import Severity
from legwatch.engine import BedState
from legwatch.events import AlertKind, FactKind
from legwatch.limits.rules import Rules
from legwatch.oncall.escalation import NotificationStep, Purpose, in_turn, woken
from legwatch.oncall.people import SLEEPER
from legwatch_server.notify.channels_left import (
    being_told,
    insert_untried,
    unreached,
    with_new_channels,
)
from legwatch_server.notify.hand_over import first_due, follows
from legwatch_server.notify.planner import SUPERSEDED, DeliveryPlanner, Occasion
from legwatch_server.store.changes import Change, Changes, Claim, DropRecall, Move, Withdraw
from legwatch_server.store.delivery import NEVER_MS, WAITING, Delivery, DeliveryState, Episode
from legwatch_server.store.port import Transaction, WriterStore

CHANGED = "settings changed"
ANEW = "planned anew: another person is on duty or can be told"
MOVED = "later: nobody could be told while the server was away"
LEAST_MOVE_MS = 10_000  # a shorter delay changes no due times


class WatchedBed(Protocol):
    """A bed, as far as recovery needs it: its alerts and its clock."""

    @property
    def id(self) -> int:
        """Its number in the database."""

    @property
    def name(self) -> str:
        """Its name in topics and settings."""

    @property
    def state(self) -> BedState:
        """The engine's state."""

    @property
    def rules(self) -> Rules:
        """Its limits."""

    @property
    def bedside(self) -> Bedside:
        """What is known of its agent."""

    @property
    def played(self) -> bool:
        """True if the bed plays a recording: then the recording's time counts."""


def recover(
    store: WriterStore,
    planner: DeliveryPlanner,
    beds: Iterable[WatchedBed],
    now_ms: int,
    *,
    rebooted: bool,
) -> None:
    """Repair the outbox; raises StoreError, and the store is then unchanged.

    `rebooted`: the machine has ended since the last commit. Then the claim of a push that went at
    once may not have come to the disk.
    """
    beds = tuple(beds)
    with store.transaction() as tx:
        if rebooted:
            lost = (one.id for one in tx.unfinished() if one.goes_at_once)
            tx.apply(tuple(Claim(ident, again=False) for ident in lost), now_ms)
        tx.apply(repairs(planner, beds, _open(tx, beds), now_ms), now_ms)


def repairs(
    planner: DeliveryPlanner,
    beds: Iterable[WatchedBed],
    deliveries: Sequence[Delivery],
    now_ms: int,
) -> Changes:
    """Return what must change before the outbox goes on.

    Withdraw pushes for people or channels that the settings no longer name, and plan anew if their
    alert still fires, or if somebody is on duty now who was not told of it. If a plan came due
    during the outage, notify the next person now and the others after their usual delays.
    """
    superseded = tuple(
        Withdraw(delivery.id, SUPERSEDED)
        for delivery in deliveries
        if delivery.state is DeliveryState.CLAIMED and delivery.next_ms >= NEVER_MS
    )
    left = _after(deliveries, superseded)
    unknown, changed = _of_unknown_routes(planner, left)
    left = _after(left, unknown)
    by_id = {bed.id: bed for bed in beds}
    planned: list[Change] = []
    for occasion in _occasions(changed | _loud(left), left, now_ms):
        order = _order(planner, by_id.get(occasion.episode.bed_id), occasion)
        planned += _renewed(planner, order, occasion, changed, tuple(_postponed(occasion)))
    return (*superseded, *unknown, *planned)


def replan(
    store: WriterStore, planner: DeliveryPlanner, beds: Iterable[WatchedBed], now_ms: int
) -> None:
    """Let open plans follow new settings; raises StoreError, and the store is then unchanged."""
    beds = tuple(beds)
    with store.transaction() as tx:
        tx.apply(followed(planner, beds, _open(tx, beds), now_ms), now_ms)


def _open(tx: Transaction, beds: Iterable[WatchedBed]) -> list[Delivery]:
    """Return what is not finished, and all deliveries of the alerts that nobody has answered."""
    found = {delivery.id: delivery for delivery in tx.unfinished()}
    for bed in beds:
        for episode in _unanswered(bed):
            found |= {delivery.id: delivery for delivery in tx.for_plan(episode)}
    return sorted(found.values())


def _unanswered(bed: WatchedBed) -> Iterator[Episode]:
    for kind, alert in zip(AlertKind, bed.state.bed.alerts, strict=True):
        if alert.severity and not alert.acknowledged and alert.episode_ms is not None:
            yield Episode(bed.id, kind.value, alert.episode_ms)


def followed(
    planner: DeliveryPlanner,
    beds: Iterable[WatchedBed],
    deliveries: Sequence[Delivery],
    now_ms: int,
) -> Changes:
    """Return what new settings change while the outbox works.

    Withdraw pushes for people or channels that the settings no longer name, and plan anew what
    waits for the wrong people, or has not been told to somebody who is on duty now.
    """
    unknown, changed = _of_unknown_routes(planner, deliveries)
    left = _after(deliveries, unknown)
    by_id = {bed.id: bed for bed in beds}
    planned: list[Change] = []
    for occasion in _occasions(changed | _loud(left), left, now_ms):
        order = _order(planner, by_id.get(occasion.episode.bed_id), occasion)
        planned += _renewed(planner, order, occasion, changed)
    return (*unknown, *planned)


class _Order(NamedTuple):
    """Who is to be notified of an alert that nobody has answered: one after the other."""

    names: Sequence[str]
    step_s: float
    on_duty: Collection[str]


def _renewed(
    planner: DeliveryPlanner,
    order: _Order | None,
    occasion: Occasion,
    changed: Collection[Episode],
    moved: Changes = (),
) -> Iterator[Change]:
    """Plan anew what waits for the wrong people; else move what came due, and add what lacks."""
    kept = occasion._replace(deliveries=_after(occasion.deliveries, moved))
    if order is not None and _is_wrong(planner, order, kept, changed):
        yield from _anew(planner, order, occasion, occasion.now_ms)
        return
    due_ms = _due(planner, kept)
    if order is not None and due_ms and not follows(order.names, due_ms):
        yield from _anew(planner, order, occasion, min(due_ms.values()))
        return
    yield from moved
    if order is not None:
        yield from _with_what_lacks(planner, order, kept)


def _is_wrong(
    planner: DeliveryPlanner, order: _Order, occasion: Occasion, changed: Collection[Episode]
) -> bool:
    """Return True if an alert waits for the wrong people, lacks some, or all told are off duty."""
    waited_for, names = _waited_for(occasion), set(order.names)
    tried = _told_or_tried(planner, occasion) | unreached(_own(occasion))
    if occasion.episode in changed or not names <= waited_for | tried or not waited_for <= names:
        return True
    due_ms = _due(planner, occasion).values()
    return tried.isdisjoint({*names, *order.on_duty}) and min(due_ms, default=0) > occasion.now_ms


def _due(planner: DeliveryPlanner, occasion: Occasion) -> dict[str, int]:
    """Return when each person is due who has not been told or tried."""
    told = _told_or_tried(planner, occasion)
    waiting = [d for d in _unstarted(_own(occasion)) if d.person not in told]
    return first_due(waiting, occasion.now_ms)


def _after(deliveries: Iterable[Delivery], changes: Changes) -> list[Delivery]:
    """Return the deliveries as they are when these withdrawals and moves are made."""
    gone = {change.id for change in changes if isinstance(change, Withdraw)}
    by_ms = {change.id: change.by_ms for change in changes if isinstance(change, Move)}
    left = [d._replace(due_ms=d.due_ms + by_ms.get(d.id, 0)) for d in deliveries]
    return [d._replace(state=DeliveryState.WITHDRAWN) if d.id in gone else d for d in left]


def _of_unknown_routes(
    planner: DeliveryPlanner, deliveries: Iterable[Delivery]
) -> tuple[Changes, set[Episode]]:
    """Withdraw what goes to people or channels that the settings no longer name.

    Return the changes, and the alerts that lose a loud push by them.
    """
    found: list[Change] = []
    losing: set[Episode] = set()
    for delivery in deliveries:
        if delivery.route in planner.routes:
            continue
        if delivery.state in WAITING:
            found.append(Withdraw(delivery.id, CHANGED))
            if delivery.purpose is Purpose.LOUD:
                losing.add(delivery.episode)
        if delivery.recall_ms is not None:
            found.append(DropRecall(delivery.id))
    return tuple(found), losing


def _loud(deliveries: Iterable[Delivery]) -> set[Episode]:
    """Return the alerts that were told with a sound, or are to be."""
    return {d.episode for d in deliveries if d.purpose is Purpose.LOUD and d.notice_id}


def _unstarted(deliveries: Iterable[Delivery]) -> list[Delivery]:
    return [d for d in deliveries if d.purpose is Purpose.LOUD and d.unstarted]


def _occasions(
    episodes: Iterable[Episode], deliveries: Iterable[Delivery], now_ms: int
) -> Iterator[Occasion]:
    """Yield the last notice of each alert, with all deliveries of the same bed and kind."""
    related: dict[tuple[int, str], list[Delivery]] = {}
    for delivery in deliveries:
        related.setdefault((delivery.bed_id, delivery.kind), []).append(delivery)
    for episode in sorted(episodes):
        found = related[episode.bed_id, episode.kind]
        loud = [d for d in found if d.episode == episode and d.purpose is Purpose.LOUD]
        yield Occasion(max(d.notice_id for d in loud), episode, found, now_ms)


def _own(occasion: Occasion) -> list[Delivery]:
    return [d for d in occasion.deliveries if d.episode == occasion.episode]


def _order(planner: DeliveryPlanner, bed: WatchedBed | None, occasion: Occasion) -> _Order | None:
    """Return whom a firing alert wakes now; None if it is over or answered, or is a note."""
    if occasion.episode.kind in set(FactKind):
        return None
    severity = _unanswered_severity(bed, occasion) if bed else None
    if bed is None or severity is None:
        return None
    kind, now_ms = AlertKind(occasion.episode.kind), _now_ms(bed, occasion)
    watch = planner.watch(bed.name, now_ms)
    names: Sequence[str] = woken(kind, severity, watch)
    if of_alert(bed.bedside.told, kind, severity, now_ms, bed.rules).heard_ms:
        names = [name for name in names if watch.people[name].role != SLEEPER]
    return _Order(names, planner.limits.step_s(severity), watch.on_call)


def _unanswered_severity(bed: WatchedBed, occasion: Occasion) -> Severity | None:
    """Return the severity of a firing alert without an answer; None if over or answered."""
    alert: AlertState = bed.state.bed.alerts.of(AlertKind(occasion.episode.kind))
    quiet = alert.acknowledged or is_silenced(alert, _now_ms(bed, occasion), alert.severity)
    same = alert.episode_ms == occasion.episode.episode_ms
    return alert.severity if same and not quiet else None


def _now_ms(bed: WatchedBed, occasion: Occasion) -> int:
    return bed.state.at_ms if bed.played else occasion.now_ms


def _waited_for(occasion: Occasion) -> set[str]:
    return {delivery.person for delivery in _unstarted(_own(occasion))}


def _anew(
    planner: DeliveryPlanner, order: _Order, occasion: Occasion, first_ms: int
) -> Iterator[Change]:
    """Replace a wrong plan, from `first_ms` on; whoever is being told keeps the own part."""
    told = _told_or_tried(planner, occasion)
    kept = [name for name in order.names if name in told]
    for delivery in _unstarted(_own(occasion)):
        if delivery.person not in kept:
            yield Withdraw(delivery.id, ANEW)
    for name in kept:
        yield from with_new_channels(planner, name, occasion)
    remaining = [name for name in order.names if name not in told]
    for step in in_turn(remaining[:1], remaining, order.step_s):
        yield from insert_untried(planner, step, occasion._replace(now_ms=first_ms))


def _with_what_lacks(
    planner: DeliveryPlanner, order: _Order, occasion: Occasion
) -> Iterator[Change]:
    """Add to a plan for the right people what the settings give them now."""
    known = _waited_for(occasion) | _told_or_tried(planner, occasion)
    for name in order.names:
        if name in known:
            yield from with_new_channels(planner, name, occasion)
        else:  # every channel has failed
            step = NotificationStep(name, 0, Purpose.LOUD)
            yield from insert_untried(planner, step, occasion)


def _told_or_tried(planner: DeliveryPlanner, occasion: Occasion) -> set[str]:
    """Return who got a loud push of this alert, or is being told: more is sent or tried."""
    own = _own(occasion)
    return planner.notified(own) | being_told(own)


def _postponed(occasion: Occasion) -> Iterator[Change]:
    """Move a whole plan, so that its first person is notified now."""
    planned = _unstarted(_own(occasion))
    first_ms = min((delivery.due_ms for delivery in planned), default=occasion.now_ms)
    if first_ms < occasion.now_ms - LEAST_MOVE_MS:
        by_ms = occasion.now_ms - first_ms
        yield from (Move(delivery.id, by_ms, MOVED) for delivery in planned)
