"""Programs change settings in one writable file; the owner's file stays as it is."""

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch_server.cli.check_config import main as check_config
from legwatch_server.cli.settings import main
from legwatch_server.in_force import LOCK
from legwatch_server.notify.channels import open_channels
from legwatch_server.settings import ServerSettings
from legwatch_server.settings_file import change, changed_keys, changes_file, read, undo
from legwatch_server.supervisor.config import write_config

OWNERS = """# my own remarks
zone = "Europe/Berlin"
[rules]
"warmth.warn_c" = 26  # it is a cold room
[push]
workers = 4
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "etc" / "server.toml"
    path.parent.mkdir()
    path.write_text(f'state_dir = "{tmp_path / "state"}"\n{OWNERS}')
    path.chmod(0o400)
    return path


def test_a_change_goes_before_the_owners_key_and_leaves_his_file(config: Path) -> None:
    owners = config.read_text()
    change(config, {"rules.warmth.warn_c": 25.5}, open_channels)
    change(config, {"beds.anna.rules.alerts.budget": 1}, open_channels)
    made = read(config)
    assert made.rules_of("b").warmth.warn_c == 25.5
    assert made.rules_of("anna").alerts.budget == 1
    assert made.push.workers == 4  # what nobody changed is the owner's
    assert config.read_text() == owners
    assert changes_file(config).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "nested", ["[rules.warmth]\nwarn_c = 26\n", '[rules]\n"warmth.warn_c" = 26\n']
)
def test_both_spellings_of_a_limit_are_the_same_key(tmp_path: Path, nested: str) -> None:
    config = tmp_path / "server.toml"
    config.write_text(f'state_dir = "{tmp_path}"\n{nested}')
    change(config, {"rules.warmth.warn_c": 24.5}, open_channels)
    assert read(config).rules_of("b").warmth.warn_c == 24.5


def test_comments_in_the_changes_are_kept(config: Path) -> None:
    change(config, {"push.workers": 6}, open_channels)
    file = changes_file(config)
    file.write_text(file.read_text().replace("workers = 6", "workers = 6  # the line is slow"))
    change(config, {"push.give_up_h": 2.0}, open_channels)
    assert "workers = 6  # the line is slow" in file.read_text()


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("rules.warmth.warn_c", 99, "warmth.warn_c"),
        ("push.worker", 3, "push.worker"),
        ("push.workers", "many", "push.workers"),
        ("zone", "Nowhere/Land", "zone"),
        ("state_dir", "/tmp/else", "state_dir"),
        ("push..workers", 3, "push.channels is expected"),
        ("zone.name", 3, "zone: a text is expected"),
    ],
)
def test_a_wrong_change_is_refused_with_its_path_and_nothing_is_written(
    config: Path, key: str, value: object, problem: str
) -> None:
    change(config, {"push.workers": 6}, open_channels)
    before = changes_file(config).read_bytes()
    with pytest.raises(SettingsError, match=problem):
        change(config, {key: value}, open_channels)
    assert changes_file(config).read_bytes() == before


@pytest.mark.parametrize(
    "key", ["mqtt.port", "mqtt.host", "mqtt.user", "mqtt.ca_file", "state_dir"]
)
def test_no_change_cuts_the_server_of_up_off_from_its_broker(
    tmp_path: Path, mosquitto: None, key: str
) -> None:
    write_config(tmp_path, {}, {"bed": "b"}, owners=tmp_path / "mine.toml")
    made = tmp_path / "server.toml"
    with pytest.raises(SettingsError, match=f"{key}: `legwatch up` sets this itself"):
        change(made, {key: 1884})
    assert not changes_file(made).exists()
    change(made, {"mqtt.keepalive_s": 20})
    assert read(made).mqtt.keepalive_s == 20


def test_what_was_set_twice_is_taken_back_at_once(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_text(f'state_dir = "{tmp_path}"\n')
    for _ in range(2):
        change(path, {"push.workers": 3})
    assert undo(path).push.workers == ServerSettings().push.workers


def test_under_up_the_bed_of_the_agent_is_declared_and_keeps_what_the_owner_says_of_it(
    tmp_path: Path, mosquitto: None
) -> None:
    made, live = tmp_path / "server.toml", {"bed": "b"}
    write_config(tmp_path, {"beds": {"a": {}}}, live)
    assert {name: bed.played for name, bed in read(made).beds.items()} == {"a": False, "b": False}
    write_config(
        tmp_path, {"beds": {"b": {"zone": "Asia/Tokyo"}}}, live | {"recording": {"file": "n"}}
    )
    assert (read(made).beds["b"].zone, read(made).beds["b"].played) == ("Asia/Tokyo", True)


def test_under_up_the_command_names_the_owners_own_file(
    tmp_path: Path, mosquitto: None, capsys: pytest.CaptureFixture[str]
) -> None:
    made, owners = tmp_path / "server.toml", tmp_path / "mine.toml"
    write_config(tmp_path, {}, {"bed": "b"}, owners=owners)
    config = ["--config", str(made)]
    assert main([*config, "set", "push.workers", "3"]) == 0
    assert main([*config, "reset", "push.workers"]) == 0
    assert main(config) == 0
    said = capsys.readouterr().out
    assert f"push.workers is again what {owners} says" in said
    assert f"The owner's settings: {owners}; `legwatch up` makes {made} from them" in said
    write_config(tmp_path, {}, {"bed": "b"})
    assert main(config) == 0
    assert "The owner's settings: none (`legwatch up --config FILE`" in capsys.readouterr().out


def test_a_change_can_be_taken_back_and_made_again(config: Path) -> None:
    with pytest.raises(CannotRun, match="nothing to take back"):
        undo(config, open_channels)
    with pytest.raises(CannotRun, match="nothing to take back"):
        change(config, {"push.workers": None}, open_channels)
    change(config, {"push.workers": 6}, open_channels)
    undo(config, open_channels)
    assert read(config).push.workers == 4
    undo(config, open_channels)
    assert read(config).push.workers == 6
    change(config, {"push.workers": None}, open_channels)
    assert read(config).push.workers == 4


def test_a_broken_file_of_changes_is_named(config: Path) -> None:
    change(config, {"push.workers": 6}, open_channels)
    changes_file(config).write_text("push = [")
    with pytest.raises(SettingsError, match=r"changes\.toml"):
        read(config)
    with pytest.raises(SettingsError, match=r"changes\.toml"):
        change(config, {"push.workers": 5}, open_channels)


@pytest.mark.parametrize(
    ("key", "value"),
    [("push.ntfy.timeout_s", 999), ("push.ntfy.urll", "x"), ("push.channels", ["nobody"])],
)
def test_a_change_that_a_channel_cannot_use_is_refused_and_written_nowhere(
    config: Path, key: str, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    ntfy = {"push.channels": ["ntfy"], "push.ntfy.topic": "a-long-random-name"}
    change(config, ntfy, open_channels)
    before = changes_file(config).read_bytes()
    with pytest.raises(SettingsError, match=r"push\."):
        change(config, {key: value}, open_channels)
    assert changes_file(config).read_bytes() == before
    assert check_config([str(config)]) == 0
    file = changes_file(config)
    file.write_text(f"{file.read_text()}timeout_s = 999\n")  # by hand
    assert check_config([str(config)]) == 2
    assert str(file) in capsys.readouterr().err


def test_what_is_taken_back_leaves_no_empty_table(config: Path) -> None:
    dora = {"people.dora.channels": ["console"], "people.dora.address.ntfy": "x"}
    change(config, dora, open_channels)
    assert "dora" in read(config).people
    change(config, {"people.dora.channels": None}, open_channels)
    change(config, {"people.dora.address.ntfy": None}, open_channels)
    assert read(config).people == {}


def test_a_change_that_stops_a_start_is_named_with_its_file(config: Path) -> None:
    change(config, {"push.workers": 6}, open_channels)
    file = changes_file(config)
    file.write_text(file.read_text().replace("6", "600"))
    with pytest.raises(SettingsError, match=r"push\.workers.*changes\.toml.*undo"):
        read(config)


def test_only_the_keys_that_differ_are_changed() -> None:
    before = {"zone": "UTC", "push": {"workers": 4, "channels": ["a"]}, "http": {"port": 1}}
    after = {"zone": "UTC", "push": {"workers": 4, "channels": ["b"]}, "profile": "at_risk"}
    assert list(changed_keys(before, after)) == ["push.channels", "http.port", "profile"]


@pytest.mark.parametrize("table", [{}, {"rules": {}}])
@pytest.mark.parametrize("others", [{}, {"beds": {"bed1": {"zone": "UTC"}}}])
def test_a_bed_without_a_key_is_a_change_when_it_comes_and_when_it_goes(
    table: dict[str, Any], others: dict[str, Any]
) -> None:
    with_it = {"beds": {**others.get("beds", {}), "bed2": table}}
    assert list(changed_keys(others, with_it)) == ["beds.bed2"]
    assert list(changed_keys(with_it, others)) == ["beds.bed2"]
    assert list(changed_keys(with_it, with_it)) == []
    assert list(changed_keys({}, {"people": {"anna": {}}})) == ["people.anna"]
    assert list(changed_keys({}, {"push": {}, "http": {}})) == []  # it declares nothing


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_changes_the_server_can_read(config: Path) -> None:
    folder = changes_file(config).parent
    folder.mkdir()
    os.chown(folder, 1234, 1234)
    change(config, {"push.workers": 6}, open_channels)
    assert {file.stat().st_uid for file in folder.iterdir()} == {1234}


def test_the_command_shows_sets_and_takes_back(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--config", str(config)]
    assert main([*at, "set", "push.channels", '["console"]']) == 0
    assert capsys.readouterr().out.endswith("not running, so it takes effect at its next start\n")
    with (changes_file(config).parent / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a server that runs
        assert main(["set", "push.channels", '["console"]', *at]) == 0
        assert main(["set", *at, "zone", "Europe/Paris"]) == 0
        assert main([*at, "set", "mqtt.host", "10.0.0.2"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith("a running server takes it over within seconds")
    assert said[2].endswith("it takes effect when the server is started again")
    assert main(at) == 0
    shown = capsys.readouterr().out
    assert 'push.channels = ["console"]' in shown
    assert 'zone = "Europe/Paris"' in shown
    assert main([*at, "reset", "zone"]) == 0
    capsys.readouterr()
    owners = f"zone is again what {config} says"
    for now in ('zone = "Europe/Paris"', owners):  # what counts now, also when it is made again
        assert main([*at, "undo"]) == 0
        assert capsys.readouterr().out.startswith(f"The last change is taken back: {now}. The same")
    assert main([*at, "undo"]) == 0
    assert 'zone = "Europe/Paris"' in main_out(at, capsys)


def main_out(at: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    main(at)
    return capsys.readouterr().out


def test_what_was_broken_by_hand_is_taken_back_too(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(config, {"push.workers": 6}, open_channels)
    changes_file(config).write_text("[beds\n")
    assert main(["--config", str(config), "undo"]) == 0
    assert "The last change is taken back. " in capsys.readouterr().out


def test_the_owners_roster_may_name_a_person_that_a_program_has_added(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "server.toml"
    head = (
        f'zone = "UTC"\nstate_dir = "{tmp_path / "state"}"\n[people.anna]\nchannels = ["console"]\n'
    )
    config.write_text(head)
    change(config, {"people.karl.channels": ["console"]}, open_channels)
    config.write_text(head + '[[roster]]\npeople = ["karl", "helag"]\n')
    wrong = "roster[0].people: nobody is called 'helag'; known: anna, karl"
    with pytest.raises(SettingsError) as caught:  # what is really wrong, as the server says it
        read(config)
    assert str(caught.value) == wrong
    assert check_config([str(config)]) == 2
    assert capsys.readouterr().err == f"{config}: {wrong}\n"
    config.write_text(head + '[[roster]]\npeople = ["karl", "anna"]\n')
    assert read(config).roster
    assert check_config([str(config)]) == 0


@pytest.mark.parametrize("rubbish", [b"\xff\xfe", b"[beds\n", b"a = 1\na = 2\n"])
def test_damaged_changes_are_refused_in_a_sentence(config: Path, rubbish: bytes) -> None:
    change(config, {"rules.warmth.warn_c": 25.5}, open_channels)
    file = changes_file(config)
    file.with_name("changes.before.toml").write_bytes(rubbish)
    with pytest.raises(SettingsError, match=r"changes\.before\.toml"):
        undo(config)
    file.write_bytes(rubbish)
    with pytest.raises(SettingsError, match=r"changes\.toml.*legwatch settings undo"):
        read(config)


@pytest.mark.parametrize("words", [("set", "stillness.warn_s", "7200"), ("reset", "warmth.warn_c")])
def test_a_limit_without_its_table_is_answered_with_the_key_that_is_meant(
    config: Path, words: tuple[str, ...]
) -> None:
    with pytest.raises(
        SettingsError, match=rf"{words[1]}: no such key; a limit is rules\.{words[1]}$"
    ):
        main(["--config", str(config), *words])


def test_whoever_may_not_change_it_is_told_to_do_it_as_the_owner(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(config, {"push.workers": 6}, open_channels)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("legwatch_server.settings_file.opened_anew", refuse)
    us = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    assert legwatch(["settings", "--config", str(config), "set", "push.workers", "7"]) == 1
    said = capsys.readouterr().err
    assert "run it with sudo" in said  # and not to take the state away from its server
    assert "chown" not in said


def test_what_a_full_disk_did_not_take_is_no_change_to_take_back(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int) -> None:
        if os.fstat(fd).st_size:  # an empty file takes no block
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("legwatch_server.settings_file.os.fsync", full)
        with pytest.raises((OSError, LegwatchError)):
            change(config, {"rules.stillness.warn_s": 7200})
    with pytest.raises(CannotRun, match="there is nothing to take back"):
        undo(config)
    change(config, {"rules.stillness.warn_s": 7200})
    assert undo(config).rules == read(config).rules
