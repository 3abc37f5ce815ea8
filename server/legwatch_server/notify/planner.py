"""From a committed notice to rows of the outbox: who, on which channel, when, and what is over.

All of it happens in the transaction that stores the notice, so a crash leaves both or none.
"""

import sqlite3
from collections.abc import Iterable, Mapping

from legwatch.alerting.notice import MAY_SOUND, SuppressedBy, TransitionKind
from legwatch.events import BODY_KINDS
from legwatch.night import night_of
from legwatch.oncall.escalation import OVER, NotificationStep, Purpose, notification_steps
from legwatch.oncall.people import Person, on_call
from legwatch_server.settings import ServerSettings
from legwatch_server.store.deliveries import SUPERSEDED, insert, supersede_where, withdraw_where
from legwatch_server.store.notices import NewNotice

EpisodeKey = tuple[int, str, int]  # bed id, kind, when it fired
_EPISODE = "bed_id=? AND kind=? AND episode_ms=?"


class DeliveryPlanner:
    """Knows people and roster; used inside the owner's transaction."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self.people = settings.everybody()
        self.routes = routes(self.people)
        self.limits = settings.escalation

    def plan(self, db: sqlite3.Connection, notice_id: int, new: NewNotice, now_ms: int) -> bool:
        """Plan what follows from a notice, call off what is over; say whether there is work."""
        notice = new.notice
        told = self.notified(db, _episode(new))
        over = notice.transition in OVER
        if over:
            told |= self._perhaps_notified(db, _episode(new))
        sounds = notice.transition in MAY_SOUND and notice.suppressed_by is None
        again = notice.transition is TransitionKind.RENOTIFIED and notice.kind in BODY_KINDS
        if over or (sounds and not again):
            self._cancel(db, new, now_ms, superseded=not over)
        if over:
            told.discard(new.who or "")
        planned = self._steps(new, told, now_ms)
        if again and sounds and self._has_pending_plan(db, new):
            planned = tuple(step for step in planned if not step.after_s)
        for step in planned:
            self.insert(db, notice_id, _episode(new), step, now_ms)
        return bool(planned) or over

    def on_call(self, bed: str, at_ms: int) -> tuple[str, ...]:
        """Return who is on duty at a bed, in order."""
        night = night_of(at_ms, self._settings.zone_of(bed))
        return on_call(self.people, self._settings.roster, night, bed)

    def _steps(self, new: NewNotice, told: set[str], now_ms: int) -> tuple[NotificationStep, ...]:
        notice = new.notice
        if (
            notice.suppressed_by not in (None, SuppressedBy.HOLD, SuppressedBy.INHIBITED)
            and notice.transition not in OVER
        ):
            return ()
        # After a time away the decision may be of yesterday, and is told to who is there today.
        duty = self.on_call(new.bed, notice.at_ms if new.played else now_ms)
        return notification_steps(notice, self.people, duty, told, new.bed, self.limits)

    def notified(self, db: sqlite3.Connection, episode: EpisodeKey) -> set[str]:
        """Return who has heard a sound in this episode."""
        rows = db.execute(
            f"SELECT DISTINCT person FROM deliveries WHERE {_EPISODE} AND tone='loud'"  # noqa: S608 - our own words
            " AND (sent_ms IS NOT NULL OR state='claimed')",
            episode,
        )
        return {person for (person,) in rows if person in self.people}

    def _perhaps_notified(self, db: sqlite3.Connection, episode: EpisodeKey) -> set[str]:
        """Return who may have heard a sound: the phone rang, and the service's yes was lost."""
        rows = db.execute(
            f"SELECT DISTINCT person FROM deliveries WHERE {_EPISODE} AND tone='loud'"  # noqa: S608 - our own words
            " AND attempt>0 AND state!='failed'",
            episode,
        )
        return {person for (person,) in rows if person in self.people}

    def _has_pending_plan(self, db: sqlite3.Connection, new: NewNotice) -> bool:
        """Say whether people are still to be told by the plan made before."""
        rows = db.execute(
            f"SELECT DISTINCT person, channel FROM deliveries WHERE {_EPISODE}"  # noqa: S608 - our own words
            " AND state='decided' AND tone='loud'",
            _episode(new),
        )
        return any(route in self.routes for route in rows)

    def _cancel(
        self, db: sqlite3.Connection, new: NewNotice, now_ms: int, *, superseded: bool
    ) -> None:
        """Drop what is not sent yet; take back what is, unless a louder word replaces it."""
        why = SUPERSEDED if superseded else f"{new.notice.transition} before"
        standing = f"{_EPISODE} AND tone IN ('quiet','loud')"
        if superseded:
            supersede_where(db, standing, _episode(new))
        else:
            heard = "state IN ('claimed','sent','delivered','answered')"
            perhaps = "state='decided' AND attempt>0"
            db.execute(
                f"UPDATE deliveries SET recall_ms=? WHERE {standing} AND recall_ms IS NULL"  # noqa: S608 - our own words
                f" AND ({heard} OR ({perhaps}))",
                (now_ms, *_episode(new)),
            )
        withdraw_where(db, f"{standing} AND state='decided'", _episode(new), now_ms, why)

    def insert(
        self,
        db: sqlite3.Connection,
        notice_id: int,
        episode: EpisodeKey,
        step: NotificationStep,
        now_ms: int,
    ) -> None:
        """Put what one person is to be told into the outbox, on every channel of theirs."""
        person = self.people[step.person]
        if step.purpose is Purpose.LOUD:  # that an earlier one is over would only mislead now
            over = "bed_id=? AND kind=? AND person=? AND tone='info' AND state='decided'"
            withdraw_where(db, over, (*episode[:2], step.person), now_ms, SUPERSEDED)
        due_ms = now_ms + int(step.after_s * 1000)
        for channel, rank in self._channels(db, episode, step, person):
            when = due_ms + int(rank * self._settings.push.next_channel_s * 1000)
            row = (notice_id, *episode, step.person, channel, rank, step.purpose)
            insert(db, row, when, now_ms)

    def _channels(
        self,
        db: sqlite3.Connection,
        episode: EpisodeKey,
        step: NotificationStep,
        person: Person,
    ) -> Iterable[tuple[str, int]]:
        """Return (channel, rank): ranks follow each other, equal ranks go together."""
        if step.purpose is Purpose.QUIET:
            return [(channel, 0) for channel in person.quiet or person.channels[:1]]
        if step.purpose is Purpose.INFO:
            row = db.execute(
                f"SELECT channel FROM deliveries WHERE {_EPISODE} AND person=? AND tone='loud'"  # noqa: S608 - our own words
                " AND sent_ms IS NOT NULL ORDER BY sent_ms DESC LIMIT 1",
                (*episode, step.person),
            ).fetchone()
            heard = row is not None and (step.person, row[0]) in self.routes
            return [(row[0] if heard else person.channels[0], 0)]
        return [(channel, rank) for rank, channel in enumerate(person.channels)]


def routes(people: Mapping[str, Person]) -> frozenset[tuple[str, str]]:
    """Return every (person, channel) by which somebody can be told."""
    found = ((name, (*person.channels, *person.quiet)) for name, person in people.items())
    return frozenset((name, channel) for name, channels in found for channel in channels)


def _episode(new: NewNotice) -> EpisodeKey:
    return (new.bed_id, new.notice.kind.value, new.notice.episode_ms or 0)
