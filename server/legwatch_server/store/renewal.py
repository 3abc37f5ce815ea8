"""Exchanges a damaged file for a new one, and saves over what can be read.

The new file is made first, so that watching goes on in it. What tonight needs is saved at once: all
beds and starts of agents, and the newest rows of every other table. The rest follows in small
transactions, from the newest to the oldest.
"""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import NamedTuple

from legwatch_runtime import aside, salvage
from legwatch_server.store import beds, check, loss, numbers, upgrade, witness
from legwatch_server.store.batch import Batch
from legwatch_server.store.connection import PATIENCE_S, connect, reading, transaction
from legwatch_server.store.errors import StoreDamaged, StoreError, StoreMoved, ValuesRefused
from legwatch_server.store.file import StoreFile
from legwatch_server.store.records import Loss
from legwatch_server.store.sound import TESTS
from legwatch_server.store.witness import Mark

logger = logging.getLogger(__name__)

# Connections to files that have another name now, or none: closing one would delete the log of the
# file that has their name. They end with the process.
_NEVER_CLOSED: list[sqlite3.Connection] = []
SLACK = 1000  # numbers of beds and boots that are left out when it is not known which were used
# In this order: what watching needs tonight comes first.
TABLES = (
    "meta", "beds", "boots", "deliveries", "notices", "presses", "answers", "steps", "windows",
    "quarantine", "events", "noons", "nights", "packs",
)  # fmt: skip
_NOTHING_YET = tuple((table, salvage.HIGHEST) for table in TABLES)  # is saved over
_FOR_TONIGHT = ("beds", "boots", "deliveries")
_WHOLE = {"meta", "beds", "boots"}  # saved over at once; of the other tables the newest rows
AT_ONCE = 5000  # rows of each growing table that are saved before watching goes on
HEAVY = {"noons": 20, "nights": 20, "packs": 20}  # of these, whose rows are long, so many


class Known(NamedTuple):
    """What is known without the damaged file.

    `memory` has the beds as the running server knows them; None at a start: nobody knows them yet.
    `mark`: the highest row numbers that were ever noted; no new row gets one of them.
    """

    memory: Batch | None
    mark: Mark
    now_ms: int


class Renewal(NamedTuple):
    """What an exchange made: the connection to the new file, and what was lost."""

    db: sqlite3.Connection
    loss: Loss
    source: sqlite3.Connection | None  # the old file, if it can be opened


def renew(
    file: StoreFile, old: sqlite3.Connection | None, error: StoreDamaged, known: Known
) -> Renewal:
    """Set the file at the path aside, and go on in a new one; raises StoreError.

    `old` is the writer's connection; it is closed, or else the source of the renewal. After a
    failure the file is at its path again, so that the next try reads it.
    """
    with file.exclusive():
        try:
            moved = isinstance(error, StoreMoved)
            name = _clear_the_path(file, known.now_ms, log=not moved)
        except OSError as fault:
            raise StoreError(f"{file.path} cannot be set aside: {fault}") from fault
        source = old if moved else None
        if source is not None:
            _keep_open(source)
        elif old is not None:
            old.close()  # before another file has the name: closing deletes the log by its name
        renewal = _renewed(file, source, (str(error), name), known)
        file.begin()
    if name is not None:
        _forget_oldest(file, name)
    _say(file, renewal)
    return renewal


def _renewed(
    file: StoreFile,
    source: sqlite3.Connection | None,
    about: tuple[str, Path | None],
    known: Known,
) -> Renewal:
    """Make a new file and fill it; if that fails, all is as it was before."""
    with ExitStack() as undo:
        undo.callback(_put_back, file, about[1])
        try:
            db = made(file, _begun(about, known.now_ms))
        except (OSError, sqlite3.Error) as fault:
            raise StoreError(f"{file.path} cannot be made anew: {fault}") from fault
        undo.callback(db.close)
        if source is None and (source := opened(about[1])) is not None:
            undo.callback(source.close)
        renewal = filled(db, source, about, known)
        undo.pop_all()
        return renewal


def _forget_oldest(file: StoreFile, name: Path) -> None:
    try:
        for gone in aside.forget_oldest(file.path, but=name):
            logger.warning("deleted %s: there are newer files that were set aside", gone)
    except OSError as error:
        logger.warning("an older file that was set aside cannot be deleted: %s", error)


def _put_back(file: StoreFile, name: Path | None) -> None:
    """Delete what was made at the path, and give the name back to what was there before."""
    try:
        aside.delete(file.path)
        if name is not None:
            aside.put_back(file.path, name)
    except OSError as error:
        logger.warning("%s cannot be put back to its name: %s", name or file.path, error)


def opened(path: Path | None, *, patience_s: float = PATIENCE_S) -> sqlite3.Connection | None:
    """Open a file that was set aside; None if that cannot be done."""
    if path is None or not path.exists():
        return None
    with suppress(sqlite3.Error), ExitStack() as undo:
        source = connect(path, patience_s=patience_s)
        undo.callback(source.close)
        salvage.lenient(source)
        undo.pop_all()
        return source
    return None


def _keep_open(source: sqlite3.Connection) -> None:
    if not any(source is kept for kept in _NEVER_CLOSED):
        _NEVER_CLOSED.append(source)


