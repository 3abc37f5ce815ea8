"""Every command, on a store with an alert, to outputs that take nothing, little, or only ASCII."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from tomlkit import dumps

from legwatch.__main__ import GROUP
from repository import REPO
from server.notify.test_escalation import PEOPLE, cold
from server.ward import open_ward

NIGHT = REPO / "tests/nights/uncovered.csv.gz"
AGENT = REPO / "config/agent.example.toml"
# What is typed after `legwatch`; {config}: the settings of the server.
LINES = {
    "agent": f"agent --config {AGENT} --check-config",
    "alerts": "alerts --config {config} --night 2026-01-02",
    "alerts explain": "alerts --config {config} explain 1",
    "alerts seen": "alerts --config {config} seen 1",
    "beds": "beds --config {config}",
    "check-config": "check-config {config}",
    "duty": "duty --config {config}",
    "history": "history --config {config} --once",
    "backup": "backup {folder}/b.tar --replace --config {config}",
    "doctor": "doctor --config {config}",
    "update": "update {folder}/legwatch-9.9.9.tar.gz",
    "restore": "restore {folder}/b.tar --list",
    "learned": "learned --config {config}",
    "nights": "nights make --seed 1 --count 1 --out {folder}/nights",
    "now": "now --config {config}",
    "pair": "pair WRONG --config {folder}/agent.toml",
    "programs": "programs --config {config}",
    "sensors": "sensors --root {folder}",
    "setup": "setup --settings {folder} --yes --simulated --no-push",
    "replay": f"replay {NIGHT} --set stillness.warn_s=3600",
    "score": "score {folder}",
    "server": "server --config {config} --check-config",
    "settings": "settings --config {config}",
    "storage": "storage --config {config}",
    "up": "up --config {config} --agent-config {config}",
}
STATED = {0, 1, 2}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a server that has told people of an alert, with its settings."""
    folder = tmp_path_factory.mktemp("told")
    ward = open_ward(folder, people=PEOPLE)
    ward.play_until_loud("b", cold)
    ward.close()
    people = {"änne": {"channels": ["console"]}}
    table = {"state_dir": str(folder), "zone": "UTC", "people": people}
    (folder / "server.toml").write_text(dumps(table), encoding="utf-8")
    return folder


def typed(
    line: str, folder: Path, where: str, env: Mapping[str, str] = os.environ
) -> tuple[int, bytes, bytes]:
    """Type a command into a shell; return its exit code, and what it said on both outputs."""
    words = line.format(config=folder / "server.toml", folder=folder)
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m legwatch {words} {where}"],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_every_command_is_in_the_list() -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {line.split()[0] for line in LINES} == set(project["entry-points"][GROUP])


@pytest.mark.parametrize("where", [">&-", "> /dev/full", ">&- 2>&-", "<&-"])
def test_no_command_gives_a_traceback_to_an_output_that_takes_nothing(
    where: str, told: Path
) -> None:
    for name, line in LINES.items():
        code, out, err = typed(line, told, where)
        assert code in STATED, (name, err)
        assert b"Traceback" not in out + err, name
        assert b"Exception ignored" not in out + err, name
        if where == "> /dev/full" and typed(line, told, "")[1]:
            assert code, name  # who asked has not got it


@pytest.mark.parametrize(
    "line",
    [
        "settings --config {config} set push.workers 3",
        "settings --config {config} reset push.workers",
        "settings --config {config} undo",
        "beds --config {config} pause b --until 2999-01-01",
        "beds --config {config} resume b",
        "beds --config {config} end b --yes",
    ],
)
def test_a_change_of_which_no_word_gets_out_is_said_to_be_made(line: str, tmp_path: Path) -> None:
    table = {"state_dir": str(tmp_path / "state"), "zone": "UTC", "beds": {"b": {}}}
    (tmp_path / "server.toml").write_text(dumps(table))
    for given in ("push.workers 4", "beds.b.paused_until 2998-01-01"):
        assert typed(f"settings --config {{config}} set {given}", tmp_path, "")[0] == 0
    code, _, err = typed(line, tmp_path, "> /dev/full")
    assert code == 1
    first, last = err.decode().splitlines()
    assert first == "legwatch: the change was made"
    assert last.startswith("legwatch: standard output takes nothing: ")


def test_every_command_says_in_ascii_what_it_can(told: Path) -> None:
    poor = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    for name, line in LINES.items():
        code, out, err = typed(line, told, "", {**os.environ, **poor})
        assert code == typed(line, told, "")[0], (name, err)
        assert b"Traceback" not in out + err, name
        assert (out + err).isascii(), name
