"""Releases made of this commit, as a maintainer makes them, but with another version or a fault."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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
NOTHING: Mapping[str, tuple[str, str]] = {}


def release(
    root: FreshRoot,
    version: str,
    changes: Mapping[str, tuple[str, str]] = NOTHING,
    files: Mapping[str, str] = {},
) -> str:
    """Build a release, and put it with its sums before the user of a fresh root; return its path.

    `changes`: in a file of it, what is written instead of what.
    """
    if not (REPO / ".git").exists():
        miss("this is no clone: a release is built of a commit")
    clone, out = root.place / f"tmp/clone-{version}", root.place / f"home/pi/{version}"
    git = need("git")
    subprocess.run([git, "clone", "-q", "--no-hardlinks", str(REPO), str(clone)], check=True)
    for name, (before, after) in {"pyproject.toml": _numbered(clone, version), **changes}.items():
        text = (clone / name).read_text()
        assert before in text, name
        (clone / name).write_text(text.replace(before, after, 1))
    for name, text in files.items():
        (clone / name).write_text(text)
    as_somebody = ["-c", "user.name=pi", "-c", "user.email=pi@pi"]
    subprocess.run([git, "add", "-A"], cwd=clone, check=True)
    subprocess.run([git, *as_somebody, "commit", "-qm", version], cwd=clone, check=True)
    subprocess.run(
        ["bash", "scripts/release", "--packages", str(out)],
        cwd=clone,
        env={**os.environ, "LEGWATCH_PYTHON": sys.executable},
        check=True,
        capture_output=True,
    )
    root.root(f"cd /home/pi/{version} && sha256sum legwatch-* >SHA256SUMS && chown -R pi: .")
    return f"/home/pi/{version}/legwatch-{version}.tar.gz"


def _numbered(clone: Path, version: str) -> tuple[str, str]:
    lines = (clone / "pyproject.toml").read_text().splitlines()
    line = next(line for line in lines if line.startswith("version = "))
    return line, f'version = "{version}"'
