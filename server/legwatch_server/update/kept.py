"""What is kept of the version of before, as a whole, and how it is put back.

It is a copy: what installs the new version moves and changes the program and its environment. To
put it back takes renames only, needs no network, and can be begun again wherever it was cut off.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import legwatch
import legwatch_runtime
import legwatch_server
from legwatch_server.store.backup import sync
from legwatch_server.update.places import Places

Report = Callable[[str, float], object]  # what is done, and how far it is, 0 to 1
BACKUP = "before-update-"  # and the version, before the name of a backup
MOST_KEPT = 2  # backups; the oldest of more is deleted
WORKER = "legwatch_server.update.worker"
_NO_CODE = shutil.ignore_patterns("__pycache__")
_DROP_IN = """\
# Made by `legwatch update`, and taken away at its end: if the power goes in the middle of one,
# the version of before is put back before this starts.
[Service]
ExecStartPre=-+{line}
"""


def keep(places: Places, report: Report) -> None:
    """Copy the program, its unit and our own code; all is on the disk at the end."""
    for package in (legwatch, legwatch_runtime, legwatch_server):
        folder = Path(package.__file__ or "").parent
        shutil.copytree(folder, places.code / folder.name, ignore=_NO_CODE)
    shutil.copy2(places.unit, places.old_unit)
    part = places.old.with_name(f"{places.old.name}.part")
    count = partial(_copied, report, [0, max(1, size_bytes(places.program))])
    shutil.copytree(places.program, part, symlinks=True, copy_function=count)
    part.rename(places.old)
    os.sync()


def put_back(places: Places) -> None:
    """Put the program and the unit of before in their places, wherever that was cut off before."""
    refused = places.folder / "refused"
    if places.old.exists():
        if places.program.exists():
            shutil.rmtree(refused, ignore_errors=True)
            places.program.rename(refused)
        places.old.rename(places.program)
        sync(places.program.parent)
    for rest in _rests(places):
        shutil.rmtree(rest, ignore_errors=True)
    if not unit_is_old(places):
        part = places.unit.with_name(f"{places.unit.name}.part")
        shutil.copy2(places.old_unit, part)
        part.replace(places.unit)


def unit_is_old(places: Places) -> bool:
    """Return True if the unit is the one of before."""
    try:
        return places.unit.read_bytes() == places.old_unit.read_bytes()
    except OSError:
        return not places.old_unit.exists()


def guard(places: Places) -> None:
    """Let each start of the unit look first whether an update was cut off."""
    places.drop_in.parent.mkdir(exist_ok=True)
    places.drop_in.parent.chmod(0o755)
    line = shlex.join(["/usr/bin/env", *_settings(places), *words(places, "at-start")])
    places.drop_in.write_text(_DROP_IN.format(line=line), encoding="utf-8")
    places.drop_in.chmod(0o644)
    sync(places.drop_in.parent)


def unguard(places: Places) -> None:
    """Take that away again."""
    places.drop_in.unlink(missing_ok=True)
    if places.drop_in.parent.is_dir() and not any(places.drop_in.parent.iterdir()):
        places.drop_in.parent.rmdir()


def words(places: Places, what: str) -> list[str]:
    """Return the command of the worker; it needs neither the program nor its environment."""
    return [os.path.realpath(sys.executable), "-s", "-P", "-m", WORKER, what, str(places.root)]


def environment(places: Places) -> dict[str, str]:
    """Return the environment of the worker."""
    return {**os.environ, **dict(one.split("=", 1) for one in _settings(places))}


def forget(places: Places) -> None:
    """Delete all that was kept; the plan goes first, so that nobody goes on by it."""
    (places.folder / "plan.json").unlink(missing_ok=True)
    shutil.rmtree(places.folder, ignore_errors=True)


def forget_old_backups(places: Places) -> None:
    """Delete all backups of updates but the newest."""
    found = sorted(places.state.glob(f"{BACKUP}*.tar"), key=lambda file: file.stat().st_mtime)
    for file in found[:-MOST_KEPT]:
        with suppress(OSError):
            file.unlink()


def size_bytes(folder: Path) -> int:
    """Return the size of all files in a folder."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())


def _settings(places: Places) -> tuple[str, str]:
    return f"PYTHONPATH={places.code}", "PYTHONDONTWRITEBYTECODE=1"


def _rests(places: Places) -> Iterator[Path]:
    """Yield the folders that an installer leaves which was cut off."""
    for end in (".before", ".new"):
        yield places.program.with_name(f"{places.program.name}{end}")


def _copied(report: Report, count: list[int], source: str, to: str) -> str:
    shutil.copy2(source, to, follow_symlinks=False)
    count[0] += Path(to).lstat().st_size
    report("kept of the version of now", count[0] / count[1])
    return to
