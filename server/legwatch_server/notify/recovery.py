"""Repair the outbox after an outage: people removed from the settings, and overdue pushes.

This runs at the start in one transaction, before the outbox sends anything.
"""

import sqlite3
from collections.abc import Iterable
from typing import Protocol

from legwatch.alerting.alert import AlertState, is_silenced
from legwatch.conditions.verdict import Severity
from legwatch.engine import BedState
from legwatch.events import AlertKind
from legwatch.oncall.escalation import in_turn, woken
from legwatch_server.notify.planner import DeliveryPlanner, EpisodeKey
from legwatch_server.store import deliveries

CHANGED = "settings changed"
ANEW = "planned anew: another person is on duty or can be told"
LEAST_MOVE_MS = 10_000  # a shorter delay changes no due times
_OPEN = "bed_id=? AND kind=? AND episode_ms=? AND tone='loud' AND state='decided' AND attempt=0"


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
    def played(self) -> bool:
        """True if the bed plays a recording: then the recording's time counts."""


def recover(
    db: sqlite3.Connection, planner: DeliveryPlanner, beds: Iterable[WatchedBed], now_ms: int
) -> None:
    """Repair the outbox.

    Withdraw pushes for people or channels that the settings no longer name, and plan anew if their
    alert still fires. If a plan came due during the outage, notify the next person now and the
    others after their usual delays.
    """
    in_flight = f"state='claimed' AND next_ms>={deliveries.NEVER_MS}"  # when the server ended
    deliveries.withdraw_where(db, in_flight, (), now_ms, deliveries.SUPERSEDED)
    by_id = {bed.id: bed for bed in beds}
    changed = _withdraw_unknown_routes(db, planner, now_ms)
    for episode in sorted(changed | _overdue(db, now_ms)):
        bed = by_id.get(episode[0])
        if bed is None or not _replanned(
            db, planner, bed, episode, now_ms, changed=episode in changed
        ):
            _postpone(db, episode, now_ms)


def _withdraw_unknown_routes(
    db: sqlite3.Connection, planner: DeliveryPlanner, now_ms: int
) -> set[EpisodeKey]:
    """Withdraw pushes on removed routes; return the episodes that lost a loud push."""
    waiting = "state IN ('decided','claimed')"
    sql = (
        f"SELECT DISTINCT person, channel FROM deliveries WHERE {waiting} OR recall_ms IS NOT NULL"  # noqa: S608 - our own words
    )
    changed: set[EpisodeKey] = set()
    for route in set(db.execute(sql).fetchall()) - planner.routes:
        of_route = f"person=? AND channel=? AND {waiting}"
        loud = f"SELECT bed_id, kind, episode_ms FROM deliveries WHERE {of_route} AND tone='loud'"  # noqa: S608 - our own words
        changed.update(db.execute(loud, route).fetchall())
        deliveries.withdraw_where(db, of_route, route, now_ms, CHANGED)
        db.execute("UPDATE deliveries SET recall_ms=NULL WHERE person=? AND channel=?", route)
    return changed


def _overdue(db: sqlite3.Connection, now_ms: int) -> set[EpisodeKey]:
    sql = (
        "SELECT DISTINCT bed_id, kind, episode_ms FROM deliveries WHERE tone='loud'"
        " AND state='decided' AND attempt=0 AND due_ms<?"
    )
    return set(db.execute(sql, (now_ms - LEAST_MOVE_MS,)).fetchall())


def _replanned(
    db: sqlite3.Connection,
    planner: DeliveryPlanner,
    bed: WatchedBed,
    episode: EpisodeKey,
    now_ms: int,
    *,
    changed: bool,
) -> bool:
    """Replace a plan that names the wrong people; True if it was replaced."""
    severity = _unanswered_severity(bed, episode, now_ms)
    if severity is None:
        return False
    kind, at_ms = AlertKind(episode[1]), bed.state.at_ms if bed.played else now_ms
    names = woken(kind, severity, planner.people, planner.on_call(bed.name, at_ms), bed.name)
    rows = db.execute(f"SELECT DISTINCT person FROM deliveries WHERE {_OPEN}", episode).fetchall()  # noqa: S608 - our own words
    if not changed and {person for (person,) in rows} <= set(names):
        return False
    deliveries.withdraw_where(db, _OPEN, episode, now_ms, ANEW)
    of_episode = "bed_id=? AND kind=? AND episode_ms=? AND tone='loud'"
    trying = db.execute(
        f"SELECT DISTINCT person FROM deliveries WHERE {of_episode}"  # noqa: S608 - our own words
        " AND state IN ('decided','claimed')",
        episode,
    )
    notified = planner.notified(db, episode) | {person for (person,) in trying.fetchall()}
    last = f"SELECT max(notice_id) FROM deliveries WHERE {of_episode}"  # noqa: S608 - our own words
    notice_id = db.execute(last, episode).fetchone()[0]
    remaining = [name for name in names if name not in notified]
    for step in in_turn(remaining[:1], remaining, planner.limits.step_s(severity)):
        planner.insert(db, notice_id, episode, step, now_ms)
    return True


def _unanswered_severity(bed: WatchedBed, episode: EpisodeKey, now_ms: int) -> Severity | None:
    """Return the severity of a firing alert without an answer; None if over or answered."""
    alert: AlertState = bed.state.bed.alerts.of(AlertKind(episode[1]))
    at_ms = bed.state.at_ms if bed.played else now_ms
    quiet = alert.acknowledged or is_silenced(alert, at_ms, alert.severity)
    return alert.severity if alert.episode_ms == episode[2] and not quiet else None


def _postpone(db: sqlite3.Connection, episode: EpisodeKey, now_ms: int) -> None:
    first = db.execute(f"SELECT min(due_ms) FROM deliveries WHERE {_OPEN}", episode).fetchone()[0]  # noqa: S608 - our own words
    if first is not None and first < now_ms - LEAST_MOVE_MS:
        deliveries.postpone_where(db, _OPEN, episode, now_ms, now_ms - first, deliveries.MOVED)
