"""The file of a backup: a tar with a list of its files and their sums, sealed if that was asked.

`tar` opens one, and `age --decrypt` before it one that is sealed. The list goes first, so that a
reader knows what must come, and which version wrote it.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, cast

from legwatch_server.backup.content import NAMES, Found
from legwatch_server.backup.errors import Torn, Unusable

MANIFEST, FORM = "legwatch-backup.json", 1
MOST_MANIFEST = 1 << 20
MAGIC = b"age-encryption.org/"
BLOCK = 1 << 20
Progress = Callable[[int], object]  # bytes that were done
Keep = Callable[[str], Path | None]  # by the name of a file; None: it is only checked


class Readable(Protocol):
    """What a backup is read from, in one go."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; empty at the end."""


class Writable(Protocol):
    """What a backup is written to, in one go."""

    def write(self, data: bytes, /) -> int:
        """Write some bytes."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds; `files`: by name, bytes and SHA-256."""

    version: str  # of legwatch
    schema: int  # of the database; 0: there is none
    made_ms: int
    of_up: bool  # the server of `legwatch up`
    files: Mapping[str, tuple[int, str]]

    def encoded(self) -> bytes:
        """Return it as JSON."""
        files = {name: {"bytes": size, "sha256": sum_} for name, (size, sum_) in self.files.items()}
        table = {
            "form": FORM,
            "legwatch": self.version,
            "schema": self.schema,
            "made_ms": self.made_ms,
            "of_up": self.of_up,
            "files": files,
        }
        return json.dumps(table, indent=1).encode()

    @property
    def size(self) -> int:
        """Return the size of all files."""
        return sum(size for size, _ in self.files.values())


def manifest_of(found: Sequence[Found], **about: Any) -> Manifest:
    """Return the list of these files, which are read once for it; `about`: its other fields."""
    return Manifest(
        files={one.name: (one.path.stat().st_size, _sum(one.path)) for one in found}, **about
    )


def write(out: Writable, found: Sequence[Found], manifest: Manifest, done: Progress) -> None:
    """Write a backup; raises Unusable if a file has changed since the list was made."""
    with tarfile.open(fileobj=cast("IO[bytes]", out), mode="w|", bufsize=BLOCK) as tar:
        head = manifest.encoded()
        tar.addfile(_member(MANIFEST, len(head), manifest), io.BytesIO(head))
        for one in found:
            size, sum_ = manifest.files[one.name]
            with one.path.open("rb") as file:
                counted = _Counted(file, done)
                tar.addfile(_member(one.name, size, manifest), counted)
            if counted.sum != sum_:
                raise Unusable(f"{one.path} has changed meanwhile; try again")


def read(source: Readable, done: Progress, keep: Keep = lambda _name: None) -> Manifest:
    """Read a whole backup and check each sum; `keep` says where a file of it is written to.

    Raises Torn or Unusable.
    """
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", source), mode="r|", bufsize=BLOCK) as tar:
            manifest = _manifest(tar)
            left = dict(manifest.files)
            while (member := tar.next()) is not None:
                size, sum_ = left.pop(member.name, (-1, ""))
                data = tar.extractfile(member) if member.isfile() else None
                if data is None or member.size != size:
                    raise Torn(f"{member.name!r} in it is not what its list says")
                if _copied(data, keep(member.name), done) != sum_:
                    raise Torn(f"{member.name!r} in it is damaged")
        while source.read(BLOCK):  # a seal counts up to its end
            pass
    except tarfile.ReadError:
        raise Torn("it is no backup, or its head is damaged") from None
    except tarfile.TarError as error:
        raise Torn(f"it is no whole tar file: {error}") from None
    if left:
        raise Torn(f"{', '.join(sorted(left))} is missing in it")
    return manifest


@contextmanager
def opened(path: Path, passphrase: Callable[[], str]) -> Iterator[Readable]:
    """Open a backup, sealed or not; `passphrase` is asked only for a sealed one."""
    with path.open("rb") as file:
        sealed = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        if not sealed:
            yield file
            return
        from legwatch_server.backup.age import Opened  # noqa: PLC0415 - only for a sealed one

        yield Opened(file, passphrase())


def _manifest(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    data = tar.extractfile(first) if first and first.name == MANIFEST else None
    if data is None:
        raise Unusable("it is no backup of legwatch")
    try:
        table = json.loads(data.read(MOST_MANIFEST))
        if table["form"] > FORM:
            raise Unusable(
                f"it is of a newer legwatch ({table['legwatch']}); update this one first"
            )
        files = {str(n): (int(o["bytes"]), str(o["sha256"])) for n, o in table["files"].items()}
        found = Manifest(
            version=str(table["legwatch"]),
            schema=int(table["schema"]),
            made_ms=int(table["made_ms"]),
            of_up=table["of_up"] is True,
            files=files,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Torn("its list is damaged") from None
    if unknown := sorted(files.keys() - NAMES):
        raise Unusable(f"it holds files that no legwatch has put there: {unknown[0]!r}")
    return found


class _Counted:
    """Reads a file for tar, sums it up, and tells how far it is."""

    def __init__(self, file: IO[bytes], done: Progress) -> None:
        self._file, self._done, self._sum = file, done, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._sum.update(data)
        self._done(len(data))
        return data

    @property
    def sum(self) -> str:
        return self._sum.hexdigest()


def _member(name: str, size: int, manifest: Manifest) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, manifest.made_ms // 1000
    return member


def _copied(data: IO[bytes], to: Path | None, done: Progress) -> str:
    """Return the sum of what is read, and write it to a file if there is one."""
    found = hashlib.sha256()
    if to is None:
        for block in iter(lambda: data.read(BLOCK), b""):
            found.update(block)
            done(len(block))
        return found.hexdigest()
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    to.touch(0o600)
    with to.open("wb") as out:
        for block in iter(lambda: data.read(BLOCK), b""):
            found.update(block)
            out.write(block)
            done(len(block))
    return found.hexdigest()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
