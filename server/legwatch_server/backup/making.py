"""Makes a backup beside a running server: a copy of the database as of one moment, then the file.

The file has its name only when it is whole and was opened again: half a backup is none.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from legwatch import __version__
from legwatch.errors import CannotRun
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.rights import keep_private
from legwatch_server.backup import archive, content
from legwatch_server.backup.archive import Manifest, Writable
from legwatch_server.backup.content import DATABASE, STORE, Found
from legwatch_server.store import snapshot
from legwatch_server.store.backup import sync
from legwatch_server.store.errors import StoreError

PART, COPY = ".part", ".copy"  # behind the name of a backup that is being made
SPARE_BYTES = 32 << 20  # stay free beside a backup
Report = Callable[[str, float], object]  # what is done, and how far it is, 0 to 1


class Of(NamedTuple):
    """Of which server a backup is; `server` and `agent` are the owner's settings files."""

    state: Path
    of_up: bool
    server: Path | None = None
    agent: Path | None = None
    keys: bool = False


def make(of: Of, to: Path, passphrase: str, report: Report) -> Manifest:
    """Write a backup to `to` and open it again; an empty passphrase seals nothing.

    Raises CannotRun; what was at `to` is then as it was.
    """
    keep_private()
    part, copy = (to.with_name(f"{to.name}{end}") for end in (PART, COPY))
    try:
        _check_room(of.state / DATABASE, to)
        schema = snapshot.copied(of.state / DATABASE, copy, partial(report, "copied"))
        found = [*content.small_files(of.server, of.agent, of.state, keys=of.keys)]
        found.append(Found(STORE, copy))
        manifest = archive.manifest_of(
            found, version=__version__, schema=schema, made_ms=utc_ms(), of_up=of.of_up
        )
        with _written(part, passphrase) as out:
            archive.write(out, found, manifest, _share(report, "written", manifest.size))
        copy.unlink()
        with archive.opened(part, lambda: passphrase) as source:
            archive.read(source, _share(report, "checked", manifest.size))
        part.replace(to)
        sync(to.parent)
    except (OSError, StoreError) as error:
        raise CannotRun(f"{to}: no backup was made: {error}") from None
    finally:
        for rest in (part, copy, copy.with_name(f"{copy.name}-journal")):
            with suppress(OSError):
                rest.unlink(missing_ok=True)
    return manifest


def _check_room(database: Path, to: Path) -> None:
    """Raise CannotRun if there is no room for the copy and for the backup."""
    need = 2 * database.stat().st_size + SPARE_BYTES
    if (missing := need - shutil.disk_usage(to.parent).free) > 0:
        mb = max(1, round(missing / 1_000_000))
        raise CannotRun(f"{to.parent} has {mb} MB too little room for a backup")


@contextmanager
def _written(part: Path, passphrase: str) -> Iterator[Writable]:
    """Open a new file, and a seal around it; it is on the disk at the end."""
    with part.open("wb") as file:
        if passphrase:
            from legwatch_server.backup.age import Sealed  # noqa: PLC0415 - only for a sealed one

            sealed = Sealed(file, passphrase)
            yield sealed
            sealed.close()
        else:
            yield file
        file.flush()
        os.fsync(file.fileno())


def _share(report: Report, what: str, whole: int) -> archive.Progress:
    done = 0

    def add(count: int) -> None:
        nonlocal done
        done += count
        report(what, done / max(1, whole))

    return add
