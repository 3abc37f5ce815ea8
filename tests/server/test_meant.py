"""A command that names the owner's file is about the server that `legwatch up` has made of it."""

import fcntl
from pathlib import Path

import pytest

from legwatch.__main__ import main
from legwatch_runtime import locations
from legwatch_runtime.files import read_toml
from legwatch_server.meant import meant
from legwatch_server.notify.channels import open_channels
from legwatch_server.settings_file import change
from legwatch_server.store.reader import FILE
from legwatch_server.supervisor.config import write_config


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that `legwatch up --config mine.toml` has made."""
    monkeypatch.setattr(locations, "LASTING", tmp_path / "lasting" / "server.toml")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    owners, folder = tmp_path / "mine.toml", tmp_path / "legwatch"
    owners.write_text(f'state_dir = "{tmp_path}/own"\n')
    folder.mkdir()
    write_config(folder, {}, {"bed": "b"}, owners=owners)
    return folder / "server.toml"


def test_the_owners_file_means_the_server_that_up_runs_by_it(made: Path, tmp_path: Path) -> None:
    assert meant(tmp_path / "mine.toml") == made
    assert meant(made) == made
    assert meant(None) == made or locations.INSTALLED.exists()


def test_another_file_means_itself(made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("")
    assert meant(other) == other
    made.unlink()
    assert meant(tmp_path / "mine.toml") == tmp_path / "mine.toml"


def test_a_file_by_which_a_server_has_run_itself_means_that_server(
    made: Path, tmp_path: Path
) -> None:
    store = tmp_path / "own" / FILE
    store.parent.mkdir()
    store.touch()
    assert meant(tmp_path / "mine.toml") == tmp_path / "mine.toml"
    (tmp_path / "mine.toml").write_text(f'state_dir = "{made.parent}/server"\n')
    assert meant(tmp_path / "mine.toml") == made


def test_a_file_that_cannot_be_read_means_itself(made: Path, tmp_path: Path) -> None:
    assert made.exists()
    (tmp_path / "mine.toml").write_text("= 5")
    assert meant(tmp_path / "mine.toml") == tmp_path / "mine.toml"


def test_check_config_of_the_owners_file_knows_what_programs_have_changed(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The roster names a person whom `legwatch settings set` has added."""
    change(made, {"people.karl.channels": ["console"]}, open_channels)
    owners = tmp_path / "mine.toml"
    owners.write_text('zone = "UTC"\n[[roster]]\npeople = ["karl"]\n')
    assert main(["check-config", str(owners)]) == 0, capsys.readouterr().err
    owners.write_text('zone = "UTC"\n[[roster]]\npeople = ["helag"]\n')
    assert main(["check-config", str(owners)]) == 2
    assert "helag" in capsys.readouterr().err


def test_an_agents_file_that_was_edited_says_what_waits_for_a_new_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(locations, "LASTING", tmp_path / "lasting" / "server.toml")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    sensors = (f'[sensors.{name}]\ndriver = "simulated"\n' for name in ("leg", "movement"))
    text = 'bed = "b"\n' + "".join(sensors)
    mine, folder = tmp_path / "mine.toml", tmp_path / "legwatch"
    mine.write_text(text)
    folder.mkdir()
    write_config(folder, {}, read_toml(mine), agents=mine)

    def waits() -> bool:
        assert main(["check-config", "--as", "agent", str(mine)]) == 0
        return "has read it, not yet in force: bed, window_s" in capsys.readouterr().out

    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not waits()
        mine.write_text("window_s = 5\n" + text.replace('"b"', '"c"'))
        assert waits()
    assert not waits()  # nothing runs: the next start reads it
