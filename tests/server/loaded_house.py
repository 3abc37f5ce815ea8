"""A settings file, a server that has loaded it, and the commands beside it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
from legwatch_server.in_force import LOCK
from legwatch_server.notify.channels import open_channels
from legwatch_server.notify.ways import ways
from legwatch_server.reload import SettingsWatch
from legwatch_server.settings import ServerSettings
from legwatch_server.settings_file import read
from legwatch_server.testing import InProcessServer
from server.ward import BEGIN

DUTY: dict[str, Any] = {
    "people": {name: {"channels": ["console"]} for name in ("karl", "helga", "anna")},
    "roster": [{"people": ["karl", "helga"]}],
}


class LoadedHouse:
    """The server holds the lock of its folder, as a running one does, until `end`."""

    def __init__(self, folder: Path, **table: Any) -> None:
        self.folder, self.file = folder / "state", folder / "server.toml"
        self.folder.mkdir()
        self.write(**{**DUTY, **table})
        self.start()

    def write(self, **table: Any) -> None:
        """Edit the owner's file."""
        self.table = {"state_dir": str(self.folder), "zone": "UTC", **table}
        self.file.write_text(dumps(self.table))

    def edit(self, **table: Any) -> None:
        """Change some keys of the owner's file."""
        self.write(**{**self.table, **table})

    def start(self) -> None:
        """Start the server by what stands in the file now."""
        self.watch = SettingsWatch(self.file)
        self.server = InProcessServer(self.folder, read(self.file), begin_ms=BEGIN)
        self._lock: IO[str] | None = (self.folder / LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.watch._take_over = self._use  # as `start` does, but without the thread
        self.watch._ways = lambda: ways(self.server.settings, b"key")
        self.watch._note = lambda news: self.server.turn([news])
        self.watch._note(self.watch._loaded())

    def _use(self, settings: ServerSettings) -> None:
        open_channels(settings)
        self.server.take_over(settings)

    def reload(self) -> bool:
        """Let the server read its file again; False: it was refused."""
        self.watch.ask()
        return self.watch.look()

    def kill(self) -> None:
        """End the server as a crash does."""
        self.server.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def end(self) -> None:
        """End the server in good order."""
        self.server.loop.finish()
        self.kill()

    def run(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
        """Run a command; return its exit code, and what it said on stdout and on stderr."""
        capsys.readouterr()
        code = main([*words, "--config", str(self.file)])
        return code, *capsys.readouterr()


@contextmanager
def loaded_house(folder: Path, **table: Any) -> Iterator[LoadedHouse]:
    """Yield a house with a running server; it is ended at the end."""
    made = LoadedHouse(folder, **table)
    try:
        yield made
    finally:
        made.kill()
