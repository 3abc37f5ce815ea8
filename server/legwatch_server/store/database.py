"""The store on SQLite: one file with a write-ahead log; every commit is synced."""

import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from legwatch.events import Window
from legwatch_runtime import room, salvage
from legwatch_runtime.clock import instant, utc_ms
from legwatch_runtime.rights import explained_file
from legwatch_server.claims import Target, TargetKind
from legwatch_server.store import (
    answers,
    apply,
    backup,
    beds,
    check,
    deliveries,
    in_memory,
    lived,
    loaded,
    loss,
    notices,
    numbers,
    presses,
    quarantine,
    refuge,
    rehearsals,
    said,
    times,
    unlogged,
    unreadable,
    upgrade,
    windows,
    witness,
)
from legwatch_server.store.batch import Batch, NewNotice, StoredTime
from legwatch_server.store.changes import Changes
from legwatch_server.store.connection import (
    PATIENCE_S,
    connect_read_only,
    reading,
    transaction,
    translated,
)
from legwatch_server.store.delivery import Delivery, Episode
from legwatch_server.store.errors import NOTHING_KEPT, StoreDamaged, StoreError, ValuesRefused
from legwatch_server.store.file import Line, StoreFile, guarded
from legwatch_server.store.outbox import SqliteOutbox
from legwatch_server.store.reader import FILE, SqliteReader
from legwatch_server.store.records import Loaded, Loss, StoredBed, StoredBoot, StoredNotice, Way
from legwatch_server.store.renewal import (
    HEAVY,
    SLACK,
    Known,
    filled,
    finished,
    made,
    opened,
    release,
    renew,
)
from legwatch_server.store.sound import TESTS
from legwatch_server.store.witness import Witness
from legwatch_server.store.years import Years

logger = logging.getLogger(__name__)

MOST_RENEWED = 3  # a file that is damaged so often in a short time: another new one cannot help
RENEWED_AGAIN_S = 600.0
SAID_MS = 86_400_000
# What SQLite says of a file that it may not open or write.
_REFUSED = re.compile("unable to open|readonly|read-only|permission")
# What SQLite says of a step to a newer version that was done already.
_THERE_ALREADY = re.compile("duplicate column name|already exists")
REFUGE_PATIENCE_MS = 500  # how long a lock of the disk's file may hold up the watch in memory


class SqliteTransaction:
    """A `Transaction` on the writer's connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def write(self, batch: Batch) -> None:
        """Store all rows of a batch but its notices and what is `answered`."""
        beds.insert(self._db, batch)
        lived.insert(self._db, batch.lived)
        windows.insert(self._db, batch.windows)
        beds.update(self._db, batch)
        answers.insert(self._db, batch.answers)
        presses.insert(self._db, batch.presses)
        said.note(self._db, batch.said)
        times.note(self._db, batch.time)
        loaded.note(self._db, batch.loaded)
        quarantine.insert(self._db, batch.quarantine)

    def add_notice(self, new: NewNotice) -> int:
        """Store a notice; return its id."""
        return notices.insert(self._db, new)

    @reading()
    def notice(self, ident: int) -> StoredNotice | None:
        """Return a notice; None if there is none with this id."""
        return notices.one(self._db, ident)

    def for_plan(self, episode: Episode) -> list[Delivery]:
        """Return an alert's deliveries, and the information that older alerts have still open."""
        return deliveries.for_plan(self._db, episode)

    def unfinished(self) -> list[Delivery]:
        """Return all that is not sent or to be taken back, and the loud ones of those alerts."""
        return deliveries.unfinished(self._db)

    def apply(self, changes: Changes, now_ms: int) -> None:
        """Change and add deliveries."""
        apply.apply(self._db, changes, now_ms)

    def move(self, by_ms: int, evening: str) -> None:
        """Move what is open; `evening`: the ISO date of the last rehearsal now, empty: none."""
        times.move(self._db, by_ms)
        loss.move(self._db, by_ms)
        if evening:
            rehearsals.note(self._db, evening, frozenset())

    def note_rehearsal(self, evening: str, announced: frozenset[int]) -> None:
        """Note an evening as rehearsed; `announced`: beds whose end of trial nights it tells."""
        rehearsals.note(self._db, evening, announced)


