"""Plan the deliveries after a notice: whom to notify, on which channel and when; cancel older ones.

A plan is a value made from values: the notice, the people, and the deliveries of its alert as they
are stored. The store applies it in the transaction that stores the notice: a crash keeps both or
neither.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from legwatch.alerting.notice import MAY_SOUND, SuppressedBy, TransitionKind
from legwatch.alerting.told_here import Known
from legwatch.events import BODY_KINDS
from legwatch.night import night_of
from legwatch.oncall.escalation import NotificationStep, Purpose, Watch, is_over, notification_steps
from legwatch.oncall.people import SLEEPER, Person
from legwatch_server.on_duty import on_duty
from legwatch_server.settings import ServerSettings
from legwatch_server.store.batch import SERVER_ID, NewNotice
from legwatch_server.store.changes import Change, Changes, Insert, Recall, Supersede, Withdraw
from legwatch_server.store.delivery import Delivery, DeliveryState, Episode

SUPERSEDED = "a newer word replaces it"
_OUT = (
    DeliveryState.CLAIMED,
    DeliveryState.SENT,
    DeliveryState.DELIVERED,
    DeliveryState.ANSWERED,
)
_SHOWN_AT_ONCE = (
    None,
    SuppressedBy.HOLD,
    SuppressedBy.INHIBITED,
    SuppressedBy.EARLY_SIGN,
    SuppressedBy.TRIAL,
    SuppressedBy.LOW_URGENCY,
)


class Occasion(NamedTuple):
    """What people are notified of, and when; `deliveries` as in `DeliveryPlanner.plan`."""

    notice_id: int
    episode: Episode
    deliveries: Sequence[Delivery]
    now_ms: int


class DeliveryPlanner:
    """Plans deliveries from people and roster; it holds settings and no state."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self.people = settings.everybody()
        self.routes = routes(self.people)
        self.limits = settings.escalation

    def plan(
        self, notice_id: int, new: NewNotice, deliveries: Sequence[Delivery], now_ms: int
    ) -> Changes:
        """Return what a notice adds and cancels; empty: the outbox has no new work.

        `deliveries` are those of its alert, and the information that older alerts have still open.
        """
        notice, episode = new.notice, episode_of(new)
        own = [delivery for delivery in deliveries if delivery.episode == episode]
        over = is_over(notice)
        sounds = notice.transition in MAY_SOUND and notice.suppressed_by is None
        again = notice.transition is TransitionKind.RENOTIFIED and notice.kind in BODY_KINDS
        steps = self._steps(new, self._told(new, own), now_ms)
        if again and sounds and self._has_pending_plan(own):
            steps = tuple(step for step in steps if not step.after_s)
        cancelled: Iterable[Change] = ()
        if over:
            # Of what comes and goes the phone keeps the last word: nobody hears of its end.
            unheard = notice.suppressed_by is SuppressedBy.BUDGET
            why = f"{notice.transition} before"
            cancelled = _withdrawn(own, why) if unheard else called_off(own, why, now_ms)
        elif sounds and not again:
            cancelled = _superseded(own)
            steps = _in_order([_no_later(step, own, now_ms) for step in steps])
        occasion = Occasion(notice_id, episode, deliveries, now_ms)
        added = [change for step in steps for change in self.insert(step, occasion)]
        if again and sounds:
            cancelled = _superseded(_older(own, added))
        if added and notice.suppressed_by is SuppressedBy.TRIAL:
            cancelled = _superseded(own)
        return (*cancelled, *added)

    def watch(self, bed: str, at_ms: int) -> Watch:
        """Return who watches over a bed in the night of `at_ms`."""
        night = night_of(at_ms, self._settings.zone_of(bed))
        return Watch(bed, self.people, on_duty(self._settings, night, bed))

    def notified(self, own: Iterable[Delivery]) -> set[str]:
        """Return who got a loud push in this episode, or whose loud push is being sent."""
        return {
            delivery.person
            for delivery in own
            if self._is_loud(delivery)
            and (delivery.sent_ms is not None or delivery.state is DeliveryState.CLAIMED)
        }

    def insert(self, step: NotificationStep, occasion: Occasion) -> Iterator[Change]:
        """Yield one person's deliveries, one for each channel to use."""
        if step.purpose is Purpose.LOUD:  # an older "it is over" would mislead now
            yield from _misleading(occasion.deliveries, step.person)
        due_ms = occasion.now_ms + int(step.after_s * 1000)
        for channel, rank in self._channels(step, occasion):
            yield Insert(
                notice_id=occasion.notice_id,
                episode=occasion.episode,
                person=step.person,
                channel=channel,
                rank=rank,
                purpose=step.purpose,
                due_ms=due_ms + int(rank * self._settings.push.next_channel_s * 1000),
            )

    def _told(self, new: NewNotice, own: Iterable[Delivery]) -> set[str]:
        """Return who was notified before and may hear of this notice.

        At the end that is also who may have got a push: the phone may ring though no success came
        back. Whoever answered knows.
        """
        told = self.notified(own)
        if not is_over(new.notice):
            return told
        told |= {
            delivery.person
            for delivery in own
            if self._is_loud(delivery)
            and delivery.attempt > 0
            and delivery.state is not DeliveryState.FAILED
        }
        return told - {new.who or ""}

    def _is_loud(self, delivery: Delivery) -> bool:
        return delivery.purpose is Purpose.LOUD and delivery.person in self.people

    def _steps(self, new: NewNotice, told: set[str], now_ms: int) -> tuple[NotificationStep, ...]:
        notice = new.notice
        if notice.suppressed_by not in _SHOWN_AT_ONCE and not is_over(notice):
            return ()
        # After an outage the notice may be from yesterday: notify whoever is on call today.
        watch = self.watch(new.bed, notice.at_ms if new.played else now_ms)
        if new.bed_id == SERVER_ID:  # it concerns every bed, and so whoever watches any
            every = {name: replace(person, beds=()) for name, person in self.people.items()}
            watch = watch._replace(people=every)
        if new.known.before and notice.transition in MAY_SOUND:
            told = told | {name for name, one in watch.people.items() if _sleeps(one, new.bed)}
        steps = notification_steps(notice, watch, told, self.limits)
        return tuple(_not_known(steps, new.known, watch, now_ms))

    def _has_pending_plan(self, own: Iterable[Delivery]) -> bool:
        """Return True if loud pushes of an earlier plan still wait, on routes that exist."""
        return any(
            delivery.purpose is Purpose.LOUD
            and delivery.state is DeliveryState.DECIDED
            and delivery.route in self.routes
            for delivery in own
        )

    def _channels(self, step: NotificationStep, occasion: Occasion) -> list[tuple[str, int]]:
        """Return (channel, rank): lower ranks go first, equal ranks go at the same time."""
        person = self.people[step.person]
        if step.purpose is Purpose.INFO:
            heard = _last_heard(occasion, step.person)
            usable = (step.person, heard) in self.routes
            return [(heard if usable else person.channels[0], 0)]
        lamps = person.quiet if step.purpose is Purpose.QUIET and not step.readable else ()
        behind = (channel for channel in person.channels if channel not in lamps)
        ways = [(lamp, 0) for lamp in lamps]
        ways += [(channel, rank) for rank, channel in enumerate(behind, 1 if lamps else 0)]
        if step.shines:
            ways += [(lamp, 0) for lamp in person.quiet if lamp not in person.channels]
        return ways


