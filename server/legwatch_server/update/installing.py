"""Runs the installer of the new version, and ends one that a worker has left behind."""

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import IO

from legwatch.printable import printable
from legwatch_runtime.clock import instant
from legwatch_server.update.places import Places
from legwatch_server.update.release import INSTALLER

EVERY_S, LONGEST_S, ENDS_S = 0.2, 3600.0, 20.0
_NAME = "installer"  # the file with its process
_LONGEST = 300  # letters of what it has said last
_OF_ITSELF = "The update has failed"


def run(places: Places, log: IO[str], beat: Callable[[float], object]) -> str:
    """Run the installer; return why it has failed, or nothing.

    `beat` is told for how long it runs, and may raise to end it. It is in a session of its own, so
    that Ctrl-C does not cut it off in the middle.
    """
    (source,) = places.source.iterdir()
    from_ = log.tell()
    done = subprocess.Popen(  # noqa: S603 - the release was looked at
        ["bash", str(source / INSTALLER)],  # noqa: S607 - found as in a shell
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        env={name: value for name, value in os.environ.items() if name not in _OURS},
        start_new_session=True,
        umask=0o022,  # the service's user has to read the program
    )
    (places.folder / _NAME).write_text(str(done.pid), encoding="ascii")
    begun = instant()
    try:
        while done.poll() is None:
            beat(instant().since(begun))
            if instant().since(begun) > LONGEST_S:
                return f"its installer has not ended within {LONGEST_S / 60:.0f} minutes"
            sleep(EVERY_S)
    finally:
        _end(done.pid, done.poll)
    return _why(places.log, from_) if done.returncode else ""


_OURS = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")


def end_left(places: Places) -> None:
    """End an installer whose worker was killed: it must not go on beside who puts things back."""
    try:
        pid = int((places.folder / _NAME).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    if INSTALLER in _command(pid):
        _end(pid, lambda: None if INSTALLER in _command(pid) else 0)


def _end(pid: int, ended: Callable[[], int | None]) -> None:
    """Ask a session to end, and end it if it does not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        begun = instant()
        if ended() is None:
            with suppress(ProcessLookupError):
                os.killpg(pid, number)
        while ended() is None and instant().since(begun) < ENDS_S:
            sleep(EVERY_S)


def _command(pid: int) -> str:
    """Return what a process was started with; empty: there is none, or it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (OSError, UnicodeDecodeError):
        return ""


def _why(log: Path, from_: int) -> str:
    """Return what the installer has said last."""
    with log.open(encoding="utf-8", errors="replace") as said:
        said.seek(from_)
        lines = [line.strip() for line in said if line.strip() and _OF_ITSELF not in line]
    return f"its installer failed: {printable(lines[-1] if lines else 'it says nothing', _LONGEST)}"
