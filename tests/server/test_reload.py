"""Settings are read again when asked for, or after a change by a program, or are refused."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from legwatch.errors import CannotRun
from legwatch_server.notify.channels import open_channels
from legwatch_server.reload import SettingsWatch
from legwatch_server.settings import ServerSettings
from legwatch_server.settings_file import change


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
