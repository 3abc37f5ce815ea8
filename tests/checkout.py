"""A checkout as a user has it: its scripts and settings, over an environment that is set up."""

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from repository import REPO

# They would change this machine; a script that comes to need them has to say so instead.
REFUSED = ("apt-get", "sudo")


class Checkout:
    """A folder in which scripts/ run for real, but pip and the tools only say their words.

    `.venv/bin/legwatch` is the real one.
    """

    def __init__(self, folder: Path, tools: Iterable[str] = ()) -> None:
        self.folder = folder
        for name in ("scripts", "config"):
            shutil.copytree(REPO / name, folder / name)
        shutil.copy(REPO / "pyproject.toml", folder)
        environment = folder / ".venv"
        for name in ("python", "ruff", "lint-imports"):
            _program(environment / "bin" / name, f'echo "{name} $*"')
        _program(environment / "ntfy/usr/bin/ntfy", "true")
        _program(environment / "bin/legwatch", f'exec "{sys.executable}" -m legwatch "$@"')
        for name in tools:
            _program(folder / "tools" / name, "true")
        for name in REFUSED:
            _program(folder / "tools" / name, "false")

    @property
    def env(self) -> dict[str, str]:
        """Return the environment of a shell in it; what `legwatch` keeps lies in it as well."""
        own = (str(self.folder / "tools"), str(Path(sys.executable).parent))
        path = os.pathsep.join((*own, os.environ["PATH"]))
        return {**os.environ, "PATH": path, "XDG_STATE_HOME": str(self.folder / "state")}


def _program(path: Path, does: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
