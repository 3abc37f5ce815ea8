"""Turn a notice into outbox rows: whom to notify, on which channel and when; cancel older rows.

This happens in the transaction that stores the notice: a crash keeps both or neither.
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
    """Plans deliveries from people and roster; every method runs in the caller's transaction."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self.people = settings.everybody()
        self.routes = routes(self.people)
        self.limits = settings.escalation

    def plan(self, db: sqlite3.Connection, notice_id: int, new: NewNotice, now_ms: int) -> bool:
        """Add and cancel deliveries after a notice; True if the outbox has new work."""
        notice = new.notice
        notified = self.notified(db, _episode(new))
        over = notice.transition in OVER
        if over:
            notified |= self._perhaps_notified(db, _episode(new))
        sounds = notice.transition in MAY_SOUND and notice.suppressed_by is None
        again = notice.transition is TransitionKind.RENOTIFIED and notice.kind in BODY_KINDS
        if over or (sounds and not again):
            self._cancel(db, new, now_ms, superseded=not over)
        if over:
            notified.discard(new.who or "")
        planned = self._steps(new, notified, now_ms)
        if again and sounds and self._has_pending_plan(db, new):
            planned = tuple(step for step in planned if not step.after_s)
        for step in planned:
            self.insert(db, notice_id, _episode(new), step, now_ms)
        return bool(planned) or over

    def on_call(self, bed: str, at_ms: int) -> tuple[str, ...]:
        """Return who is on call for a bed in the night of `at_ms`, first person first."""
        night = night_of(at_ms, self._settings.zone_of(bed))
        return on_call(self.people, self._settings.roster, night, bed)

    def _steps(
        self, new: NewNotice, notified: set[str], now_ms: int
    ) -> tuple[NotificationStep, ...]:
        notice = new.notice
        if (
            notice.suppressed_by not in (None, SuppressedBy.HOLD, SuppressedBy.INHIBITED)
            and notice.transition not in OVER
        ):
            return ()
        # After an outage the notice may be from yesterday: notify whoever is on call today.
        duty = self.on_call(new.bed, notice.at_ms if new.played else now_ms)
        return notification_steps(notice, self.people, duty, notified, new.bed, self.limits)

    def notified(self, db: sqlite3.Connection, episode: EpisodeKey) -> set[str]:
        """Return who got a loud push in this episode, or whose loud push is being sent."""
        return self._loud(db, episode, "(sent_ms IS NOT NULL OR state='claimed')")

    def _perhaps_notified(self, db: sqlite3.Connection, episode: EpisodeKey) -> set[str]:
        """Return who may have got a loud push: the phone may ring though no success came back."""
        return self._loud(db, episode, "attempt>0 AND state!='failed'")

    def _loud(self, db: sqlite3.Connection, episode: EpisodeKey, where: str) -> set[str]:
        """Return the known people with a loud push of this episode for which `where` holds."""
        sql = f"SELECT DISTINCT person FROM deliveries WHERE {_EPISODE} AND tone='loud' AND {where}"  # noqa: S608 - our own words
        return {person for (person,) in db.execute(sql, episode) if person in self.people}

    def _has_pending_plan(self, db: sqlite3.Connection, new: NewNotice) -> bool:
        """Return True if loud pushes of an earlier plan still wait, on routes that exist."""
        rows = db.execute(
            f"SELECT DISTINCT person, channel FROM deliveries WHERE {_EPISODE}"  # noqa: S608 - our own words
            " AND state='decided' AND tone='loud'",
            _episode(new),
        )
        return any(route in self.routes for route in rows)

    def _cancel(
        self, db: sqlite3.Connection, new: NewNotice, now_ms: int, *, superseded: bool
    ) -> None:
        """Cancel unsent pushes; recall sent ones, unless a new loud push replaces them."""
        why = SUPERSEDED if superseded else f"{new.notice.transition} before"
        of_episode = f"{_EPISODE} AND tone IN ('quiet','loud')"
        if superseded:
            supersede_where(db, of_episode, _episode(new))
        else:
            sent = "state IN ('claimed','sent','delivered','answered')"
            tried = "state='decided' AND attempt>0"
            db.execute(
                f"UPDATE deliveries SET recall_ms=? WHERE {of_episode} AND recall_ms IS NULL"  # noqa: S608 - our own words
                f" AND ({sent} OR ({tried}))",
                (now_ms, *_episode(new)),
            )
        withdraw_where(db, f"{of_episode} AND state='decided'", _episode(new), now_ms, why)

    def insert(
        self,
        db: sqlite3.Connection,
        notice_id: int,
        episode: EpisodeKey,
        step: NotificationStep,
        now_ms: int,
    ) -> None:
        """Add one person's deliveries to the outbox, one row for each channel to use."""
        person = self.people[step.person]
        if step.purpose is Purpose.LOUD:  # an older "it is over" would mislead now
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
        """Return (channel, rank): lower ranks go first, equal ranks go at the same time."""
        if step.purpose is Purpose.QUIET:
            return [(channel, 0) for channel in person.quiet or person.channels[:1]]
        if step.purpose is Purpose.INFO:
            row = db.execute(
                f"SELECT channel FROM deliveries WHERE {_EPISODE} AND person=? AND tone='loud'"  # noqa: S608 - our own words
                " AND sent_ms IS NOT NULL ORDER BY sent_ms DESC LIMIT 1",
                (*episode, step.person),
            ).fetchone()
            usable = row is not None and (step.person, row[0]) in self.routes
            return [(row[0] if usable else person.channels[0], 0)]
        return [(channel, rank) for rank, channel in enumerate(person.channels)]


def routes(people: Mapping[str, Person]) -> frozenset[tuple[str, str]]:
    """Return every (person, channel) pair of the settings."""
    found = ((name, (*person.channels, *person.quiet)) for name, person in people.items())
    return frozenset((name, channel) for name, channels in found for channel in channels)


def _episode(new: NewNotice) -> EpisodeKey:
    return (new.bed_id, new.notice.kind.value, new.notice.episode_ms or 0)
