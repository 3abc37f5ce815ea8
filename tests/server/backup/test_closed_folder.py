"""A backup to, or a restore from or into, a folder that this user may not enter: one sentence."""

import os
from pathlib import Path

import pytest
from tomlkit import dumps

from legwatch.__main__ import main as legwatch
from legwatch_server.settings_file import read
from legwatch_server.testing import InProcessServer
from server.ward import BEGIN

NOBODY = 65534
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Return nobody's folder with settings and a backup, and a folder that only root may enter."""
    state, file = tmp_path / "state", tmp_path / "server.toml"
    state.mkdir()
    file.write_text(dumps({"zone": "UTC", "state_dir": str(state)}))
    InProcessServer(state, read(file), begin_ms=BEGIN).close()
    assert legwatch(["backup", str(tmp_path / "ok.tar"), "--config", str(file)]) == 0
    (tmp_path / "closed").mkdir(mode=0o700)
    for path in (tmp_path, *tmp_path.rglob("*")):
        if path.name != "closed":
            os.chown(path, NOBODY, NOBODY)
    for folder in tmp_path.parents:  # up to the folder of all tests
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "backup {0}/closed/x.tar --config {0}/server.toml",
        "restore {0}/closed/x",
        "restore {0}/closed/x --list",
        "restore {0}/ok.tar --state {0}/closed/x --settings {0}/q",
        "restore {0}/ok.tar --settings {0}/closed/x --state {0}/q",
    ],
)
def test_it_says_whose_the_folder_is(
    line: str, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.seteuid(NOBODY)
    try:
        code = legwatch(line.format(made).split())
    finally:
        os.seteuid(0)
    said = capsys.readouterr().err
    assert code == 1
    assert f"{made}/closed belongs to root:root" in said
    assert "Traceback" not in said
