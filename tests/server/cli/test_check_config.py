"""`legwatch check-config`: everything wrong in one go, by the key's path."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.settings import load
from legwatch_server.cli.check_config import main
from legwatch_server.settings import ServerSettings
from repository import REPO


def check(folder: Path, text: str, *words: str) -> int:
    file = folder / "some.toml"
    file.write_text(text)
    return main([str(file), *words])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('bed = "anna"\n[sensors.leg]\ndriver = "simulated"\n', "agent"),
        ('zone = "Europe/Berlin"\n[rules]\n"warmth.warn_c" = 26\n', "server"),
        ('zone = "Europe/Berlin"\n[rules]\nwarmth.warn_c = 26\n', "server"),
    ],
)
def test_a_good_file_is_known_for_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, kind: str
) -> None:
    assert check(tmp_path, text) == 0
    assert f"good ({kind}" in capsys.readouterr().out


def test_every_wrong_key_of_a_server_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
    zone = "Mars/Olympus"
    oops = 1
    [rules]
    "warmth.warn_c" = 99
    "warmth.nope" = 1
    [http]
    port = 99999
    [push]
    channels = ["pigeon"]
    [beds.lea]
    profile = "brave"
    """
    assert check(tmp_path, text) == 2
    said = capsys.readouterr().err
    for word in ("zone", "oops", "http.port", "warmth.nope", "profile", "pigeon"):
        assert word in said, word
    assert "warmth.warn_c: 99.0 is not allowed; allowed 24 to 30" in said
    assert said.count("\n") == 7


def test_every_wrong_key_of_an_agent_is_named_and_none_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
    window_s = 100
    [sensors.leg]
    driver = "crystal_ball"
    [sensors.room]
    driver = "simulated"
    pin = "four"
    [recording]
    zone = "Mars/Olympus"
    """
    assert check(tmp_path, 'bed = "anna"\n' + text, "--as", "agent") == 2
    lines = capsys.readouterr().err.splitlines()
    paths = [line.split(": ")[1] for line in lines]
    assert paths == [
        "window_s",
        "sensors.room.pin",
        "recording.zone",
        "sensors.leg.driver",
    ]


@pytest.mark.parametrize("text", ['bed = "Anna B"', ""])
def test_an_agent_needs_a_bed_that_can_stand_in_a_topic(tmp_path: Path, text: str) -> None:
    assert check(tmp_path, text, "--as", "agent") == 2


def test_an_empty_file_could_be_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "empty.toml"
    file.write_text("")
    assert legwatch(["check-config", str(file)]) == 2
    assert "--as" in capsys.readouterr().err
    assert main([str(file), "--as", "server"]) == 0


@pytest.mark.parametrize("content", [None, b"x = ", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_answered_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    file = tmp_path / "file.toml"
    if content is not None:
        file.write_bytes(content)
    assert legwatch(["check-config", str(file)]) == 2
    said = capsys.readouterr().err
    assert str(file) in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("file", sorted((REPO / "config").glob("*.toml")), ids=lambda f: f.name)
def test_the_examples_are_good(file: Path) -> None:
    assert main([str(file)]) == 0


EXAMPLE = REPO / "config/server.example.toml"


def uncommented(text: str) -> str:
    """Return the example with all that it only suggests switched on."""
    return re.sub(r'^# (?=\[|"?[a-z_.]+"? = )', "", text, flags=re.MULTILINE)


def test_the_servers_example_shows_every_key_with_its_default(tmp_path: Path) -> None:
    table = tomllib.loads(EXAMPLE.read_text())
    assert table.pop("zone") == "Europe/Berlin"
    table["mqtt"].pop("user")
    assert load(ServerSettings, table) == ServerSettings()
    shown = tomllib.loads(uncommented(EXAMPLE.read_text()))
    for field in fields(ServerSettings):
        assert field.name in shown, field.name
    for name in ("mqtt", "http", "push", "escalation", "answers", "rehearsal", "heartbeat"):
        keys = {field.name for field in fields(getattr(ServerSettings(), name))}
        assert keys == shown[name].keys(), name


def test_what_the_example_suggests_can_be_switched_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", "a" * 30)
    assert check(tmp_path, uncommented(EXAMPLE.read_text())) == 0, capsys.readouterr().err


NEVER = '[people.bert]\nwoken_for = { cold = "never" }\n'
OWN_BED = '[people.bert]\nbeds = ["left"]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (NEVER, "people.bert.woken_for.cold: urgent alerts of this kind would wake nobody"),
        (
            '[people.bert]\nwoken_for = { agent = "urgent" }\n',
            "people.bert.woken_for.agent: warning alerts of this kind would wake nobody",
        ),
        (f"{OWN_BED}[beds.right]\n", "beds.right: nobody watches bed 'right'"),
        (
            f'{OWN_BED}[[roster]]\npeople = ["bert"]\nbeds = ["right"]\n',
            "roster[0].beds: nobody watches bed 'right'",
        ),
        ("[push]\nchannels = []\n", "push.channels: there is no channel to notify everyone"),
    ],
)
def test_an_alert_that_would_wake_nobody_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    zone = 'zone = "UTC"\n'
    assert check(tmp_path, zone + text, "--as", "server") == 2
    assert words in capsys.readouterr().err
    carer = "[people.anna]\n" if text == NEVER else ""
    if carer:
        assert check(tmp_path, zone + text + carer, "--as", "server") == 0