def release(source: sqlite3.Connection) -> None:
    """Close the connection to an old file, if that may be done."""
    if not any(source is kept for kept in _NEVER_CLOSED):
        source.close()


def _clear_the_path(file: StoreFile, now_ms: int, *, log: bool = True) -> Path | None:
    """Set aside what is at the path; None: nothing is there.

    `log` False: the log beside it is that of the file that was moved, and would harm this one.
    """
    file.path.parent.mkdir(parents=True, exist_ok=True)
    name = None
    if any(part.exists() for part in file.parts()):
        name = aside.set_aside(file.path, now_ms, log=log)
    aside.delete_log(file.path)  # a log's index that is left alone: the new file would take it over
    return name


def finished(file: StoreFile, db: sqlite3.Connection, known: Known) -> Renewal | None:
    """Fill a new file that was left empty by a kill; None: it is no such file."""
    with reading():
        begun = loss.last(db) or _not_even_begun(file, db, known)
    if begun is None or begun.left != _NOTHING_YET:
        return None
    name = file.path.with_name(begun.aside) if begun.aside else None
    with ExitStack() as undo:
        if (source := opened(name)) is not None:
            undo.callback(source.close)
        renewal = filled(db, source, (begun.why, name), known)
        undo.pop_all()
    _say(file, renewal)
    return renewal


def _not_even_begun(file: StoreFile, db: sqlite3.Connection, known: Known) -> Loss | None:
    """Say that the kill came before there was a new file; None: it did not.

    The file that was set aside last is the one that was in use, if it has the rows noted last.
    """
    name = max(aside.set_aside_before(file.path), default=None, key=lambda found: found.name)
    if name is None or not known.mark.windows or witness.of(db).windows:
        return None
    if (source := opened(name)) is None:
        return None
    with closing(source):
        if _mark(source).windows < known.mark.windows:
            return None
    return _begun(("it was set aside, and the server was stopped", name), known.now_ms)


def _begun(about: tuple[str, Path | None], now_ms: int) -> Loss:
    """Return what a new file says of itself until it is filled."""
    why, name = about
    return Loss(now_ms, why, name.name if name else "", complete=False, left=_NOTHING_YET)


def made(file: StoreFile, begun: Loss | None = None) -> sqlite3.Connection:
    """Make a new file at the path, with a note for a start after a kill; raises sqlite3.Error."""
    db = file.connect()
    try:
        upgrade.prepare(db, loss.statement(begun) if begun else "")
    except sqlite3.Error:
        db.close()
        raise
    return db


def filled(
    db: sqlite3.Connection,
    source: sqlite3.Connection | None,
    about: tuple[str, Path | None],
    known: Known,
) -> Renewal:
    """Give a new file what can be read of the old one; `about`: what was wrong, and its name.

    Rows that a start cannot read would damage the new file as well: then only what watching needs
    is saved, and at last nothing.
    """
    for tables in (TABLES, _FOR_TONIGHT, ()):
        try:
            with reading(), transaction(db):
                lost = _fill(db, source, about, known, tables)
                check.readable(db)
                return Renewal(db, lost, source)
        except (StoreDamaged, ValuesRefused) as error:
            if not tables:
                raise StoreError(f"a new file is damaged too: {error}") from error
            logger.warning("what was saved over cannot be used (%s): saving less", error)
    raise AssertionError("unreachable")


def _fill(
    db: sqlite3.Connection,
    source: sqlite3.Connection | None,
    about: tuple[str, Path | None],
    known: Known,
    tables: Sequence[str],
) -> Loss:
    why, name = about
    before = known.mark.over(_mark(source))
    saved = list(_save_first(source, db, tables)) if source is not None else []
    if known.memory is not None:
        beds.remember(db, known.memory, before.windows)
    whole = len(saved) == len(TABLES) and not any(one.gaps for one in saved)
    whole = whole and not any(witness.of(db).missing(known.mark))  # it was more than can be read
    numbers.raise_all(db, before, slack=0 if whole else SLACK)
    left = tuple((one.table, one.below) for one in saved if one.below)
    lost = Loss(known.now_ms, why, name.name if name else "", whole, left)
    loss.note(db, lost)
    return lost


def _save_first(
    source: sqlite3.Connection, db: sqlite3.Connection, tables: Sequence[str]
) -> Iterator[salvage.Saved]:
    salvage.lenient(source)
    for table in tables:
        most = 1 << 40 if table in _WHOLE else HEAVY.get(table, AT_ONCE)
        yield salvage.save(source, db, table, most=most, tests=TESTS)


def _mark(source: sqlite3.Connection | None) -> Mark:
    try:
        found = witness.of(source) if source is not None else Mark()
    except salvage.FAULTS:
        return Mark()
    return Mark._make(number if number < salvage.HIGHEST else 0 for number in found)


def _say(file: StoreFile, renewal: Renewal) -> None:
    found = {table: _count(renewal.db, table) for table in TABLES}
    saved = ", ".join(f"{count} {table}" for table, count in found.items() if count)
    name = f"is set aside as {renewal.loss.aside}" if renewal.loss.aside else "is gone"
    rest = "; the rest follows" if renewal.loss.left else ""
    logger.warning(
        "%s %s (%s): a new file is in use, and saved over are %s%s",
        file.path.name, name, renewal.loss.why, saved, rest,
    )  # fmt: skip


def _count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
