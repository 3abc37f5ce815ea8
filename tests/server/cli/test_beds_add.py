"""What `legwatch beds add` and `programs` say where nobody can be let in."""

import errno
from pathlib import Path

import pytest

from legwatch_runtime.command import main as legwatch
from legwatch_server.pairing import authority, users
from legwatch_server.pairing.users import Role, User
from legwatch_server.settings_file import OF_UP
from legwatch_server.supervisor.broker import free_port
from legwatch_server.supervisor.config import opening
from legwatch_server.supervisor.house import House, folder_in, note_open


def settings(folder: Path, *, of_up: bool) -> Path:
    """Write the settings of a server, by `legwatch up` or by a person."""
    state = folder / "server"
    state.mkdir(exist_ok=True)
    file = folder / "server.toml"
    head = f"{OF_UP}\n" if of_up else ""
    file.write_text(f'{head}state_dir = "{state}"\nzone = "UTC"\n')
    return file


@pytest.mark.parametrize("words", [["beds", "add", "bed2"], ["programs", "add", "ha"]])
def test_a_server_that_is_not_open_says_how_to_open_it(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    action, *rest = words
    file = settings(tmp_path, of_up=True)
    assert legwatch([action, "--config", str(file), *rest]) == 1
    assert "`legwatch settings set house.port 8883`" in capsys.readouterr().err
    assert legwatch(["settings", "--config", str(file), "set", "house.port", "8883"]) == 0


@pytest.mark.parametrize("words", [["beds", "add", "bed2"], ["programs"]])
def test_a_broker_of_somebody_else_lets_nobody_in_from_here(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    action, *rest = words
    assert legwatch([action, "--config", str(settings(tmp_path, of_up=False)), *rest]) == 1
    assert "deploy/README.md says how" in capsys.readouterr().err


def test_the_bed_of_this_machine_needs_no_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = settings(tmp_path, of_up=True)
    (tmp_path / "server/house").mkdir()
    note_open(tmp_path / "server/house", 8883)
    (tmp_path / "agent.toml").write_text('bed = "bed1"\n')
    assert legwatch(["beds", "--config", str(file), "add", "bed1"]) == 1
    assert "stands at this machine: it needs no pairing" in capsys.readouterr().err


def test_users_that_cannot_be_read_are_not_written_over(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"version":1}', '{"version":1,"users":{"a":{}}}', '{"version":2}'):
        (tmp_path / users.FILE).write_text(text)
        with pytest.raises(Exception, match=r"is damaged|newer legwatch"):
            users.put(tmp_path, User("bed2", Role.BED, "x"))
        assert (tmp_path / users.FILE).read_text() == text


def test_the_broker_keeps_whom_it_knows_while_the_users_cannot_be_read(tmp_path: Path) -> None:
    broker = tmp_path / "broker"
    broker.mkdir()
    house = House(tmp_path, broker, ["server:hash"])
    users.put(tmp_path, User("bed2", Role.BED, "secret"))
    assert house.write() == ""
    known = (broker / "passwords").read_text()
    assert known == "server:hash\nbed2:secret\n"
    (tmp_path / users.FILE).write_text("{")
    assert house.changed()
    assert "is damaged" in house.write()
    assert (house.changed(), (broker / "passwords").read_text()) == (False, known)


def test_who_is_let_in_by_two_commands_at_once_is_let_in(tmp_path: Path) -> None:
    for name in ("bed2", "bed3"):
        users.put(tmp_path, User(name, Role.BED, name))
    assert users.put(tmp_path, User("bed2", Role.BED, "new")) == User("bed2", Role.BED, "bed2")
    assert sorted(users.read(tmp_path)) == ["bed2", "bed3"]
    assert (users.drop(tmp_path, "bed3"), users.drop(tmp_path, "bed3")) == (True, False)
    assert (tmp_path / users.FILE).stat().st_mode & 0o777 == 0o600


def test_up_without_a_bed_is_for_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mosquitto: None
) -> None:
    file = tmp_path / "server.toml"
    file.write_text('zone = "UTC"\n')
    words = ["up", "--no-bed", "--config", str(file), "--state", str(tmp_path / "state")]
    assert legwatch(words) == 2
    assert "house.port: no bed can come in" in capsys.readouterr().err
    assert legwatch([*words, "--agent-config", str(file)]) == 2
    assert "--no-bed" in capsys.readouterr().err


def test_a_disk_that_takes_nothing_does_not_keep_the_watch_from_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings are as at the last start, and the note that the house is open cannot be made."""

    def refused(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("legwatch_server.supervisor.house._replace", refused)
    table = {"house": {"port": free_port(), "address": "127.0.0.1"}}
    authority.ensure(folder_in(tmp_path / "server"))
    found = opening(table, tmp_path)
    assert found is not None
    assert (found.closed, bool(found.lines)) == ("", True)
    monkeypatch.setattr("legwatch_server.pairing.authority._write", refused)
    (tmp_path / "server/house/ca.pem").unlink()
    found = opening(table, tmp_path)
    assert found is not None
    assert (found.closed, found.lines) == ("[Errno 30] Read-only file system", ())
