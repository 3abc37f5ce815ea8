"""A release as a file: all of it is looked at before anything is changed.

It is the source of a release (`legwatch-X.Y.Z.tar.gz`) and not the wheel: only the source has the
installer of its version, its unit and its examples, which change with the program.
"""

import gzip
import hashlib
import re
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, cast

from legwatch.errors import CannotRun
from legwatch.printable import printable

Report = Callable[[str, float], object]  # what is done, and how far it is, 0 to 1
Version = tuple[int, ...]

SUMS = "SHA256SUMS"
INSTALLER = "deploy/install.sh"
UPGRADE = "server/legwatch_server/store/upgrade.py"  # it names the version of the tables
_READ = ("PKG-INFO", "pyproject.toml", UPGRADE)
_FILE = re.compile(r"legwatch-(\d+\.\d+\.\d+)\.tar\.gz")
_WHEEL = re.compile(r"legwatch-(\d+\.\d+\.\d+)-.*\.whl")
MOST_FILES, MOST_BYTES, MOST_READ = 20_000, 1 << 30, 1 << 20
_BLOCK = 1 << 20
_LONGEST = 100  # letters of a name that are shown


class Refused(CannotRun):
    """A file that is not installed; the text says why, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class Release:
    """What a file holds."""

    file: Path
    version: str
    schema: int  # of the tables that it writes; 0: it does not say
    size: int  # bytes of its files
    files: int
    summed: str  # what was found beside it: a sum that is right, or why there was none


@dataclass(slots=True)
class _Found:
    size: int = 0
    names: set[str] = field(default_factory=set)
    read: dict[str, str] = field(default_factory=dict)


def number(version: str) -> Version:
    """Return a version X.Y.Z as numbers that can be compared."""
    return tuple(map(int, version.split(".")))


def checked(file: Path, report: Report) -> Release:
    """Return what a file holds, after a look at all of it; raises Refused."""
    version = _version_by_name(file)
    summed = _summed(file, report)
    found, top = _Found(), f"legwatch-{version}"
    with _opened(file, lambda share: report("looked through", share)) as tar:
        for member, name in _members(tar, top, file):
            _count(found, member, name, file)
            data = tar.extractfile(member)
            text = b"" if data is None else _content(data, keep=name in _READ)
            if name in _READ:
                found.read[name] = text.decode(errors="replace")
    _check_content(file, version, found)
    schema = re.search(r"^VERSION = (\d+)$", found.read.get(UPGRADE, ""), re.MULTILINE)
    tables = int(schema[1]) if schema else 0
    return Release(file, version, tables, found.size, len(found.names), summed)


def unpacked(release: Release, to: Path, report: Report) -> Path:
    """Write the files of a release into a folder; return the one that has them."""
    top = f"legwatch-{release.version}"
    (to / top).mkdir(parents=True)
    with _opened(release.file, lambda share: report("unpacked", share)) as tar:
        for member, name in _members(tar, top, release.file):
            place = to / top / name
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            _write(cast("IO[bytes]", tar.extractfile(member)), place)
            place.chmod(0o755 if member.mode & 0o100 else 0o644)
    for folder in (to / top, *(place for place in to.rglob("*") if place.is_dir())):
        folder.chmod(0o755)
    return to / top


def _version_by_name(file: Path) -> str:
    if wheel := _WHEEL.fullmatch(file.name):
        source = f"legwatch-{wheel[1]}.tar.gz"
        raise Refused(f"{file}: this is the wheel, which has no installer: give me {source}")
    name = _FILE.fullmatch(file.name)
    if name is None:
        raise Refused(f"{file} is not called like a release: legwatch-X.Y.Z.tar.gz")
    if not file.is_file():
        raise Refused(f"{file} is not there, or is no file")
    return name[1]


def _summed(file: Path, report: Report) -> str:
    """Compare the file with its sum, if there is one beside it; raises Refused."""
    try:
        lines = (file.parent / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return f"there is no {SUMS} beside it, so its sum was not compared"
    listed = {words[-1].lstrip("*"): words[0] for line in lines if len(words := line.split()) == 2}
    if file.name not in listed:
        return f"the {SUMS} beside it does not name it, so its sum was not compared"
    if _sum(file, report) != listed[file.name].lower():
        raise Refused(
            f"{file} has another sum than {SUMS} says: it is damaged, or not the file of this"
            " release. Get both again."
        )
    return f"its sum is the one in {SUMS}"


def _sum(file: Path, report: Report) -> str:
    found, size, done = hashlib.sha256(), max(1, file.stat().st_size), 0
    with _named(file), file.open("rb") as source:
        while block := source.read(_BLOCK):
            found.update(block)
            done += len(block)
            report("summed up", done / size)
    return found.hexdigest()


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Let each error of reading say of which file it is."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Refused(f"{file} is damaged, or not whole ({error}): get it again") from None
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror or error}") from None


@contextmanager
def _opened(file: Path, told: Callable[[float], object]) -> Iterator[tarfile.TarFile]:
    """Open the archive to be read in one go, up to the end of what was packed."""
    with _named(file), file.open("rb") as raw, gzip.open(raw) as plain:
        told_by = _Told(plain, raw, max(1, file.stat().st_size), told)
        with tarfile.open(fileobj=cast("IO[bytes]", told_by), mode="r|") as tar:
            yield tar
        while plain.read(_BLOCK):  # its sum stands at the end
            pass


class _Told:
    """Reads what is packed, and tells how much of the file that was."""

    def __init__(
        self, plain: gzip.GzipFile, raw: IO[bytes], size: int, told: Callable[[float], object]
    ) -> None:
        self._plain, self._raw, self._size, self._told = plain, raw, size, told

    def read(self, size: int = -1) -> bytes:
        self._told(self._raw.tell() / self._size)
        return self._plain.read(size)


def _members(tar: tarfile.TarFile, top: str, file: Path) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """Yield each file and folder with its name below the top folder; raises Refused for others.

    A link, a device or a name that leads out of the folder would let an archive write elsewhere.
    """
    for member in tar:
        path = PurePosixPath(member.name)
        shown = printable(member.name, _LONGEST)
        if path.is_absolute() or ".." in path.parts or path.parts[:1] != (top,):
            raise Refused(f"{file}: it has a file outside of {top}/: {shown!r}")
        if not (member.isfile() or member.isdir()):
            raise Refused(f"{file}: it has something that is no file and no folder: {shown!r}")
        if name := "/".join(path.parts[1:]):
            yield member, name


def _count(found: _Found, member: tarfile.TarInfo, name: str, file: Path) -> None:
    """Count a member; raises Refused for more than any release has."""
    if name in found.names:
        raise Refused(f"{file}: it has {printable(name, _LONGEST)!r} twice")
    found.names.add(name)
    found.size += member.size
    if len(found.names) > MOST_FILES or found.size > MOST_BYTES:
        raise Refused(f"{file} is larger than any release of legwatch")


def _content(data: IO[bytes], *, keep: bool) -> bytes:
    """Read all of it, so that damage is found; return the beginning if that is asked."""
    first = data.read(MOST_READ)
    while data.read(_BLOCK):
        pass
    return first if keep else b""


def _write(data: IO[bytes], place: Path) -> None:
    with place.open("xb") as out:
        while block := data.read(_BLOCK):
            out.write(block)


def _check_content(file: Path, version: str, found: _Found) -> None:
    """Raise Refused if the archive is not what its name says, or not for this machine."""
    about = found.read.get("PKG-INFO", "")
    says = {key: value.strip() for key, value in re.findall(r"(?m)^([\w-]+): (.*)$", about)}
    if says.get("Name") != "legwatch" or INSTALLER not in found.names:
        raise Refused(f"{file} is no release of legwatch: it has no {INSTALLER}, or another name")
    written = re.search(r'(?m)^version = "([^"]*)"$', found.read.get("pyproject.toml", ""))
    if {says.get("Version"), written[1] if written else ""} != {version}:
        raise Refused(f"{file}: what is in it is not version {version}, as its name says")
    needs = re.search(r">=\s*(\d+\.\d+)", says.get("Requires-Python", ""))
    if needs and sys.version_info[:2] < number(needs[1]):
        mine = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Refused(f"legwatch {version} needs Python {needs[1]} or newer; here is {mine}")
