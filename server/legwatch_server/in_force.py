"""What the server has loaded, and how the files on the disk differ: for commands that show it.

A file that was edited is not in force before the server has read it again. So commands show what
the server has noted in its store, also while it is down, and say what is different on the disk.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from legwatch.errors import LegwatchError, SettingsError
from legwatch.night import local
from legwatch.settings import load
from legwatch_runtime import locations
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.files import read_text, read_toml, unreadable
from legwatch_runtime.rights import is_there
from legwatch_runtime.secrets_beside import OURS
from legwatch_runtime.state_dir import is_held
from legwatch_runtime.system_zone import machine_zone
from legwatch_server import settings_file
from legwatch_server.fixed_limits import is_left_out
from legwatch_server.hidden import hidden, hidden_again
from legwatch_server.settings import ServerSettings, needs_start, of_server
from legwatch_server.store.reader import FILE, open_read_only
from legwatch_server.store.records import Loaded
from legwatch_server.store.unreadable import check_file

LOCK = "server.lock"  # in the state_dir; a running server holds it
SOON_S = 6.0  # three looks of the server at the changes by programs
_OF_UP = ("state_dir", "mqtt")  # `legwatch up` sets them itself
_STATE_DIR = re.compile(r"""^\s*state_dir\s*=\s*(["'])(.+?)\1""", re.MULTILINE)
_TABLE = re.compile(r"^\s*\[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings that count now, and what a person must know to understand them."""

    settings: ServerSettings  # as loaded: what may be a secret is hidden in them
    folder: Path  # the state_dir
    file: Path
    loaded: Loaded | None  # None: no server has noted what it has loaded
    running: bool
    seen_ms: int = 0  # when the server last noted that it runs
    changed: tuple[str, ...] = ()  # keys that differ on the disk
    wrong: str = ""  # why the files on the disk cannot be used
    soon: tuple[str, ...] = ()  # keys that the server will take over within seconds, by itself
    on_disk: ServerSettings | None = None  # what the file says now; None: it cannot be used
    following: ServerSettings | None = None  # the same, but under `legwatch up` of its next start

    def by_the_disk(self) -> "InForce | None":
        """Return what the file says: a server that can note nothing has read it at its start."""
        if self.on_disk is None:
            return None
        settings = replace(self.on_disk, state_dir=str(self.folder))
        return replace(self, settings=settings, loaded=None, changed=(), soon=(), wrong="")

    def must_have_run(self) -> None:
        """Raise CannotRun if no server has ever run with this state_dir."""
        check_file(self.folder / FILE)

    @property
    def has_run(self) -> bool:
        """True if there is a store: a server has run with this state_dir."""
        return is_there(self.folder / FILE)

    def since(self) -> str:
        """Return which file the server has loaded, and when; empty: that is not known."""
        loaded = self.loaded
        return f"In force since {self._at(loaded.at_ms)}: {loaded.file}" if loaded else ""

    def say(self) -> None:
        """Print the remarks beside what a command prints for people or programs."""
        for remark in self.remarks():
            print(remark, file=sys.stderr)

    def remarks(self) -> Iterator[str]:
        """Yield one sentence for each thing that is not as the file says; mostly none."""
        loaded = self.loaded
        if not self.running:
            yield from self._of_the_server_that_is_down()
        if loaded is None:
            if self.has_run:
                yield f"What the server has loaded is not known: this is what {self.file} says."
            yield from self.unusable()
            return
        if loaded.file != str(self.file.absolute()):
            yield f"The server has loaded {loaded.file}, not {self.file}."
        yield from self._of_the_zone(loaded)
        yield from self._of_the_disk(loaded)

    def _of_the_zone(self, loaded: Loaded) -> Iterator[str]:
        """Yield that the machine has another zone than when the server started."""
        held, here = loaded.machine_zone, machine_zone()
        if not self.running or not held or held == here.name or loaded.table.get("zone"):
            return
        if here.name:
            yield (
                f"The zone of this machine is {here.name} now ({here.source}), and the server goes"
                f" on in {held} until its next start. To do so: {loaded.restart}"
            )

    def _of_the_server_that_is_down(self) -> Iterator[str]:
        if not self.has_run:
            return
        if not self.seen_ms:
            yield f"The server is not running; at its next start {self.file} counts."
            return
        at = self._at(self.seen_ms)
        since = f" since {at}" if self.loaded and self.loaded.ended_ms else f" (last seen {at})"
        yield f"The server is not running{since}; at its next start {self.file} counts."

    def unusable(self) -> Iterator[str]:
        """Yield why the server cannot run by what is on the disk; mostly none."""
        if self.wrong:
            yield f"The settings on the disk ({self._owners()}) cannot be used: {self.wrong}"

    def _owners(self) -> str:
        """Return the file that an owner edits; one that is not the server's is named itself."""
        loaded = self.loaded
        if loaded and loaded.made_from and loaded.file == str(self.file.absolute()):
            return loaded.made_from
        return str(self.file)

    def _of_the_disk(self, loaded: Loaded) -> Iterator[str]:
        if self.wrong:
            yield from self.unusable()
            if self.running:
                yield f"The server goes on with what it loaded at {self._at(loaded.at_ms)}."
            return
        if self.running and loaded.refused is not None:
            at = self._at(loaded.refused.at_ms)
            yield f"At {at} the server refused the changed settings: {loaded.refused.why}"
        later = needs_start(self.changed)
        now = [key for key in self.changed if key not in (*later, *self.soon)]
        soon = [key for key in self.soon if key not in later]
        if not self.running:
            if self.changed:
                keys = ", ".join(self.changed)
                yield f"Changed on disk since the server loaded it, shown as it was: {keys}."
            return
        if soon:
            yield f"Changed just now, in force within seconds: {', '.join(soon)}."
        if now:
            keys = ", ".join(now)
            # A secret is read at the start only: with a reload it would be refused again.
            secret = loaded.refused is not None and OURS in loaded.refused.why
            how = loaded.restart if secret else loaded.reload
            yield f"Changed on disk, not yet in force: {keys}. To put it in force: {how}"
        if later:
            keys = ", ".join(later)
            yield f"Changed on disk, in force after a new start: {keys}. To do so: {loaded.restart}"

    def _at(self, ms: int) -> str:
        return f"{local(ms, self.settings.zone_of('')):%d %b %H:%M}"


def in_force(file: Path) -> InForce:
    """Return the settings that the server of a settings file judges by.

    Without a server that has ever run, these are the file's. Raises SettingsError if the file then
    cannot be used, and CannotRun if the store cannot be read.
    """
    text = _text(file)
    wrong: SettingsError | None = None
    table: dict[str, Any] = {}
    settings = None
    try:
        settings, table = settings_file.read(file), settings_file.table(file)
    except SettingsError as error:
        wrong = error
    folder = _folder(text) if settings is None else Path(settings.state_dir)
    loaded, seen_ms = _noted(folder)
    running = is_held(folder / LOCK)
    if running and loaded and loaded.ended_ms and settings is not None:
        loaded = None  # of a start before: the one that runs now can note nothing on this disk
    found = _usable(loaded)
    if found is None:
        if settings is None:
            raise wrong or SettingsError(str(file), "cannot be used")
        return InForce(
            settings, folder, file, None, running, seen_ms, on_disk=settings, following=settings
        )
    soon = _differences(loaded, table) if loaded and wrong is None and _just_now(folder) else ()
    following = settings
    if loaded and loaded.made_from and wrong is None:
        try:
            table = _remade(file, Path(loaded.made_from))
            following = settings_file.checked(table)
        except SettingsError as error:
            wrong, following = error, None
    changed = _differences(loaded, table) if loaded and wrong is None else ()
    if loaded and loaded.made_from:  # `legwatch up` chooses these anew at each start
        changed = tuple(key for key in changed if key.partition(".")[0] not in _OF_UP)
    found = replace(found, state_dir=str(folder), zone=found.zone or _held(loaded, running=running))
    why = str(wrong or "")
    return InForce(
        found, folder, file, loaded, running, seen_ms, changed, why, soon, settings, following
    )


def _held(loaded: Loaded | None, *, running: bool) -> str:
    """Return the zone that a running server without `zone` has taken from its machine."""
    return loaded.machine_zone if loaded and running else ""


def _remade(file: Path, owners: Path) -> dict[str, Any]:
    """Return the table that the next `legwatch up` makes of the owner's file, with all changes."""
    made, own = read_toml(file), read_toml(owners)
    kept = {key: made[key] for key in _OF_UP if key in made}
    http = {**made.get("http", {}), **own.get("http", {})}
    table = {**own, **kept, **({"http": http} if http else {})}
    agent = file.with_name(settings_file.AGENTS)
    table = settings_file.with_bed_of(read_toml(agent) if is_there(agent) else {}, table)
    return settings_file.in_force(table, settings_file.changes_in(changes_beside(file)))


def changes_beside(file: Path) -> Path:
    """Return the file of the changes by programs, also beside a settings file that is broken."""
    return _folder(_text(file)) / settings_file.NAME


def _just_now(folder: Path) -> bool:
    """Return True if a program has changed a key so lately that the server may not have seen it."""
    try:
        changed_s = (folder / settings_file.NAME).stat().st_mtime
    except OSError:
        return False
    return 0 <= utc_ms() / 1000 - changed_s < SOON_S


def _text(file: Path) -> str:
    """Return the text of the file; raises SettingsError if it cannot be read."""
    try:
        return read_text(str(file))
    except OSError as error:
        raise unreadable(file, error) from None
    except UnicodeDecodeError:
        return ""


def _folder(text: str) -> Path:
    """Find the state_dir in a text that is no good settings file, perhaps not even TOML."""
    table = _TABLE.search(text)
    found = _STATE_DIR.search(text[: table.start()] if table else text)
    return Path(found[2]) if found else locations.SERVERS_STATE


def _noted(folder: Path) -> tuple[Loaded | None, int]:
    """Return what the server has noted, and when it noted last that it runs; 0: never."""
    if not is_there(folder / FILE):
        return None, 0
    with open_read_only(folder) as reader:
        loaded, time = reader.loaded(), reader.time()
    noted_ms = time.at_ms if time else 0
    if loaded is None:
        return None, noted_ms
    return loaded, loaded.ended_ms or max(noted_ms, loaded.at_ms)


def _usable(loaded: Loaded | None) -> ServerSettings | None:
    """Return the settings in a note; None if it is of a version with other keys."""
    if loaded is not None:
        with suppress(LegwatchError):
            return load(ServerSettings, loaded.table)
    return None


def _differences(loaded: Loaded, table: Mapping[str, Any]) -> tuple[str, ...]:
    was, now = hidden_again(loaded.table, loaded.salt), hidden(table, loaded.salt)
    changed = of_server(settings_file.changed_keys(was, now))
    return tuple(key for key in changed if not is_left_out(key))
