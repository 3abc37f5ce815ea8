"""A command that names the owner's file is about the server that `legwatch up` has made of it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from os import utime
from pathlib import Path

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
from legwatch_runtime import locations
from legwatch_runtime.files import read_toml
from legwatch_server.inbox import SettingsLoaded
from legwatch_server.meant import meant
from legwatch_server.notify.channels import open_channels
from legwatch_server.run_by import Commands
from legwatch_server.settings_file import change, read
from legwatch_server.store.reader import FILE
from legwatch_server.supervisor.config import write_config
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import cold
from server.ward import BEGIN


@contextmanager
def running(file: Path) -> Iterator[None]:
    """Let a server run by a settings file that `legwatch up` has made."""
    table, settings = read_toml(file), read(file)
    again = Commands("", "end `legwatch up`, and start it again")
    folder = Path(settings.state_dir)
    folder.mkdir(parents=True, exist_ok=True)
    server = InProcessServer(folder, settings, begin_ms=BEGIN)
    server.turn([SettingsLoaded(table, "salt", str(file), *again, "", "UTC")])
    yield
    server.close()


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mosquitto: None) -> Path:
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
    assert meant(None) == made


def test_a_folder_that_was_given_is_meant_also_while_its_server_is_down(
    made: Path, tmp_path: Path
) -> None:
    mine, folders = tmp_path / "mine.toml", [tmp_path / "old", tmp_path / "new"]
    made.unlink()
    for written_s, folder in enumerate(folders, 1000):
        write_config(folder, {}, {"bed": "b"}, owners=mine)
        locations.note_given(folder)
        (folder / "server" / FILE).touch()
        utime(folder / "server" / FILE, (written_s, written_s))
    old, new = (folder / "server.toml" for folder in folders)
    assert meant(mine) == new
    with (old.parent / "server" / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert meant(mine) == old


def test_the_store_of_the_unit_is_no_sign_that_a_server_runs_by_another_file(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units, mine = tmp_path / "lasting" / "server.toml", tmp_path / "mine.toml"
    monkeypatch.setattr(locations, "SERVERS_STATE", units.parent / "server")
    write_config(units.parent, {}, {"bed": "a"})
    with running(units):
        mine.write_text("")  # its state_dir is the usual one
        assert meant(mine) == made
        assert meant(units) == units


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


def test_a_mistake_in_the_owners_file_makes_it_mean_no_other_server(
    made: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text("= 5")
    assert meant(tmp_path / "mine.toml") == made
    (tmp_path / "other.toml").write_text("= 5")
    assert meant(tmp_path / "other.toml") == tmp_path / "other.toml"


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


def test_check_config_of_the_owners_file_knows_the_beds_that_the_server_of_up_has_heard(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    owners = tmp_path / "mine.toml"
    table = {
        "zone": "UTC",
        "people": {"karl": {"channels": ["console"], "address": {"mqtt": "meibed"}}},
        "roster": [{"people": ["karl"], "beds": ["meibed"]}],
    }
    owners.write_text(dumps(table))
    assert main(["check-config", str(owners)]) == 2
    assert "no bed 'meibed' has been heard yet" in capsys.readouterr().err
    server = InProcessServer(Path(read(made).state_dir), read(made), begin_ms=BEGIN)
    server.play("meibed", 1, cold)
    server.close()
    assert main(["check-config", str(owners)]) == 0, capsys.readouterr().err
    assert "meibed" not in capsys.readouterr().out


class Up:
    """What `legwatch up --agent-config mine.toml` leaves in its folder, and its lock."""

    def __init__(self, folder: Path, *, agents: bool = True) -> None:
        sensors = (f'[sensors.{name}]\ndriver = "simulated"\n' for name in ("leg", "movement"))
        self.mine, self.folder = folder / "mine.toml", folder / "legwatch"
        self._text = 'bed = "b"\n' + "".join(sensors)
        self.mine.write_text(self._text)
        self.folder.mkdir()
        write_config(self.folder, {}, read_toml(self.mine), agents=self.mine if agents else None)
        self.lock = (self.folder / "lock").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)

    def edit(self) -> None:
        self.mine.write_text("window_s = 5\n" + self._text.replace('"b"', '"c"'))


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mosquitto: None) -> Path:
    """Return the folder in which `legwatch up` is looked for."""
    monkeypatch.setattr(locations, "LASTING", tmp_path / "lasting" / "server.toml")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_an_agents_file_that_was_edited_says_what_waits_for_a_new_start(
    places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up = Up(places)

    def waits() -> bool:
        assert main(["check-config", "--as", "agent", str(up.mine)]) == 0
        return "has read it, not yet in force: bed, window_s" in capsys.readouterr().out

    assert not waits()
    up.edit()
    assert waits()
    up.lock.close()
    assert not waits()  # nothing runs: the next start reads it


@pytest.mark.parametrize("command", ["now", "beds"])
def test_commands_that_show_beds_say_that_an_edited_agents_file_is_not_in_force(
    places: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    up = Up(places)
    with running(up.folder / "server.toml"):

        def said() -> str:
            assert main([command, "--config", str(up.folder / "server.toml")]) == 0
            return capsys.readouterr().err

        assert "mine.toml" not in said()
        up.edit()
        (line,) = [one for one in said().splitlines() if "mine.toml" in one]
        assert line == (
            f"{up.mine}: changed since `legwatch up` has read it, not yet in force: bed, window_s."
            " To put it in force: end `legwatch up`, and start it again"
        )
        up.mine.write_text("bed = [")
        assert f"The agent's settings on the disk cannot be used: {up.mine}: " in said()
        up.mine.unlink()
        assert "mine.toml" not in said()  # nothing is known of it
        up.edit()
        up.lock.close()
        assert "mine.toml" not in said()


def test_of_an_agent_without_a_file_that_is_known_nothing_is_said(
    places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up = Up(places, agents=False)
    up.edit()
    own = places / "own.toml"
    own.write_text(f'state_dir = "{places}/own"\nzone = "UTC"\n')
    for file in (up.folder / "server.toml", own):
        assert main(["now", "--config", str(file)]) == 0
        assert "mine.toml" not in capsys.readouterr().err
    up.lock.close()


@pytest.mark.parametrize(
    "words",
    [["now"], ["duty"], ["alerts"], ["beds"], ["settings"], ["settings", "set", "lang", "de"]],
)
def test_an_agents_file_is_called_one_and_not_a_servers_file_with_a_wrong_key(
    places: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    up = Up(places)
    with running(up.folder / "server.toml"):
        assert main([*words, "--config", str(up.mine)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"legwatch {words[0]}: --config: {up.mine} is an agent's file (it has bed, sensors): name"
        " the server's file here, or leave --config out\n"
    )
    up.lock.close()
