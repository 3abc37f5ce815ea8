"""A backup each day into a folder, by a process of its own: it delays no alert, and may fail alone.

It is made at noon, when nobody sleeps. One that fails is tried again after an hour, and `/health`
says so until one was made.
"""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import date, time
from pathlib import Path

from legwatch.night import local
from legwatch_runtime.part import WITHIN_S, Parts
from legwatch_runtime.secrets import secret
from legwatch_server.backup.content import SEALED_BY
from legwatch_server.settings import ServerSettings

logger = logging.getLogger(__name__)

EVERY_S = 30.0
AGAIN_MS = 3_600_000
WITHIN_A_BACKUP_S = 7200.0  # a large database on a slow stick
NICE = 10  # so much less it gets of the processor
_ENDS = (".tar", ".age")


class DailyBackup:
    """Looks twice a minute whether a backup is due; `settings` are those in force."""

    def __init__(
        self,
        file: Path,
        settings: Callable[[], ServerSettings],
        now_ms: Callable[[], int],
        parts: Parts,
    ) -> None:
        self._file, self._settings, self._now_ms = file, settings, now_ms
        self._stop, self._failed_ms, self._why = threading.Event(), 0, ""
        within_s = WITHIN_A_BACKUP_S + EVERY_S + WITHIN_S
        self._part = parts.add("backup", self._run, within_s=within_s)

    def start(self) -> None:
        """Start the thread."""
        self._part.start()

    def stop(self) -> None:
        """Stop to look; a backup that is being made ends by itself, and leaves no half."""
        self._stop.set()

    def concerns(self) -> Iterable[str]:
        """Return what /health says."""
        return [f"no backup was made: {self._why}"] if self._why else []

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self._part.turned()
            self.turn()

    def turn(self) -> None:
        """Make the backup of today if it is due, and delete what is too old."""
        settings, now_ms = self._settings(), self._now_ms()
        table = settings.backup
        if not table.folder:
            self._why = ""
            return
        now = local(now_ms, settings.zone_of(""))
        early = now.time() < time.fromisoformat(table.at)
        folder, today = Path(table.folder), now.date()
        if early or now_ms - self._failed_ms < AGAIN_MS or _there(folder, today):
            return
        self._why = self._made(folder, today)
        if self._why:
            self._failed_ms = now_ms
            logger.error("no backup was made: %s", self._why)
        else:
            logger.info("a backup was made in %s", folder)
            _forget_oldest(folder, table.keep)

    def _made(self, folder: Path, today: date) -> str:
        """Make a backup; return why there is none, or nothing."""
        sealed = bool(secret(SEALED_BY, needed=False))
        to = folder / f"legwatch-{today.isoformat()}{_ENDS[sealed]}"
        words = ["nice", "-n", str(NICE), sys.executable, "-m", "legwatch", "backup", str(to)]
        words += ["--config", str(self._file), *(["--encrypt", "--keys"] if sealed else [])]
        try:
            done = subprocess.run(  # noqa: S603 - our own command
                words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                timeout=WITHIN_A_BACKUP_S,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        said = done.stderr.strip().rpartition("\n")[2].removeprefix("legwatch backup: ")
        return "" if done.returncode == 0 else said or f"exit code {done.returncode}"


def _there(folder: Path, day: date) -> bool:
    return any((folder / f"legwatch-{day.isoformat()}{end}").exists() for end in _ENDS)


def _forget_oldest(folder: Path, keep: int) -> None:
    pattern = "legwatch-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
    found = sorted(file for end in _ENDS for file in folder.glob(f"{pattern}{end}"))
    found.sort(key=lambda file: file.name)
    for file in found[:-keep]:
        try:
            file.unlink()
        except OSError as error:
            logger.warning("an older backup cannot be deleted: %s", error)
