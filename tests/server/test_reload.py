"""Settings are read again when asked for, or after a change by a program, or are refused."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from legwatch.errors import CannotRun, SettingsError
from legwatch_runtime.files import read_toml
from legwatch_server.notify.channels import open_channels
from legwatch_server.reload import SettingsWatch
from legwatch_server.settings import ServerSettings
from legwatch_server.settings_file import change, read


class Taken:
    """A server that takes settings over, or cannot."""

    def __init__(self) -> None:
        self.settings: list[ServerSettings] = []
        self.why = ""

    def __call__(self, settings: ServerSettings) -> None:
        if self.why:
            raise CannotRun(self.why)
        self.settings.append(settings)


def watching(config: Path, take_over: Callable[[ServerSettings], None]) -> SettingsWatch:
    watch = SettingsWatch(config)
    watch._take_over = take_over  # as `start` does, but without the thread
    return watch


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "server.toml"
    path.write_text(f'state_dir = "{tmp_path}"\nzone = "UTC"\n')
    return path


def test_an_edited_file_is_taken_over_when_asked_and_not_before(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    taken = Taken()
    watch = watching(config, taken)
    config.write_text(config.read_text().replace("UTC", "Europe/Paris"))
    assert not watch.look()
    watch.ask()
    assert watch.look()
    assert taken.settings[0].zone == "Europe/Paris"
    assert "settings taken over: zone" in caplog.text
    assert not watch.look()


def test_a_limit_that_is_left_out_is_not_taken_over_and_is_named(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    watch = watching(config, Taken())
    config.write_text(config.read_text() + '[rules]\n"presence.warm_c" = 30.0\n')
    watch.ask()
    assert watch.look()
    assert "settings taken over: nothing has changed" in caplog.text
    assert "rules.presence.warm_c: it is left out" in caplog.text


def test_a_change_by_a_program_is_noticed_by_itself(config: Path) -> None:
    taken = Taken()
    watch = watching(config, taken)
    assert not watch.look()
    change(config, {"rules.warmth.warn_c": 26}, open_channels)
    assert watch.look()
    assert taken.settings[0].rules_of("b").warmth.warn_c == 26
    assert not watch.look()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('zone = "Nowhere"', "zone"),
        ("push.channels = ['nobody']", "push.channels"),
        ("[rules]\n'warmth.warn_c' = 99", "warmth.warn_c"),
        ("not TOML", "not TOML"),
    ],
)
def test_wrong_settings_change_nothing_and_are_named(
    config: Path, line: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    taken = Taken()

    def take_over(settings: ServerSettings) -> None:
        open_channels(settings)
        taken(settings)

    watch = watching(config, take_over)
    good = config.read_text()
    config.write_text(f"{good.replace('zone', '#')}{line}\n")
    watch.ask()
    assert not watch.look()
    assert taken.settings == []
    assert said in caplog.text
    assert "the old ones stay" in caplog.text
    assert not watch.look()
    config.write_text(f"{good}profile = 'at_risk'\n")
    assert watch.look()  # what was refused is looked at again when it has changed
    assert taken.settings[0].profile == "at_risk"


def test_keys_that_need_a_start_are_named_and_the_others_count_at_once(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken = Taken()
    watch = watching(config, taken)
    config.write_text(
        f"{config.read_text()}mqtt.port = 2883\npush.workers = 2\nprofile = 'at_risk'\n"
    )
    watch.ask()
    assert watch.look()
    (warned,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert warned == "these take effect when the server starts again: mqtt.port, push.workers"


def test_what_the_server_cannot_use_is_refused_too(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken = Taken()
    watch = watching(config, taken)
    taken.why = "the folder cannot be written"
    watch.ask()
    assert not watch.look()
    assert "the folder cannot be written" in caplog.text


def test_of_beds_that_are_alike_the_server_keeps_one_table(config: Path) -> None:
    beds = "".join(f"[beds.b{number}]\nplayed = true\n" for number in range(50))
    own = "[beds.own]\nplayed = true\nrules.stillness.warn_s = 7200\n"
    config.write_text(config.read_text() + beds + own)
    watch = SettingsWatch(config)
    told = watch._loaded().table["beds"]
    loaded = read(config, watch.table).beds
    for tables in (watch.table["beds"], told, loaded):
        assert len(tables) == 51
        assert len({id(table) for table in tables.values()}) == 2
    assert told["own"]["rules"] == {"stillness": {"warn_s": 7200}}
    assert (loaded["b7"].played, loaded["b7"].rules) == (True, {})


def test_a_wrong_value_is_found_beside_an_equal_one_that_is_right(config: Path) -> None:
    config.write_text(config.read_text() + "[beds.a]\nplayed = true\n[beds.b]\nplayed = 1\n")
    with pytest.raises(SettingsError, match=r"beds\.b\.played"):
        read(config, SettingsWatch(config).table)


def test_a_start_reads_the_settings_file_once(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[Path] = []

    def spied(path: Path) -> dict[str, Any]:
        files.append(path)
        return read_toml(path)

    monkeypatch.setattr("legwatch_server.reload.read_toml", spied)
    monkeypatch.setattr("legwatch_server.settings_file.read_toml", spied)
    assert read(config, SettingsWatch(config).table).zone == "UTC"
    assert files == [config]