def routes(people: Mapping[str, Person]) -> frozenset[tuple[str, str]]:
    """Return every (person, channel) pair of the settings."""
    found = ((name, (*person.channels, *person.quiet)) for name, person in people.items())
    return frozenset((name, channel) for name, channels in found for channel in channels)


def _sleeps(person: Person, bed: str) -> bool:
    """Return True for a sleeper of this bed, who hears its buzzer."""
    return person.role == SLEEPER and person.watches(bed)


def _not_known(
    steps: Iterable[NotificationStep], known: Known, watch: Watch, now_ms: int
) -> Iterator[NotificationStep]:
    """Yield the steps but those of sleepers who know it from their bedside.

    The next person waits from then on, as if this server had told the sleeper.
    """
    waited_s = (now_ms - known.heard_ms) / 1000 if known.heard_ms else 0.0
    for step in steps:
        sleeper = _sleeps(watch.people[step.person], watch.bed)
        if sleeper and step.purpose is Purpose.LOUD and known.heard_ms:
            continue
        if sleeper and step.purpose is Purpose.QUIET and known.lit_ms:
            if step.readable and not known.heard_ms:  # more than a lamp can say
                yield step._replace(shines=False)
            continue
        later = step.purpose is Purpose.LOUD and step.after_s
        yield step._replace(after_s=max(0.0, step.after_s - waited_s)) if later else step


