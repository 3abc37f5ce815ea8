"""`legwatch beds`: what it lists, what it changes, and how that is taken back."""

import fcntl
import io
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.bedside import Bedside, to_json
from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch.night import local
from legwatch_runtime.clock import utc_ms
from legwatch_server import settings_file
from legwatch_server.cli import alerts, beds, duty
from legwatch_server.cli import settings as settings_command
from legwatch_server.in_force import LOCK
from legwatch_server.rest import Rests
from legwatch_server.store.reader import SqliteReader
from legwatch_server.store.records import LastSeen
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import cold
from server.ward import open_ward

Say = Callable[..., str]
SOON = str(local(utc_ms(), UTC).date() + timedelta(days=12))


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path / "state")
    made.play("b", 3, cold)
    made.play("other", 1, cold)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    made = tmp_path / "server.toml"
    made.write_text(dumps({"state_dir": str(tmp_path / "state"), "zone": "UTC"}))
    return made


@pytest.fixture
def say(path: Path, ward: InProcessServer, capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*words: str, command: Any = beds, code: int = 0) -> str:
        assert command.main(["--config", str(path), *words]) == code
        return capsys.readouterr().out

    return run


def resting(path: Path) -> dict[str, str]:
    return {bed: str(r) for bed, r in Rests(settings_file.read(path)).at(utc_ms()).items()}


def test_the_list_says_of_each_bed_its_state_its_last_word_and_what_it_can_tell(say: Say) -> None:
    text = say()
    assert "b      in use; last word " in text
    assert " days ago" in text  # the ward's evening is long ago
    assert "can be watched for cold legs and lying still for too long (not now, for" in text


def test_a_bed_known_only_from_the_store_is_paused_and_resumed(say: Say, path: Path) -> None:
    text = say("pause", "b", "--until", SOON)
    assert "Bed b is paused until noon of " in text
    assert "not running" in text
    assert resting(path) == {"b": "paused"}
    paused, other, *_ = say().splitlines()
    assert paused.startswith("b      paused until noon of ")
    assert other.startswith("other")  # no line on what the sensors of `b` could tell
    assert say("resume", "b") == (
        "Bed b is watched again from the server's next start on; it is not running now.\n"
    )
    assert resting(path) == {}


def test_beside_a_server_that_runs_a_bed_is_watched_again_at_once(say: Say, path: Path) -> None:
    say("pause", "b", "--until", SOON)
    with (path.parent / "state" / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a server that runs
        said = say("resume", "b")
    assert said == "Bed b is watched again: a running server takes it over within seconds.\n"


def test_an_ended_bed_is_in_no_list_and_its_end_can_be_undone(say: Say, path: Path) -> None:
    assert "only `legwatch beds` and `learned` show it" in say("end", "b", "--yes")
    assert resting(path) == {"b": "ended"}
    assert "b      out of use" in say()
    assert "b:" not in say(command=alerts)
    assert "b:" not in say(command=duty, code=1)
    say("undo", command=settings_command)
    assert resting(path) == {}


def test_an_ended_bed_is_taken_back_before_it_can_be_paused(say: Say, path: Path) -> None:
    say("end", "b", "--yes")
    with pytest.raises(CannotRun, match="out of use for good; `legwatch beds resume b` takes"):
        say("pause", "b", "--until", SOON)
    assert resting(path) == {"b": "ended"}


def test_duty_names_the_nights_from_which_a_paused_bed_is_watched_again(say: Say) -> None:
    today = local(utc_ms(), UTC).date()
    for bed in ("b", "other"):
        say("pause", bed, "--until", str(today + timedelta(days=2)))
    said = say("--nights", "6", command=duty)
    first = today + timedelta(days=2)
    assert "nobody: no bed is watched now" in said
    assert f"{today + timedelta(days=1):%a %d %b}  " not in said
    assert f"{first:%a %d %b}           everyone" in said
    assert f"{first + timedelta(days=1):%a %d %b}           everyone" in said


@pytest.mark.parametrize("online", [True, False])
def test_a_bedside_that_has_said_goodbye_sends_no_more(
    say: Say, monkeypatch: pytest.MonkeyPatch, *, online: bool
) -> None:
    word = LastSeen("b", utc_ms(), played=False, bedside=to_json(Bedside(online=online)))
    monkeypatch.setattr(SqliteReader, "last_seen", lambda _self: iter([word]))
    say("end", "b", "--yes")
    assert ("its bedside still sends" in say()) is online


def test_duty_and_alerts_say_nothing_of_a_bed_at_rest_but_that_it_rests(say: Say) -> None:
    say("pause", "b", "--until", SOON)
    text = say(command=alerts)
    assert "b: paused until noon of" in text
    assert "b: NOT SEEN" not in text
    text = say(command=duty, code=1)
    assert "bed b: paused until noon of" in text
    assert "other: can be watched for" in text
    assert "b, other: can" not in text
    say("pause", "other", "--until", SOON)
    assert "  nobody: no bed is watched now\n" in say(command=duty)


def test_end_asks_and_without_a_person_refuses(
    say: Say, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = io.StringIO()
    monkeypatch.setattr("sys.stdin", nobody)
    with pytest.raises(SettingsError, match="--yes"):
        say("end", "b")
    monkeypatch.setattr(nobody, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _question: "n")
    assert "Nothing was changed" in say("end", "b", code=1)
    assert resting(path) == {}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("pause", "b", "--until", "2020-01-01"), "not after today"),
        (("pause", "b", "--until", "next week"), "not a date"),
        (("pause", "nobody", "--until", SOON), "there is no bed"),
        (("resume", "b"), "watched already"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    say: Say, path: Path, words: tuple[str, ...], why: str
) -> None:
    with pytest.raises(LegwatchError, match=why):
        say(*words)
    assert resting(path) == {}


def test_what_the_owners_file_says_is_taken_back_too(say: Say, path: Path) -> None:
    text = path.read_text()
    path.write_text(f"{text}[beds.b]\npaused_until = {SOON}\nended = true\n")
    assert resting(path) == {"b": "ended"}
    say("resume", "b")
    assert resting(path) == {}


def test_without_a_server_that_has_run_a_bed_of_the_settings_can_be_paused(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CannotRun):
        beds.main(["--config", str(path), "pause", "new", "--until", SOON])
    path.write_text(f"{path.read_text()}[beds.new]\n")
    assert beds.main(["--config", str(path), "pause", "new", "--until", SOON]) == 0
    assert beds.main(["--config", str(path)]) == 0
    assert "new  paused until noon of" in capsys.readouterr().out


def test_a_bed_that_was_only_declared_is_gone_when_it_is_declared_no_more(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = open_ward(tmp_path / "state", beds={"left": {}})
    house.turn()
    house.play("b", 1, cold)
    house.close()
    assert beds.main(["--config", str(path)]) == 0
    said = capsys.readouterr().out
    assert "left" not in said
    assert said.startswith("b ")