class SqliteStore:
    """A `Store` in one file. `durable` False: no commit is synced, for tests."""

    def __init__(
        self, path: Path, *, durable: bool = True, utc_ms: Callable[[], int] = utc_ms
    ) -> None:
        self._file, self._utc_ms = StoreFile(path, durable=durable), utc_ms
        self._witness = Witness(path.with_name(f"{path.name}-mark"))
        self._renewed = 0
        self._renewed_at = instant()
        self._contradicted = False
        self._why_without = ""
        self._source: sqlite3.Connection | None = None  # rows are still to be saved from it
        self._saving = threading.Lock()  # held while it is read
        self._home: Path | None = None  # where the file belongs, while it is in a refuge
        self._lost: Loss | None = None
        now_ms = utc_ms()
        try:
            self._begin(now_ms)
        except StoreError as error:
            if not room.is_why(error.__cause__, path.parent):
                raise
            self._begin_without(room.has_none(path.parent) or str(error.__cause__), now_ms)

    def _begin(self, now_ms: int) -> None:
        """Open the file; raises StoreError, and then nothing stays open."""
        self._db, error = _open(self._file, now_ms)
        try:
            self._take_up(error, now_ms)
        except BaseException:
            self.stop_saving()
            self._db.close()
            raise

    def _take_up(self, error: StoreDamaged | None, now_ms: int) -> None:
        """Go on in the open file, or in a new one if it is damaged; raises StoreError."""
        if error is not None:
            self._db = self._begun_anew(self._db, error, None, now_ms)
        elif filled_ := finished(self._file, self._db, Known(None, self._witness.mark, now_ms)):
            self._source = filled_.source
        self._file.begin()
        self._say_what_is_missing(now_ms)
        self._lost = self.loss()
        if self._source is None:
            self._go_on_saving()

    def _begin_without(self, why: str, now_ms: int) -> None:
        """Begin in a database in memory, with what can be read of the file; raises StoreError."""
        home = self._file.path
        is_new = not home.exists() or not home.stat().st_size
        source = None if is_new else unlogged.opened(home)
        if source is None and not is_new:
            raise StoreError(f"{home} cannot be used: {why}; its log cannot be read either")
        try:
            if source is not None and upgrade.version(source) != upgrade.VERSION:
                raise StoreError(f"{home} cannot be used: {why}; bringing it up to date needs room")
            known = Known(None, self._witness.mark, now_ms)
            self._db = self._in_memory(source, why, known)
        finally:
            if source is not None:
                source.close()

    def check(self) -> None:
        """Raise StoreDamaged if the file was damaged, moved, deleted or replaced."""
        self._file.check()

    def renew(self, error: StoreDamaged, memory: Batch | None, now_ms: int) -> None:
        """Set the damaged file aside and go on in a new one; raises StoreError."""
        if instant().since(self._renewed_at) > RENEWED_AGAIN_S:
            self._renewed = 0
        if self._renewed >= MOST_RENEWED:
            raise StoreError(f"damaged again and again ({error}): is the disk at its end?")
        self._contradicted |= isinstance(error.__cause__, sqlite3.IntegrityError)
        self._db = self._begun_anew(self._db, error, memory, now_ms)

    def _begun_anew(
        self, old: sqlite3.Connection, error: StoreDamaged, memory: Batch | None, now_ms: int
    ) -> sqlite3.Connection:
        self.stop_saving()
        known = Known(memory, self._witness.mark, now_ms)
        db, lost, self._source = renew(self._file, old, error, known)
        self._witness.close()
        self._lost = lost
        self._renewed, self._renewed_at = self._renewed + 1, instant()
        return db

    @property
    def keeps(self) -> bool:
        """False while what is stored ends with the machine's power."""
        return self._home is None

    def go_without(self, why: str, memory: Batch, now_ms: int) -> None:
        """Go on in a database in memory, for the disk takes nothing; raises StoreError."""
        if self._home is not None:
            raise StoreError(f"{why}; the database in memory does not work either")
        self.stop_saving()
        old = self._db
        with _as_source(old, self._file.path) as source:
            self._db = self._in_memory(source, why, Known(memory, self._witness.mark, now_ms))
        old.close()

    def _in_memory(
        self, source: sqlite3.Connection | None, why: str, known: Known
    ) -> sqlite3.Connection:
        """Make a database in memory of a source; the file is there then. Raises StoreError."""
        place = in_memory.folder()
        with self._file.exclusive():
            home, self._file.path = self._file.path, place / FILE
            new = None
            try:
                new = made(self._file)
                db = filled(new, source, (why, None), known).db
            except (OSError, sqlite3.Error, StoreError, ValuesRefused) as error:
                if new is not None:
                    new.close()
                self._file.path = home
                in_memory.leave(place)
                raise StoreError(f"{why}; no database in memory either: {error}") from error
            self._home = home
            self._file.begin()
        self._why_without = why = _with_owner(why, home)
        logger.error("%s takes nothing (%s): the watch goes on, but nothing is kept", home, why)
        return db

    def come_back(self, memory: Batch, now_ms: int) -> bool:
        """Go back to the disk with all that came meanwhile; False: it takes nothing yet."""
        if self._home is None:
            return True
        place = self._file.path
        with self._file.exclusive():
            self._file.path, self._file.patience_s = self._home, REFUGE_PATIENCE_MS / 1000
            home = None
            try:
                home, damage = _open(self._file, now_ms)
                if damage is not None:
                    known = Known(memory, self._witness.mark, now_ms)
                    home, self._lost, self._source = renew(self._file, home, damage, known)
                with translated(), transaction(home):
                    refuge.bring_home(self._db, home, memory)
            except (OSError, StoreError, ValuesRefused) as error:
                self._file.path = place
                self._why_without = room.has_none(self._home.parent) or _with_owner(
                    str(error), self._home
                )
                if home is not None:
                    home.close()
                self._file.begin()
                return False
            finally:
                self._file.patience_s = PATIENCE_S
            self._db.close()
            home.execute(f"PRAGMA busy_timeout={int(PATIENCE_S * 1000)}")
            self._db, self._home = home, None
            self._file.begin()
        in_memory.leave(place.parent)
        logger.warning("%s takes rows again, and has all that came meanwhile", self._file.path)
        return True

    def stop_saving(self) -> None:
        """Forget the file from which rows are still to be saved over."""
        with self._saving:
            if self._source is not None:
                release(self._source)
                self._source = None

    def save_some(self, line: Line) -> bool:
        """Save over some more rows of the file that was set aside; False: there are none left.

        `line` is a connection of the calling thread.
        """
        with self._saving, line.guard():
            lost = loss.last(line.now())
            if self._source is None or lost is None or not lost.left:
                return False
            (table, below), *others = lost.left
            with transaction(line.now()) as db:
                most = HEAVY.get(table, salvage.SLICE)
                saved = salvage.save(self._source, db, table, below, most=most, tests=TESTS)
                left = ((table, saved.below), *others) if saved.below else tuple(others)
                loss.note(db, lost._replace(left=left, complete=lost.complete and not saved.gaps))
        if not left:
            logger.info("all that can be read of %s is saved over", lost.aside or "the old file")
        return bool(left)

    def age_some(self, line: Line, years: Years) -> bool:
        """Pack, sum up or delete a little of what is old; False: there is nothing to do now.

        Not on a refuge: what is packed there would come home beside its rows.
        """
        if not self.keeps:
            return False
        with line.guard():
            db = line.now()
            if self._file.durable:
                # Nobody waits for it: a power cut may undo a step, all of it or nothing.
                db.execute("PRAGMA synchronous=NORMAL")
            return years.step(db)

    def line(self) -> Line:
        """Open a connection for a thread that looks after the file; raises StoreError."""
        with translated():
            return self._file.line()

    def check_whole(self, stopping: Callable[[], bool]) -> None:
        """Look for damage in the whole file; the writer hears of it."""
        generation = self._file.generation
        with translated(), closing(connect_read_only(self._file.path)) as db:
            why = check.whole(db, stopping)
        if why:
            self._file.suspect(why, generation)

    def _go_on_saving(self) -> None:
        """Go on with a file that was set aside before this start."""
        lost = self._lost
        if lost is not None and lost.left:
            self._source = opened(self._file.path.with_name(lost.aside) if lost.aside else None)

    def _say_what_is_missing(self, now_ms: int) -> None:
        """Say what a log has lost whose end was cut or damaged: SQLite drops it without a word."""
        with reading():
            mark = witness.of(self._db)
            missing = mark.missing(self._witness.mark)
            last = loss.last(self._db)
            if not any(missing) or (last is not None and last.at_ms == now_ms):
                return
            why = (
                f"what was stored last is missing: {missing.windows} windows,"
                f" {missing.notices} notices, {missing.deliveries} pushes"
            )
            logger.warning("%s: %s", self._file.path, why)
            with transaction(self._db):
                numbers.raise_all(self._db, self._witness.mark.over(mark), slack=SLACK)
                loss.note(self._db, Loss(now_ms, why, "", complete=False))

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Translate errors; damage is noted, so that the next turn begins a new file."""
        try:
            with reading():
                yield
        except StoreDamaged as error:
            self._file.suspect(str(error), self._file.generation)
            raise

    @guarded
    def loss(self) -> Loss | None:
        """Return the last damage; None: there was none."""
        return loss.last(self._db)

    def concerns(self) -> Iterator[str]:
        """Yield what /health says of a damage for a day."""
        if self._home is not None:
            yield f"{self._home} {NOTHING_KEPT}: {self._why_without}"
        lost = self._lost
        if lost is not None and 0 <= self._utc_ms() - lost.at_ms < SAID_MS:
            name = f"; it is set aside as {lost.aside}" if lost.aside else ""
            yield f"the database was damaged or lost in the last day: {lost.why}{name}"

    @contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        """Begin to store; raises ValuesRefused for values that cannot be stored."""
        try:
            with translated(), transaction(self._db) as db:
                yield SqliteTransaction(db)
                mark = witness.of(db)
                self._file.check()
        except StoreDamaged as error:
            self._file.suspect(str(error), self._file.generation)
            if self._contradicted and isinstance(error.__cause__, sqlite3.IntegrityError):
                raise ValuesRefused(str(error)) from error  # a new file did not help
            raise
        if self.keeps:
            self._witness.note(mark)

    @guarded
    def beds(self) -> list[StoredBed]:
        """Return all beds."""
        return beds.every(self._db)

    @guarded
    def unseen(self) -> list[tuple[int, Window]]:
        """Return (bed id, window) of what the stored state of the bed has not seen yet."""
        return list(windows.unseen(self._db))

    @guarded
    def next_boot_id(self) -> int:
        """Return an id that no boot has yet."""
        return numbers.next_boot(self._db)

    @guarded
    def next_bed_id(self) -> int:
        """Return an id that no bed ever had."""
        return numbers.next_bed(self._db)

    @guarded
    def boot(self, bed_id: int, bed: str, boot: str) -> StoredBoot | None:
        """Return a start of an agent; None if it is new."""
        return beds.boot(self._db, bed_id, bed, boot)

    @guarded
    def presses(self, bed_id: int, most: int) -> tuple[str, ...]:
        """Return the ids of a bed's last presses, oldest first."""
        return presses.latest(self._db, bed_id, most)

    @guarded
    def pressed(self, bed_id: int, press_id: str) -> bool:
        """Return True if the press is stored."""
        return presses.is_stored(self._db, bed_id, press_id)

    @guarded
    def answered(self, delivery: int) -> bool:
        """Return True if a person has answered the push."""
        return deliveries.is_answered(self._db, delivery)

    @guarded
    def used_ms(self, token: bytes) -> int | None:
        """Return when a link was used, UTC ms; None: not yet. `token` is the link's signature."""
        return answers.used_ms(self._db, token)

    @guarded
    def target(self, of: TargetKind, ident: int) -> Target | None:
        """Return the bed, notice and person of an answer; None if they no longer exist."""
        return answers.target(self._db, of, ident)

    @guarded
    def rehearsed(self) -> str:
        """Return the evening (ISO date) of the last rehearsal; empty: none."""
        return rehearsals.evening(self._db)

    @guarded
    def trial_ends_announced(self) -> set[int]:
        """Return the ids of the beds whose end of trial nights was announced."""
        return rehearsals.announced(self._db)

    @guarded
    def time(self) -> StoredTime | None:
        """Return the time line of the last run; None: there was none."""
        return times.last(self._db)

    @guarded
    def ways(self) -> dict[str, Way]:
        """Return the ways to the people as noted last, by "person/channel"; empty: none noted."""
        return loaded.ways(self._db)

    @guarded
    def has_noted(self, settings: Loaded) -> bool:
        """Return True if exactly these settings were noted last as in force."""
        return loaded.is_noted(self._db, settings)

    @guarded
    def said(self) -> dict[str, int]:
        """Return by reason when the server last said it of itself, UTC ms."""
        return said.every(self._db)

    @translated()
    def outbox(self, channel: str) -> SqliteOutbox:
        """Open a channel's part of the outbox, on a connection of its own.

        The writer brings its changes from the log to the file: a push would wait for that.
        """
        return SqliteOutbox(self._file.line(checkpoints=False), channel)

    @contextmanager
    def reader(self) -> Iterator[SqliteReader]:
        """Open the store for reading, from any thread."""
        generation = self._file.generation
        try:
            with closing(SqliteReader(self._file.path)) as reader:
                yield reader
        except StoreDamaged as error:
            self._file.suspect(str(error), generation)
            raise

    def close(self) -> None:
        """Close the writer's connection."""
        self.stop_saving()
        self._db.close()
        self._witness.close()
        if self._home is not None:
            logger.error(
                "%s still takes nothing (%s): the alerts, pushes and answers that only memory has"
                " are lost with this end; the bedsides send their windows and presses again",
                self._home,
                self._why_without,
            )
            in_memory.leave(self._file.path.parent)


