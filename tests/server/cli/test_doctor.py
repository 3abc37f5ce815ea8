"""`legwatch doctor`: what is wrong is said with what to do, and fails; the rest does not."""

import os
import shutil
import time
from pathlib import Path

import pytest
from tomlkit import dumps

from legwatch.__main__ import main as legwatch
from legwatch_server.cli import doctor
from legwatch_server.cli.doctor import findings
from legwatch_server.cli.finding import Finding, Level
from legwatch_server.in_force import in_force
from legwatch_server.settings_file import read
from legwatch_server.store.reader import server_ms
from legwatch_server.testing import InProcessServer
from legwatch_server.update.places import Places
from server.ward import BEGIN

PHONE = {"channels": ["ntfy"], "address": {"ntfy": "a-long-odd-topic"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    state, file = tmp_path / "state", tmp_path / "server.toml"
    state.mkdir()
    table = {"state_dir": str(state), "zone": "UTC", "people": {"anna": PHONE}, "beds": {"b": {}}}
    file.write_text(dumps(table))
    InProcessServer(state, read(file), begin_ms=BEGIN).close()
    return file


def found(file: Path) -> dict[str, Finding]:
    """Return the worst finding of each thing."""
    worst: dict[str, Finding] = {}
    for one in findings(in_force(file)):
        before = worst.setdefault(one.what, one)
        if list(Level).index(one.level) > list(Level).index(before.level):
            worst[one.what] = one
    return worst


def test_a_server_that_does_not_run_is_wrong(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert legwatch(["doctor", "--config", str(file)]) == 1
    said = capsys.readouterr().out
    assert "WRONG  server     it does not run: nobody is told of anything\n" in said
    assert f"ok     settings   {file} can be used\n" in said
    assert said.endswith("Something is wrong: mend what says WRONG, from the top.\n")


def test_what_is_only_to_be_looked_at_does_not_fail(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Finding("x", Level.LOOK, "words", "do this")
    monkeypatch.setattr(doctor, "findings", lambda _found: iter([look]))
    assert legwatch(["doctor", "--config", str(file)]) == 0
    said = capsys.readouterr().out
    assert said == (
        f"LOOK   x          words\n{'':<18}do this\nNothing is wrong; look at what says LOOK.\n"
    )


def test_settings_that_cannot_be_used_are_wrong(file: Path) -> None:
    state = in_force(file)
    file.write_text(file.read_text().replace('zone = "UTC"', 'zone = "Nowhere"'))
    wrong = [one for one in findings(state) if one.what == "settings"]
    assert [one.level for one in wrong] == [Level.WRONG]
    assert "zone" in wrong[0].words
    assert wrong[0].todo == f"mend it in {file}"


def test_a_bed_that_was_never_heard_is_wrong(file: Path) -> None:
    one = found(file)["bed b"]
    assert (one.level, one.words) == (Level.WRONG, "it was never heard")


def test_a_house_that_only_writes_into_its_log_is_wrong(file: Path) -> None:
    assert "people" not in found(file)
    file.write_text(file.read_text().replace('["ntfy"]', '["console"]'))
    assert found(file)["people"].level is Level.WRONG


@pytest.mark.parametrize(
    ("free_mb", "level"), [(100, Level.WRONG), (500, Level.LOOK), (5000, Level.OK)]
)
def test_little_room_is_said(
    file: Path, monkeypatch: pytest.MonkeyPatch, free_mb: int, level: Level
) -> None:
    real = shutil.disk_usage(file.parent)
    monkeypatch.setattr(doctor, "disk_usage", lambda _: real._replace(free=free_mb * 1_000_000))
    assert found(file)["disk"].level is level


def test_an_update_that_was_cut_off_is_said(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "here", lambda: Places(tmp_path))
    assert "update" not in found(file)
    drop_in = Places(tmp_path).drop_in
    drop_in.parent.mkdir(parents=True)
    drop_in.touch()
    assert found(file)["update"].level is Level.LOOK


def test_a_backup_that_is_old_or_missing_is_wrong(file: Path, tmp_path: Path) -> None:
    assert found(file)["backup"].level is Level.LOOK
    folder = tmp_path / "to"
    folder.mkdir()
    file.write_text(f'{file.read_text()}\n[backup]\nfolder = "{folder}"\n')
    assert found(file)["backup"] == Finding(
        "backup", Level.WRONG, f"none in {folder} yet", "the server's log says why"
    )
    made = folder / "legwatch-2026-01-01.tar"
    made.write_text("x")
    now_s = server_ms(tmp_path / "state") / 1000
    for days, level in ((1, Level.OK), (3, Level.WRONG)):
        os.utime(made, (time.time(), now_s - days * 86_400))
        assert found(file)["backup"].level is level
