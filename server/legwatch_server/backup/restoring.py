"""Puts a backup back: all of it is read and checked first, beside its place; then it is moved in.

What was there keeps lying beside, under another name, so that a person can go back. When anything
fails before the last step nothing has changed; in that step what was moved is moved back.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from legwatch.errors import CannotRun, LegwatchError
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.files import read_toml
from legwatch_runtime.rights import keep_private
from legwatch_runtime.state_dir import locked
from legwatch_server.backup import archive, content
from legwatch_server.backup.archive import Manifest, Progress
from legwatch_server.backup.content import SERVER, STORE
from legwatch_server.backup.errors import Unusable
from legwatch_server.in_force import LOCK
from legwatch_server.store import snapshot, upgrade
from legwatch_server.store.errors import StoreError

STAGED = ".restore-part"
_LOGS = ("-wal", "-shm", "-mark")  # of the database that was there
Passphrase = Callable[[], str]


class Looked(NamedTuple):
    """What a backup says of itself; `state`: the state_dir in its settings, if they name one."""

    manifest: Manifest
    state: Path | None


class Places(NamedTuple):
    """Where a backup goes: the folder of the settings files, and the server's state_dir."""

    settings: Path
    state: Path


class Moved(NamedTuple):
    """A file that was put in its place; `before`: where what was there lies now."""

    place: Path
    before: Path | None


def look(file: Path, passphrase: Passphrase, done: Progress) -> Looked:
    """Read a backup and check all its sums; raises CannotRun."""
    with TemporaryDirectory() as folder, _named(file), archive.opened(file, passphrase) as source:
        settings = Path(folder) / "server.toml"
        found = archive.read(source, done, lambda name: settings if name == SERVER else None)
        if found.schema > upgrade.VERSION:
            raise Unusable(f"it is of a newer legwatch ({found.version}); update this one first")
        table = {}
        with suppress(LegwatchError, OSError):  # what is wrong with it, its server says
            table = read_toml(settings)
        named = table.get("state_dir")
        return Looked(found, Path(named) if isinstance(named, str) else None)


def restore(file: Path, places: Places, passphrase: Passphrase, done: Progress) -> list[Moved]:
    """Put a backup into its places; raises CannotRun, and nothing has changed then."""
    keep_private()
    staged = places.state / STAGED
    with locked(places.state, LOCK):
        shutil.rmtree(staged, ignore_errors=True)  # of one that was cut off
        try:
            with _named(file), archive.opened(file, passphrase) as source:
                found = archive.read(source, done, lambda name: staged / name)
            snapshot.check(staged / STORE)
            names = sorted(found.files)
            moves = [(staged / name, content.place(name, *places)) for name in names]
            return _moved_in(moves, places.state / STORE.rpartition("/")[2])
        except (OSError, StoreError) as error:
            raise CannotRun(f"{file} was not put back: {error}") from None
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def _moved_in(moves: Sequence[tuple[Path, Path]], database: Path) -> list[Moved]:
    """Move each file to its place, and what is there aside; all of it or nothing."""
    at = datetime.fromtimestamp(utc_ms() / 1000, UTC).strftime("%Y-%m-%dT%H%M%S")
    done = list[tuple[Path, Path]]()  # from, to; in the order in which it was done

    def rename(from_: Path, to: Path) -> None:
        _rename(from_, to)
        done.append((from_, to))

    moved = []
    try:
        for end in _LOGS:
            log = database.with_name(f"{database.name}{end}")
            if log.exists():
                rename(log, _aside(database, at, end))
        for staged, place in moves:
            _folder(place.parent)
            before = _aside(place, at) if place.exists() else None
            if before is not None:
                rename(place, before)
            rename(staged, place)
            _owned(place)
            moved.append(Moved(place, before))
    except BaseException:
        for from_, to in reversed(done):
            with suppress(OSError):
                _rename(to, from_)
        raise
    return moved


def _aside(place: Path, at: str, end: str = "") -> Path:
    return place.with_name(f"{place.name}.before-{at}{end}")


def _rename(from_: Path, to: Path) -> None:
    """Rename a file, also to another disk; it is there as a whole or not at all."""
    try:
        from_.rename(to)
    except OSError:
        part = to.with_name(f"{to.name}.part")
        shutil.copyfile(from_, part)
        part.rename(to)
        from_.unlink()


def _folder(place: Path) -> None:
    """Make a folder, and give it to the owner of the one above, if root restores."""
    if not place.is_dir():
        _folder(place.parent)
        place.mkdir(mode=0o700)
        if os.geteuid() == 0:
            above = place.parent.stat()
            os.chown(place, above.st_uid, above.st_gid)


def _owned(place: Path) -> None:
    """Give a file to the owner of its folder, if root restores: the service has to read it.

    Settings that root owns are read by the group of their folder; secrets are not.
    """
    if os.geteuid() == 0:
        folder = place.parent.stat()
        os.chown(place, folder.st_uid, folder.st_gid)
        if place.suffix == ".toml" and folder.st_mode & 0o050 == 0o050:
            place.chmod(0o640)


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Let each error say of which file it is."""
    try:
        yield
    except Unusable as error:
        raise CannotRun(f"{file}: {error}; nothing was changed") from None
    except OSError as error:
        raise CannotRun(f"{file}: {error.strerror or error}; nothing was changed") from None
