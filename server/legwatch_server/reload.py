"""Takes over changed settings while the server runs: all of them, or none.

A signal (SIGHUP) asks for it; a change by a program is noticed by itself. Settings that cannot be
used change nothing: the log names the key, and the server goes on as before.
"""

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from legwatch.errors import LegwatchError
from legwatch_runtime.files import read_toml
from legwatch_runtime.part import Parts
from legwatch_runtime.secrets import hide
from legwatch_runtime.system_zone import machine_zone
from legwatch_server.alike import alike
from legwatch_server.covered import covered
from legwatch_server.fixed_limits import is_left_out
from legwatch_server.hidden import hidden
from legwatch_server.inbox import SettingsLoaded, SettingsRefused
from legwatch_server.run_by import commands, made_from
from legwatch_server.settings import ServerSettings, needs_start, of_server, with_start_keys
from legwatch_server.settings_file import (
    changed_keys,
    changes_file,
    changes_in,
    checked,
    in_force,
)

logger = logging.getLogger(__name__)

LOOK_S = 2.0  # how often a change by a program is looked for
Stamp = tuple[int, int] | None
Note = Callable[[SettingsLoaded | SettingsRefused], None]


class SettingsWatch:
    """Reads the settings again in a thread of its own.

    Make it before the settings are read for the first time, so that no change in between is missed.
    The changes stay those of the folder of the start, whatever a new file says.
    """

    def __init__(self, path: Path, parts: Parts | None = None) -> None:
        owners = read_toml(path)
        self._path, self._changes = path, changes_file(path, owners)
        self._seen = self._stamps()
        self._table = self._of_start = alike(in_force(owners, changes_in(self._changes)))
        self._salt = secrets.token_hex(8)
        self._note: Note = lambda _news: None
        self._take_over: Callable[[ServerSettings], None] = lambda _settings: None
        self._ways: Callable[[], Mapping[str, str]] = dict
        self._refused: tuple[Stamp, Stamp] | None = None  # the files that were refused last
        self._asked, self._stopping = threading.Event(), False
        self._part = (parts or Parts()).add("settings", self._run)

    @property
    def table(self) -> Mapping[str, Any]:
        """The settings as they were read last, not checked."""
        return self._table

    def start(
        self,
        take_over: Callable[[ServerSettings], None],
        note: Note,
        ways: Callable[[], Mapping[str, str]],
    ) -> None:
        """Start the thread; `take_over` uses new settings, or raises LegwatchError or OSError.

        `note` hears what is in force, at once and after each change, and so what `ways` gives.
        """
        self._take_over, self._note, self._ways = take_over, note, ways
        self._note(self._loaded())
        self._part.start()

    def _loaded(self) -> SettingsLoaded:
        """Return what is in force, without secrets."""
        table = alike(hidden(with_start_keys(self._table, self._of_start), self._salt))
        file, zone = str(self._path.absolute()), machine_zone().name
        ways = self._ways()
        return SettingsLoaded(table, self._salt, file, *commands(), made_from(), zone, ways)

    def ask(self) -> None:
        """Read the settings again soon; a signal handler may call this."""
        self._asked.set()

    def stop(self) -> None:
        """Stop the thread."""
        self._stopping = True
        self._asked.set()

    def _run(self) -> None:
        while not self._stopping:
            self._part.turned()
            self._asked.wait(LOOK_S)
            try:
                self.look()
            except Exception:  # the watch must go on, and so must the next look
                logger.exception("the settings could not be read again")

    def look(self) -> bool:
        """Take changed settings over if that was asked for; True if they are in force now."""
        asked = self._asked.is_set()
        self._asked.clear()
        if self._stopping or not (asked or self._has_news()):
            return False
        stamps = self._stamps()  # before the files are read: what changes meanwhile is news again
        try:
            owners, changes = read_toml(self._path), changes_in(self._changes)
            new = alike(in_force(owners, changes))
            settings = checked(new)
            self._take_over(settings)
        except (LegwatchError, OSError) as error:
            self._refused = stamps
            logger.log(logging.ERROR, "settings not taken over, the old ones stay: %s", error)
            self._note(SettingsRefused(hide(str(error))))
            return False
        keys = [key for key in changed_keys(self._table, new) if not is_left_out(key)]
        self._table, self._refused = new, None
        self._note(self._loaded())
        logger.info("settings taken over: %s", ", ".join(keys) or "nothing has changed")
        for concern in settings.concerns():
            logger.warning("%s", concern)
        later = of_server(needs_start(keys))
        if later:
            logger.warning("these take effect when the server starts again: %s", ", ".join(later))
        if asked:  # by an owner, who has edited a file
            for one in covered(owners, changes):
                logger.info("%s: %s", self._path, one.said(self._changes))
        return True

    def _has_news(self) -> bool:
        """Return True after a change by a program, or if refused settings were changed again."""
        before, (owners, changes) = self._seen, self._stamps()
        self._seen = (owners, changes)
        if self._refused is not None:
            return self._refused != (owners, changes)
        return before[1] != changes

    def _stamps(self) -> tuple[Stamp, Stamp]:
        """Return what tells a version of the owner's file and of the changes from another."""
        return _stamp(self._path), _stamp(self._changes)


def _stamp(file: Path) -> Stamp:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
