"""A key in the owner's file that a change goes before is named where the settings are looked at."""

import logging
import os
from pathlib import Path

import pytest

from legwatch.testing import ms
from legwatch_server.cli.check_config import main as check_config
from legwatch_server.cli.settings import main as show
from legwatch_server.reload import SettingsWatch
from legwatch_server.settings_file import change, changes_file, write_zone
from server.loaded_house import loaded_house

OWNERS = """zone = "Europe/Berlin"
[rules]
"warmth.warn_c" = 26
[push]
workers = 4
channels = ["console"]
[push.ntfy]
topic = "a-long-random-name"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "server.toml"
    path.write_text(f'state_dir = "{tmp_path / "state"}"\n{OWNERS}')
    return path


def changed(config: Path) -> Path:
    """Change keys that the owner has, one that he has not, and one to what he has said, too."""
    change(config, {"rules.warmth.warn_c": 25.5, "push.ntfy.topic": "another-random-name"})
    change(config, {"clock": "trusted", "push.workers": 4})
    file = changes_file(config)
    at_s = ms("2026-01-02T21:00Z") / 1000
    os.utime(file, (at_s, at_s))
    return file


@pytest.mark.parametrize("nested", [False, True])
def test_check_config_names_each_key_that_is_not_used(
    nested: bool, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if nested:
        config.write_text(config.read_text().replace('"warmth.warn_c"', "warmth.warn_c"))
    file = changed(config)
    assert check_config([str(config)]) == 0
    said = capsys.readouterr().out
    unused = [line for line in said.splitlines() if "is not used" in line]
    for line, key, value in zip(
        unused,
        ("rules.warmth.warn_c", "push.ntfy.topic"),
        ("25.5", "another value"),
        strict=True,
    ):
        assert line == (
            f"{config}: {key} is not used: {file}, last written 02 Jan 2026 22:00, says {value};"
            f" `legwatch settings reset {key}` takes that back"
        )
    assert "random-name" not in said


def test_what_legwatch_settings_shows_is_marked_beside_its_change(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(config)
    assert show(["--config", str(config)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert f"  rules.warmth.warn_c = 25.5  (26 in {config} is not used)" in shown
    assert '  clock = "trusted"' in shown
    assert "  push.workers = 4" in shown


def test_beside_a_broken_file_the_changes_are_shown_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loaded_house(tmp_path, push={"workers": 3}) as house:
        change(house.file, {"push.workers": 5})
        _, shown, _ = house.run(capsys, "settings")
        assert f"  push.workers = 5  (3 in {house.file} is not used)\n" in shown
        house.file.write_text(f'state_dir = "{house.folder}"\npush =')
        _, shown, _ = house.run(capsys, "settings")
        assert "  push.workers = 5\n" in shown


def test_a_reload_says_why_an_edited_key_has_no_effect(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = changed(config)
    watch = SettingsWatch(config)
    config.write_text(config.read_text().replace('c" = 26', 'c" = 27'))
    watch.ask()
    assert watch.look()
    assert [line.partition(";")[0] for line in caplog.messages] == [
        "settings taken over: nothing has changed",
        f"{config}: rules.warmth.warn_c is not used: {file} says 25.5",
        f"{config}: push.ntfy.topic is not used: {file} says another value",
    ]
    caplog.clear()
    change(config, {"push.workers": 5})
    assert watch.look()  # by a program: nobody has edited anything
    assert not [line for line in caplog.messages if "is not used" in line]


def test_the_zone_of_the_first_start_covers_nothing(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_zone("Asia/Tokyo", None, changes_file(config))
    assert check_config([str(config)]) == 0
    assert "is not used" not in capsys.readouterr().out
