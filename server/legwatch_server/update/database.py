"""The database when a version is exchanged for another: an older one refuses a newer database.

Nothing is deleted: the database that is exchanged stays beside, under the name of its version.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from legwatch.errors import CannotRun
from legwatch_server.backup import archive
from legwatch_server.backup.content import STORE
from legwatch_server.store import backup, upgrade
from legwatch_server.store.backup import sync
from legwatch_server.store.errors import StoreError
from legwatch_server.store.exchange import UNKNOWN, bring_in, mark, schema
from legwatch_server.update.plan import Plan

_LOGS = ("-wal", "-shm", "-mark")
_PART, _BLOCK = ".back.part", 1 << 20


class Lost(NamedTuple):
    """What is not in use any more; `aside`: the database that has it."""

    aside: Path
    windows: int
    notices: int


def copy_for(path: Path, tables: int) -> Path | None:
    """Return the newest copy beside a database that a version with such tables can read."""
    copies = [copy for copy in backup.found(path) if 0 < schema(copy) <= tables]
    return copies[-1] if copies else None


def exchange(plan: Plan) -> None:
    """Put the database of now aside, and the copy that an older version can read in its place."""
    _put(plan, Path(plan.copy), _aside(plan, plan.before))


def put_back(plan: Plan) -> Lost | None:
    """Put the database of before back if the new version has changed it; None: it is as it was.

    Raises CannotRun if there is nothing to put back, and OSError.
    """
    database, aside = plan.places.database, _aside(plan, plan.to)
    now = schema(database)
    if now not in (plan.schema, UNKNOWN) and (plan.schema or now > upgrade.VERSION):
        if plan.schema:
            _put(plan, _source(plan), aside)
        else:
            _move(database, aside)
    return _lost(database, aside) if aside.exists() else None


def _source(plan: Plan) -> Path:
    """Return a database as it was before: put aside, copied by the new version, or in the backup.

    The new version's own copy is of its first start, so it has more than the backup.
    """
    database = plan.places.database
    was = _aside(plan, plan.before)
    if schema(was) == plan.schema:
        return was
    for copy in reversed(list(backup.found(database))):
        made_ms = copy.stat().st_mtime * 1000
        if made_ms >= plan.began_ms and schema(copy) == plan.schema:
            return copy
    if not plan.backup:
        raise CannotRun(f"there is no copy of {database} as it was")
    to = plan.places.folder / database.name
    to.unlink(missing_ok=True)
    with archive.opened(Path(plan.backup), str) as source:
        archive.read(source, lambda _: None, lambda name: to if name == STORE else None)
    return to


def _put(plan: Plan, source: Path, aside: Path) -> None:
    """Put a copy of `source` in the place of the database, which goes to `aside`.

    It can be cut off at any moment and begun again: the copy is whole before anything is moved.
    """
    database = plan.places.database
    part = database.with_name(f"{database.name}{_PART}")
    for end in ("", "-wal"):  # what was put aside by a start that was killed has a log of its own
        rest = part.with_name(f"{part.name}{end}")
        rest.unlink(missing_ok=True)
        if (from_ := source.with_name(f"{source.name}{end}")).exists():
            _copy(from_, rest)
    _whole(part)
    sync(part)
    _move(database, aside)
    part.rename(database)
    sync(database.parent)


def _copy(from_: Path, to: Path) -> None:
    """Copy a file for the owner of its folder; a link that lies there is not followed."""
    with from_.open("rb") as source, to.open("xb") as out:
        shutil.copyfileobj(source, out, _BLOCK)
        folder = to.parent.stat()
        os.fchmod(out.fileno(), 0o600)
        if os.geteuid() == 0:
            os.fchown(out.fileno(), folder.st_uid, folder.st_gid)


def _whole(part: Path) -> None:
    """Bring what stands in its log into the copy; raises CannotRun if it cannot be used."""
    try:
        bring_in(part)
    except StoreError as error:
        raise CannotRun(f"the database of before cannot be used: {error}") from None


def _move(database: Path, aside: Path) -> None:
    """Rename a database and what belongs to it; what was moved already stays."""
    for end in ("", *_LOGS):
        log = database.with_name(f"{database.name}{end}")
        if log.exists():
            log.replace(aside.with_name(f"{aside.name}{end}"))


def _aside(plan: Plan, version: str) -> Path:
    """Return the name of the database that a version has written; it is the same at each try."""
    at = datetime.fromtimestamp(plan.began_ms / 1000, UTC).strftime("%Y-%m-%dT%H%M%S")
    database = plan.places.database
    return database.with_name(f"{database.name}.of-{version}-{at}")


def _lost(database: Path, aside: Path) -> Lost:
    """Count what only the database has that was put aside."""
    missing = mark(database).missing(mark(aside))
    return Lost(aside, missing.windows, missing.notices)
