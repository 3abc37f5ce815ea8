"""Reads the server's SQLite file on a connection of its own: a `Reader`."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from legwatch.alerting.notice import Notice
from legwatch.errors import CannotRun
from legwatch.events import AlertKind, Window
from legwatch_runtime.clock import EARLIEST_MS, machine_boot, mono_ms, utc_ms
from legwatch_runtime.rights import is_there
from legwatch_server.claims import Target, TargetKind
from legwatch_server.store import (
    answers,
    beds,
    deliveries,
    incidents,
    loaded,
    nights,
    notices,
    quarantine,
    rehearsals,
    sizes,
    times,
    tries,
    unreadable,
    upgrade,
    windows,
)
from legwatch_server.store.batch import StoredTime
from legwatch_server.store.connection import (
    LOOK_PATIENCE_S,
    READ_PATIENCE_S,
    connect_read_only,
    reading,
)
from legwatch_server.store.errors import StoreError
from legwatch_server.store.minutes import Minute
from legwatch_server.store.records import (
    FailedTries,
    Incident,
    LastSeen,
    LastTest,
    Loaded,
    NightSummary,
    Storage,
    StoredNotice,
    StoredSpan,
    Way,
    WindowRecord,
)

if TYPE_CHECKING:
    from legwatch.lived import LivedNight

FILE = "legwatch.db"  # in the server's state_dir


class SqliteReader:
    """A `Reader` of a SQLite file that exists."""

    @reading(StoreError)
    def __init__(self, path: Path, patience_s: float = READ_PATIENCE_S) -> None:
        self._db = connect_read_only(path, patience_s)

    @reading(StoreError)
    def version(self) -> int:
        """Return the version of the tables."""
        return upgrade.version(self._db)

    @reading(StoreError)
    def incidents(self, night: date, zone: tzinfo, bed: str | None = None) -> list[Incident]:
        """Return the alerts with a notice from noon to noon, ordered by their first notice."""
        return incidents.of_night(self._db, night, zone, bed)

    @reading(StoreError)
    def incident(self, ident: int) -> Incident | None:
        """Return the alert that a notice belongs to; None if there is no such notice."""
        return incidents.of_notice(self._db, ident)

    @reading(StoreError)
    def target(self, of: TargetKind, ident: int) -> Target | None:
        """Return the bed, notice and person of an answer; None if they no longer exist."""
        return answers.target(self._db, of, ident)

    @reading(StoreError)
    def last_night(self, zone: tzinfo) -> date | None:
        """Return the last night with a notice; None if there are no notices."""
        return incidents.last_night(self._db, zone)

    @reading(StoreError)
    def time(self) -> StoredTime | None:
        """Return the server's time line; None: it has none yet."""
        return times.last(self._db)

    @reading(StoreError)
    def loaded(self) -> Loaded | None:
        """Return the settings that the server has loaded, and when; None: that is not known."""
        return loaded.last(self._db)

    @reading(StoreError)
    def ways(self) -> dict[str, Way]:
        """Return the ways to the people as noted last, by "person/channel"; empty: none noted."""
        return loaded.ways(self._db)

    @reading(StoreError)
    def last_seen(self) -> list[LastSeen]:
        """Return the last arrival of every bed, in the order of their names."""
        return beds.last_seen(self._db)

    @reading(StoreError)
    def unread(self) -> dict[str, tuple[int, str]]:
        """Return for each bed when a message last could not be read, UTC ms, and why."""
        return quarantine.latest(self._db)

    @reading(StoreError)
    def beds(self, name: str | None = None) -> list[tuple[int, str]]:
        """Return (id, name) of this bed, or of all in the order of their names."""
        return beds.named(self._db, name)

    @reading(StoreError)
    def states(self, name: str | None = None) -> list[tuple[str, str]]:
        """Return (name, state JSON) of this bed, or of all in the order of their names."""
        return beds.states(self._db, name)

    @reading(StoreError)
    def span(self, bed_id: int) -> StoredSpan | None:
        """Return the times of a bed's first and last live window; None if there is none."""
        return windows.span(self._db, bed_id)

    @reading(StoreError)
    def first_window(self, bed_id: int, since_ms: int) -> int:
        """Return the id of a bed's first live window after `since_ms`; 0 if there is none."""
        return windows.first_id(self._db, bed_id, since_ms)

    def windows(self, bed_id: int, since_id: int) -> Iterator[Window]:
        """Yield a bed's live windows from an id on, in the order of arrival."""
        with reading(StoreError):
            yield from windows.live(self._db, bed_id, since_id)

    @reading(StoreError)
    def lived(self, bed_id: int, bed: str, night: date, zone: tzinfo) -> "LivedNight":
        """Return a bed's night as it was lived; `zone` is for one whose begin was not kept."""
        from legwatch_server.store import lived  # noqa: PLC0415 - it brings the engine along

        return lived.of_night(self._db, bed_id, bed, night, zone)

    @reading(StoreError)
    def standing(self, bed_id: int, kind: AlertKind) -> Notice | None:
        """Return the last notice of a bed's alert of this kind that stands; None: none stands."""
        return incidents.standing(self._db, bed_id, kind)

    @reading(StoreError)
    def episode(self, bed_id: int, kind: AlertKind, episode_ms: int) -> Incident | None:
        """Return the alert of a bed that fired at `episode_ms`; None: no notice of it is kept."""
        return incidents.of_episode(self._db, bed_id, kind, episode_ms)

    @reading(StoreError)
    def newest(self, bed_id: int, most: int, *, rests: bool = False) -> list[Window]:
        """Return the last windows of a bed, the newest first; `rests`: nobody watches it now."""
        return windows.newest(self._db, bed_id, most, rests=rests)

    @reading(StoreError)
    def windows_after(self, ident: int, most: int) -> list[WindowRecord]:
        """Return the next windows of all beds in the order of their ids."""
        return windows.after(self._db, ident, most)

    @reading(StoreError)
    def last_window(self) -> int:
        """Return the id of the last window of all; 0: none."""
        return windows.last_id(self._db)

    @reading(StoreError)
    def window_count(self) -> int:
        """Return the number of windows."""
        return windows.count(self._db)

    @reading(StoreError)
    def nights(self, bed_id: int, first: date, last: date) -> list[NightSummary]:
        """Return a bed's nights from one to another that are summed up, oldest first."""
        return nights.between(self._db, bed_id, first, last)

    @reading(StoreError)
    def minutes(self, bed_id: int, night: date) -> list[Minute]:
        """Return the minutes of a night that is summed up, from noon on; else none."""
        return nights.minutes_of(self._db, bed_id, night)

    @reading(StoreError)
    def storage(self) -> Storage:
        """Return what the store has, and how much room it takes."""
        return sizes.storage(self._db)

    @reading(StoreError)
    def notices_after(self, ident: int, most: int) -> list[StoredNotice]:
        """Return the next notices of all beds in the order of their ids."""
        return notices.after(self._db, ident, most)

    @reading(StoreError)
    def heard_beds(self) -> list[str]:
        """Return the beds of which a word has ever come, sorted; others were only declared."""
        return beds.heard(self._db)

    @reading(StoreError)
    def last_notice(self) -> int:
        """Return the id of the last notice of all; 0: none."""
        return notices.last_id(self._db)

    @reading(StoreError)
    def backlog(self, now_ms: int) -> dict[str, int]:
        """Count the deliveries that are due and not sent, by channel."""
        return deliveries.backlog(self._db, now_ms)

    @reading(StoreError)
    def last_test(self, person: str, channel: str) -> LastTest | None:
        """Return what became of the last silent test; None: there was none."""
        return rehearsals.last_test(self._db, person, channel)

    @reading(StoreError)
    def failed_tries(self, person: str, channel: str, after_ms: int) -> FailedTries | None:
        """Return the tries since a time, and since the last push that left; None: none failed."""
        return tries.failed(self._db, person, channel, after_ms)

    @reading(StoreError)
    def confirmed_ms(self, person: str) -> int | None:
        """Return when a person last confirmed that they can be woken; None: never."""
        return answers.confirmed_ms(self._db, person)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def opened(path: Path, patience_s: float = READ_PATIENCE_S) -> SqliteReader:
    """Open the store in a file that must be there; raises CannotRun if it cannot be read.

    `patience_s`: how long each look waits for a program that holds the file.
    """
    unreadable.check_file(path)
    reader: SqliteReader | None = None
    try:
        reader = SqliteReader(path, patience_s)
        unreadable.check_version(path, reader.version())
    except StoreError as error:
        if reader is not None:
            reader.close()
        raise CannotRun(unreadable.why(path, error)) from None
    except CannotRun:
        if reader is not None:
            reader.close()
        raise
    return reader


def open_if_made(path: Path) -> SqliteReader | None:
    """Open the store in a file; None until the server has made it. Raises CannotRun."""
    return opened(path) if is_there(path) else None


@contextmanager
def open_read_only(folder: str | Path) -> Iterator[SqliteReader]:
    """Open the store of a server's state_dir; raises CannotRun if that fails, and soon."""
    path = Path(folder) / FILE
    try:
        with closing(opened(path, LOOK_PATIENCE_S)) as reader:
            yield reader
    except StoreError as error:
        raise CannotRun(unreadable.why(path, error)) from None


def server_ms(folder: str | Path) -> int:
    """Return the time as a server with this state_dir knows it, UTC ms.

    That is the wall clock's, but for one that cannot be right: then the server goes on by itself.
    """
    wall_ms = utc_ms()
    if wall_ms >= EARLIEST_MS:
        return wall_ms
    try:
        with open_read_only(folder) as reader:
            stored = reader.time()
    except CannotRun:
        stored = None
    if stored is None:
        return EARLIEST_MS
    up_ms = mono_ms() if stored.boot == machine_boot() else 0
    return max(stored.at_ms, stored.zero_ms + up_ms)
