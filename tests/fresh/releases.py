"""Releases made of this commit, as a maintainer makes them, but with another version or a fault."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from fresh.root import FreshRoot
from repository import REPO, miss, need

# A version whose server says that something is wrong with it, and that has other tables.
NEVER_WELL: Mapping[str, tuple[str, str]] = {
    "server/legwatch_server/health.py": (
        "wrong = [] if self.connected() else [NO_BROKER]",
        'wrong = ["this version is made so"]',
    ),
    "server/legwatch_server/store/upgrade.py": ("VERSION = 6", "VERSION = 7"),
}
TABLES = {"server/legwatch_server/store/migrations/0007_made.sql": "CREATE TABLE made (id);\n"}
NOTHING: Mapping[str, tuple[str, str]] = MappingProxyType({})
NO_FILES: Mapping[str, str] = MappingProxyType({})


def release(
    root: FreshRoot,
    version: str,
    changes: Mapping[str, tuple[str, str]] = NOTHING,
    files: Mapping[str, str] = NO_FILES,
) -> str:
    """Build a release, and put it with its sums before the user of a fresh root; return its path.

    `changes`: in a file of it, what is written instead of what.
    """
    if not (REPO / ".git").exists():
        miss("this is no clone: a release is built of a commit")
    with TemporaryDirectory() as folder:  # git cannot work below /proc
        clone, out = Path(folder) / "clone", Path(folder) / version
        _git("clone", "-q", "--no-hardlinks", str(REPO), str(clone), cwd=Path(folder))
        for name, (before, after) in {"pyproject.toml": _numbered(version), **changes}.items():
            text = (clone / name).read_text()
            assert before in text, name
            (clone / name).write_text(text.replace(before, after, 1))
        for name, text in files.items():
            (clone / name).write_text(text)
        _git("add", "-A", cwd=clone)
        _git("-c", "user.name=pi", "-c", "user.email=pi@pi", "commit", "-qm", version, cwd=clone)
        subprocess.run(
            ["bash", "scripts/release", "--packages", str(out)],
            cwd=clone,
            env={**os.environ, "LEGWATCH_PYTHON": sys.executable},
            check=True,
            capture_output=True,
        )
        shutil.copytree(out, root.place / f"home/pi/{version}")
    root.root(f"cd /home/pi/{version} && sha256sum legwatch-* >SHA256SUMS && chown -R pi: .")
    return f"/home/pi/{version}/legwatch-{version}.tar.gz"


def _git(*words: str, cwd: Path) -> None:
    subprocess.run([need("git"), *words], cwd=cwd, check=True)


def _numbered(version: str) -> tuple[str, str]:
    lines = (REPO / "pyproject.toml").read_text().splitlines()
    line = next(line for line in lines if line.startswith("version = "))
    return line, f'version = "{version}"'
