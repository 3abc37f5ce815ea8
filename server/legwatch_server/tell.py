"""From a committed notice to rows of the outbox: who, on which channel, when, and what is over.

All of it happens in the transaction that stores the notice, so a crash leaves both or none.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from legwatch.escalation import OVER, Telling, Tone, tellings
from legwatch.events import BODY
from legwatch.night import night_of
from legwatch.notice import Held, Notice, What
from legwatch.people import Person, on_duty
from legwatch_server.ledger import plan, withdraw_where
from legwatch_server.settings import ServerSettings

_ALARMS = frozenset({What.FIRED, What.RAISED, What.REPEATED})
_EPISODE = "bed_id=? AND kind=? AND episode_ms=?"


@dataclass(frozen=True, slots=True)
class News:
    """A notice with its bed, on its way into the store. `who` gave the answer, if it is one."""

    bed_id: int
    bed: str
    notice: Notice
    row: tuple[object, ...]
    who: str | None = None


class Tell:
    """Knows people and roster; used inside the owner's transaction."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._people = settings.everybody()

    def write(self, db: sqlite3.Connection, notice_id: int, news: News, now_ms: int) -> bool:
        """Plan what follows from a notice, call off what is over; say whether there is work."""
        notice = news.notice
        told = self._told(db, news)
        over = notice.what in OVER
        sounds = notice.what in _ALARMS and notice.held is None
        again = notice.what is What.REPEATED and notice.kind in BODY
        if over or (sounds and not again):
            self._call_off(db, news, now_ms, superseded=not over)
        if over:
            told.discard(news.who or "")
        planned = self._plan(news, told)
        if again and sounds and self._goes_on(db, news):
            planned = tuple(telling for telling in planned if not telling.after_s)
        for telling in planned:
            self._insert(db, notice_id, news, telling, now_ms)
        return bool(planned) or over

    def _plan(self, news: News, told: set[str]) -> tuple[Telling, ...]:
        notice = news.notice
        if notice.held not in (None, Held.WAITING, Held.JOINED) and notice.what not in OVER:
            return ()
        zone = self._settings.zone_of(news.bed)
        night = night_of(notice.at_ms, zone)
        duty = on_duty(self._people, self._settings.roster, night, news.bed)
        limits = self._settings.escalation
        return tellings(notice, self._people, duty, told, news.bed, limits)

    def _told(self, db: sqlite3.Connection, news: News) -> set[str]:
        """Return who has heard a sound in this episode."""
        rows = db.execute(
            f"SELECT DISTINCT person FROM deliveries WHERE {_EPISODE} AND tone='loud'"  # noqa: S608 - our own words
            " AND (sent_ms IS NOT NULL OR state='claimed')",
            _episode(news),
        )
        return {person for (person,) in rows if person in self._people}

    def _goes_on(self, db: sqlite3.Connection, news: News) -> bool:
        """Say whether people are still to be told by the plan made before."""
        sql = f"SELECT 1 FROM deliveries WHERE {_EPISODE} AND state='decided' AND tone='loud'"  # noqa: S608 - our own words
        return db.execute(f"{sql} LIMIT 1", _episode(news)).fetchone() is not None

    def _call_off(
        self, db: sqlite3.Connection, news: News, now_ms: int, *, superseded: bool
    ) -> None:
        """Drop what is not sent yet; take back what is, unless a louder word replaces it."""
        why = "a newer word replaces it" if superseded else f"{news.notice.what} before"
        where = f"{_EPISODE} AND state='decided' AND tone IN ('quiet','loud')"
        withdraw_where(db, where, _episode(news), now_ms, why)
        if not superseded:
            db.execute(
                f"UPDATE deliveries SET recall_ms=? WHERE {_EPISODE} AND tone IN ('quiet','loud')"  # noqa: S608 - our own words
                " AND state IN ('claimed','sent','delivered','answered') AND recall_ms IS NULL",
                (now_ms, *_episode(news)),
            )

    def _insert(
        self, db: sqlite3.Connection, notice_id: int, news: News, telling: Telling, now_ms: int
    ) -> None:
        person = self._people[telling.person]
        episode = _episode(news)
        due_ms = now_ms + int(telling.after_s * 1000)
        for channel, rank in self._ways(db, episode, telling, person):
            when = due_ms + int(rank * self._settings.push.next_channel_s * 1000)
            row = (notice_id, *episode, telling.person, channel, rank, telling.tone)
            plan(db, row, when, now_ms)

    def _ways(
        self,
        db: sqlite3.Connection,
        episode: tuple[object, ...],
        telling: Telling,
        person: Person,
    ) -> Iterable[tuple[str, int]]:
        """Return (channel, rank): ranks follow each other, equal ranks go together."""
        if telling.tone is Tone.QUIET:
            return [(channel, 0) for channel in person.quiet or person.channels[:1]]
        if telling.tone is Tone.INFO:
            row = db.execute(
                f"SELECT channel FROM deliveries WHERE {_EPISODE} AND person=? AND tone='loud'"  # noqa: S608 - our own words
                " AND sent_ms IS NOT NULL ORDER BY sent_ms DESC LIMIT 1",
                (*episode, telling.person),
            ).fetchone()
            return [(row[0] if row else person.channels[0], 0)]
        return [(channel, rank) for rank, channel in enumerate(person.channels)]


def _episode(news: News) -> tuple[object, ...]:
    return (news.bed_id, news.notice.kind.value, news.notice.episode_ms or 0)
