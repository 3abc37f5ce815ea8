"""The steps of `legwatch update`, and what is said of each.

All that is imported here is imported before the program on the disk is exchanged for another one.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from legwatch.errors import CannotRun
from legwatch_runtime.state_dir import is_held
from legwatch_server.cli.progress import Progress
from legwatch_server.store.exchange import schema
from legwatch_server.update import download, following, kept, plan, preparing, release
from legwatch_server.update.places import Places, here
from legwatch_server.update.plan import Phase
from legwatch_server.update.release import Release, number
from legwatch_server.update.room import Room, rooms
from legwatch_server.update.worker import NEW, OLD

_MADE = "Made by deploy/install.sh"  # stands in the unit
_ELSE = "A clone is updated by `git pull`; deploy/README.md says more"
_NUMBER = re.compile(r'^version = "(\d+\.\d+\.\d+)"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person has asked for: the file, or what an index is asked for."""

    file: Path | None
    index: str | None
    version: str | None
    older: bool
    only_check: bool
    within_s: int


def update(wish: Wish) -> int:
    """Do what is wished; raises CannotRun, and then nothing was changed."""
    places = here()
    if plan.read(places) is None:  # else the program may be half of one
        installed(places)
    if wish.only_check:
        _check_nobody_is_at_work(places)
        with _looked_at(wish, places, installed(places)):
            print("Nothing was changed.")
            return 0
    with following.alone(places) as hold:
        if not _is_clear(places, hold):
            return 1
        before = installed(places)
        with _looked_at(wish, places, before) as found:
            return _exchanged(places, hold, found, before, wish.within_s)


@contextmanager
def _looked_at(wish: Wish, places: Places, before: str) -> Iterator[Release]:
    """Look at what is wished for, say what is known of it, and give it; raises CannotRun."""
    with _given(wish) as file:
        with Progress() as progress:
            found = release.checked(file, progress.report)
        _check_version(found.version, before, older=wish.older)
        needs = rooms(places, found)
        for line in _about(places, found, before, needs):
            print(line, flush=True)
        _check_room(needs)
        yield found


def _check_nobody_is_at_work(places: Places) -> None:
    """Raise CannotRun if an update is under way, or was cut off."""
    if is_held(places.hold):
        raise CannotRun(f"an update is under way; {places.log} says how far it is")
    if plan.read(places) is not None:
        raise CannotRun("an update was cut off: the same line without --check goes back first")


def installed(places: Places) -> str:
    """Return the version that is installed; raises CannotRun if the installer has put none here."""
    try:
        unit = places.unit.read_text(encoding="utf-8")
        text = (places.program / "pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        unit = text = ""
    version = _NUMBER.search(text)
    if _MADE not in unit or version is None or not (places.program / ".venv").is_dir():
        raise CannotRun(f"`sudo deploy/install.sh` has installed no legwatch here. {_ELSE}")
    if not os.access(places.program.parent, os.W_OK):
        raise CannotRun("this is about an installed program: type it with sudo before it")
    return version[1]


def _is_clear(places: Places, hold: IO[str]) -> bool:
    """Return True if no update was cut off here; else go back, and say how to go on."""
    found = plan.read(places)
    if found is not None and found.phase not in {Phase.READY, Phase.DONE}:
        print(f"The update to legwatch {found.to} was cut off.", flush=True)
        if _followed(places, hold, "back") in {OLD, following.CTRL_C}:
            print("Now type the same line again.")
        return False
    kept.unguard(places)
    kept.forget(places)
    return True


@contextmanager
def _given(wish: Wish) -> Iterator[Path]:
    """Give the file that is wished for; one that was downloaded is deleted at the end."""
    if wish.file is not None:
        yield wish.file.absolute()
        return
    with TemporaryDirectory(prefix="legwatch-") as folder:
        print("Asking the package index ...", flush=True)
        yield download.downloaded(Path(folder), wish.index, wish.version)


def _check_version(version: str, before: str, *, older: bool) -> None:
    """Raise CannotRun for an older version that nobody has asked for."""
    if number(version) < number(before) and not older:
        raise CannotRun(
            f"legwatch {before} is installed, and {version} is older: --older installs it all the"
            " same. Nothing was changed"
        )


def _check_room(needs: list[Room]) -> None:
    for room in needs:
        if not room.enough:
            raise CannotRun(
                f"{room.place} has too little room: {room.needs_mb:,} MB are needed, and"
                f" {room.has_mb:,} MB are free. Nothing was changed"
            )


def _about(places: Places, found: Release, before: str, needs: list[Room]) -> Iterator[str]:
    """Yield what is known before anything is changed; raises CannotRun if it cannot be done."""
    yield f"legwatch {before} is installed; {found.file.name} has {found.version}."
    yield f"The file is whole ({found.files} files); {found.summed}."
    copy = preparing.copy_for(places, found)
    now = schema(places.database)
    if copy is not None:
        yield (
            f"It cannot read the database of now, and goes on with {copy}: what was stored since"
            f" that copy is put aside, beside it, and no version uses it any more."
        )
    elif 0 < now < found.schema:
        yield (
            f"It changes the tables of the database (version {now} to {found.schema}): if it goes"
            " back after that, what was stored meanwhile is not in use any more."
        )
    elif now:
        yield "It does not change the tables of the database: going back loses nothing of it."
    for room in needs:
        yield f"Room at {room.place}: {room.needs_mb:,} MB are needed, {room.has_mb:,} MB are free."


def _exchanged(places: Places, hold: IO[str], found: Release, before: str, within_s: int) -> int:
    """Keep all that is needed to go back, and exchange the versions; return the exit code."""
    try:
        with Progress() as progress:
            said = list[str]()
            preparing.prepared(places, found, before, within_s, progress.report, said.append)
    except BaseException:  # Ctrl-C, too
        kept.forget(places)
        raise
    for line in said:
        print(line)
    print(
        "Installing it: some minutes on a small Pi, and until then nobody watches. If this is cut"
        " off, even by a power cut, the next start of the machine or of the service, or the same"
        f" line again, puts legwatch {before} back.",
        flush=True,
    )
    code = _followed(places, hold, "switch")
    if code == NEW:
        print(f"legwatch {found.version} runs, and is well.")
    else:
        print(f"All that its installer said is in {places.log}.")
    return code if code in {NEW, following.CTRL_C} else 1


def _followed(places: Places, hold: IO[str], what: str) -> int:
    with Progress() as progress:

        def say(text: str) -> None:
            progress.clear()
            with suppress(OSError):  # the terminal is closed: go on, somebody has to see the end
                print(text, flush=True)

        return following.followed(places, hold, what, say, progress.note)