def _prepared(db: sqlite3.Connection, path: Path, now_ms: int) -> int:
    """Bring the tables up to date, after a copy of the file as it was."""
    older = upgrade.older(db)
    if not older:
        return _brought_up_to_date(db)
    begun = instant()
    made = backup.make(db, path, older, now_ms)
    copied = instant()
    version = _brought_up_to_date(db)
    backup.say(path, older, made, (copied.since(begun), instant().since(copied)))
    return version


def _brought_up_to_date(db: sqlite3.Connection) -> int:
    """Bring the tables up to date; a step that fails in a sound file is a fault of the step."""
    try:
        return upgrade.prepare(db)
    except sqlite3.OperationalError as error:
        if _THERE_ALREADY.search(str(error)):
            raise StoreDamaged(f"its version does not fit its tables: {error}") from error
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR and not upgrade.is_unwritten(db):
            raise StoreError(f"its tables cannot be brought up to date: {error}") from error
        raise


@contextmanager
def _as_source(db: sqlite3.Connection, home: Path) -> Iterator[sqlite3.Connection | None]:
    """Give what rows can be read from: the writer's connection, or a new one if that is closed.

    After the block the writer's connection is as it was.
    """
    try:
        ((patience_ms,),) = db.execute("PRAGMA busy_timeout").fetchall()
        db.execute(f"PRAGMA busy_timeout={REFUGE_PATIENCE_MS}")
    except sqlite3.Error:
        source = opened(home, patience_s=REFUGE_PATIENCE_MS / 1000)
        try:
            yield source
        finally:
            if source is not None:
                source.close()
        return
    try:
        yield db
    finally:
        with suppress(sqlite3.Error):
            salvage.strict(db)
            db.execute(f"PRAGMA busy_timeout={patience_ms}")


def _with_owner(why: str, path: Path) -> str:
    """Say whose the file is, if that is why it cannot be used."""
    return (
        f"{why}; {explained_file(path)}"
        if _REFUSED.search(why) and " belongs to " not in why
        else why
    )


def _open(file: StoreFile, now_ms: int) -> tuple[sqlite3.Connection, StoreDamaged | None]:
    """Open the file at its path and look at what watching needs; return what is damaged, too.

    Raises StoreError if it is of another version, or cannot be used for another reason.
    """
    malformed = not file.generation and check.is_header_malformed(file.path)
    db = None
    try:
        with reading():
            db = file.connect()
            version = _prepared(db, file.path, now_ms)
            if version == upgrade.VERSION:
                check.at_start(db, malformed=malformed)
    except StoreDamaged as error:
        # In place of a file that cannot even be opened: one in memory.
        return db or sqlite3.connect(":memory:"), error
    except StoreError as error:
        if db is not None:
            db.close()
        why = _with_owner(str(error), file.path)
        raise StoreError(f"{file.path} cannot be used: {why}") from error.__cause__
    if version != upgrade.VERSION:
        db.close()
        raise StoreError(unreadable.newer(file.path, version))
    return db, None