def episode_of(new: NewNotice) -> Episode:
    """Return the alert that a notice belongs to."""
    return Episode(new.bed_id, new.notice.kind.value, new.notice.episode_ms or 0)


def _is_alert(delivery: Delivery) -> bool:
    return delivery.purpose in (Purpose.QUIET, Purpose.LOUD)


def _superseded(own: Iterable[Delivery]) -> Iterator[Change]:
    """Withdraw what a new loud push replaces; what is in flight gets no more tries."""
    alerts = [delivery for delivery in own if _is_alert(delivery)]
    yield from (Supersede(d.id) for d in alerts if d.state is DeliveryState.CLAIMED)
    yield from (Withdraw(d.id, SUPERSEDED) for d in alerts if d.state is DeliveryState.DECIDED)


def _no_later(step: NotificationStep, own: Iterable[Delivery], now_ms: int) -> NotificationStep:
    """Return a step that lets a person wait no longer than the plan that it replaces."""
    waits = (
        (delivery.due_ms - now_ms) / 1000
        for delivery in own
        if delivery.person == step.person
        and delivery.purpose is Purpose.LOUD
        and delivery.unstarted
        and delivery.due_ms > now_ms
    )
    return step._replace(after_s=min([step.after_s, *waits]))


def _in_order(steps: Sequence[NotificationStep]) -> tuple[NotificationStep, ...]:
    """Return the steps so that nobody is told behind somebody who is later in the roster."""
    found, most_s = list[NotificationStep](), float("inf")
    for step in reversed(steps):
        most_s = min(most_s, step.after_s)
        found.append(step._replace(after_s=most_s))
    return tuple(reversed(found))


def _older(own: Iterable[Delivery], added: Iterable[Change]) -> Iterator[Delivery]:
    """Yield the pushes that a new loud one goes after on the same way.

    One that waits for its service would come later, and show its older words in place of the new.
    """
    ways = {
        (one.person, one.channel)
        for one in added
        if isinstance(one, Insert) and one.purpose is Purpose.LOUD
    }
    return (d for d in own if (d.person, d.channel) in ways)


def called_off(own: Iterable[Delivery], why: str, now_ms: int) -> Iterator[Change]:
    """Take back what was or may have been sent, and withdraw what was not."""
    alerts = [delivery for delivery in own if _is_alert(delivery)]
    for delivery in alerts:
        tried = delivery.state is DeliveryState.DECIDED and delivery.attempt > 0
        if delivery.recall_ms is None and (delivery.state in _OUT or tried):
            yield Recall(delivery.id, now_ms)
    yield from _withdrawn(alerts, why)


def _withdrawn(own: Iterable[Delivery], why: str) -> Iterator[Change]:
    """Withdraw what was not sent."""
    alerts = (delivery for delivery in own if _is_alert(delivery))
    yield from (Withdraw(d.id, why) for d in alerts if d.state is DeliveryState.DECIDED)


def _misleading(deliveries: Iterable[Delivery], person: str) -> Iterator[Change]:
    for delivery in deliveries:
        waits = delivery.purpose is Purpose.INFO and delivery.state is DeliveryState.DECIDED
        if waits and delivery.person == person:
            yield Withdraw(delivery.id, SUPERSEDED)


def _last_heard(occasion: Occasion, person: str) -> str:
    """Return the channel of the loud push of this alert that a person got last; empty: none."""
    heard = [
        (delivery.sent_ms, -delivery.id, delivery.channel)
        for delivery in occasion.deliveries
        if delivery.episode == occasion.episode
        and delivery.person == person
        and delivery.purpose is Purpose.LOUD
        and delivery.sent_ms is not None
    ]
    return max(heard)[2] if heard else ""
