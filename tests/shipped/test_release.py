"""A release: the same commit gives the same bytes, with one version, and what is needed in it."""

import hashlib
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from repository import REPO, miss, need

pytestmark = pytest.mark.slow  # it builds packages

IN_WHEEL = {
    "legwatch/engine.py",
    "legwatch_runtime/profiles/standard.toml",
    "legwatch_runtime/locale/de/LC_MESSAGES/legwatch.mo",
    "legwatch_device/agent.py",
    "legwatch_server/store/schema.sql",
    "legwatch_lab/score/command.py",
}
IN_SOURCE = {
    "README.md",
    "LICENSE",
    "SECURITY.md",
    "pyproject.toml",
    "deploy/install.sh",
    "tests/repository.py",
}


def built(folder: Path, umask: int) -> dict[str, bytes]:
    """Build a release of a clone in this folder; return its files."""
    git = need("git")
    if not (REPO / ".git").exists():
        miss("this is no clone: a release is built of a commit")
    subprocess.run([git, "clone", "-q", "--no-hardlinks", REPO, folder / "c"], check=True)
    done = subprocess.run(
        [
            "bash",
            "-c",
            f'umask {umask:03o}; exec "$0" --packages "$1"',
            "scripts/release",
            folder / "d",
        ],
        cwd=folder / "c",
        env={**os.environ, "LEGWATCH_PYTHON": sys.executable, "TZ": f"UTC-{umask % 9}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {file.name: file.read_bytes() for file in (folder / "d").iterdir()}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    built(folder, 0o022)
    return folder / "d"


def test_the_same_commit_gives_the_same_bytes(release: Path, tmp_path: Path) -> None:
    other = tmp_path / "another folder, and a longer one"
    other.mkdir()
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in built(other, 0o077).items()}
    assert len(sums) == 2
    assert sums == {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in release.iterdir()
    }


def test_it_has_one_version_and_all_that_runs(release: Path) -> None:
    version = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["version"]
    with zipfile.ZipFile(release / f"legwatch-{version}-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
        about = wheel.read(f"legwatch-{version}.dist-info/METADATA").decode()
    assert names >= IN_WHEEL
    assert f"\nVersion: {version}\n" in about
    assert not [name for name in names if name.startswith(("tests", "bench"))]
    with tarfile.open(release / f"legwatch-{version}.tar.gz") as source:
        found = {name.partition("/")[2] for name in source.getnames()}
    assert found >= IN_SOURCE


def test_what_is_not_committed_is_no_release(tmp_path: Path) -> None:
    subprocess.run([need("git"), "clone", "-q", "--no-hardlinks", REPO, tmp_path / "c"], check=True)
    (tmp_path / "c" / "README.md").write_text("changed")
    done = subprocess.run(
        ["scripts/release", tmp_path / "d"],
        cwd=tmp_path / "c", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        done.stderr == "There are changes that are not committed: a release is built of a commit.\n"
    )
