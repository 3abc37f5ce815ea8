"""`legwatch duty --push`: what fails in the server is not "sent", and stops no other channel."""

import re
from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch_server.cli import try_push
from legwatch_server.cli.try_push import SENDS_WITHIN_S
from legwatch_server.notify import channels
from legwatch_server.settings import CHANNELS
from server.notify.channels.test_strangers import AT_START, CLASS, SENDS, sending
from strangers import Fault, Stranger, hurry

pytestmark = pytest.mark.slow  # each waits for a time-out or starts threads

FAILS = SENDS | {
    "`send` returns nothing": Fault(sending("return None"), "must return Sent, not NoneType"),
}


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    return Stranger(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(request, monkeypatch)
    monkeypatch.setattr(channels, "STARTS_WITHIN_S", 1.5)
    monkeypatch.setattr(try_push, "SENDS_WITHIN_S", 1.5)


def tried(code: str | None, stranger: Stranger, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines that are said of a channel with this code, and of the console after it."""
    stranger.has(code, {CHANNELS: {"odd": "{}:Odd"}})
    file = stranger.site / "server.toml"
    file.write_text('zone = "UTC"\n[people.anna]\nchannels = ["odd"]\nquiet = ["console"]\n')
    exit_code = legwatch(["duty", "--config", str(file), "--push", "anna"])
    said = capsys.readouterr()
    assert said.err == ""
    return [*said.out.splitlines(), f"exit code {exit_code}"]


def test_the_channel_hears_for_whom_the_push_is(
    stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    says = sending("raise ValueError(f'for {push.person}')")
    (line, *_) = tried(says, stranger, capsys)
    assert "for anna" in line
    assert re.search(r" \(/\S+\.py:\d+\)$", line)  # where it was raised, for its author


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FAILS)
def test_a_send_that_fails_in_the_server_fails_here_in_the_same_words(
    name: str, stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tried(FAILS[name].code, stranger, capsys)
    assert lines[0].startswith("anna         odd        NOT SENT: ")
    assert FAILS[name].words in lines[0]
    assert lines[-1] == "exit code 1"


def test_a_send_that_returns_sent_has_sent(
    stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tried(CLASS, stranger, capsys)
    assert lines[0].startswith("anna         odd        sent; look whether it comes")
    assert lines[-1] == "exit code 0"


@pytest.mark.parametrize("name", [name for name in AT_START if "two" not in name])
def test_a_channel_that_cannot_start_is_not_sent_and_the_next_one_is_tried(
    name: str, stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tried(AT_START[name].code, stranger, capsys)
    assert lines[0].startswith("anna         odd        NOT SENT: ")
    assert AT_START[name].words in lines[0]
    assert stranger.origin("Odd") in lines[0]
    assert lines[1].startswith("anna         console    ")
    assert lines[-2].endswith("sent; look whether it comes, and whether you hear it")
    assert lines[-1] == "exit code 1"


def test_a_channel_whose_options_are_wrong_or_that_is_not_installed_stops_no_other_one(
    stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    file = stranger.site / "server.toml"
    people = '[people.anna]\nchannels = ["nose", "ntfy"]\nquiet = ["console"]\n'
    file.write_text(f'zone = "UTC"\n{people}[push.ntfy]\nurl = "nowhere"\n')
    assert legwatch(["duty", "--config", str(file), "--push", "anna"]) == 1
    lines = capsys.readouterr().out.splitlines()
    why = "people.anna.channels: no channel 'nose'; installed: "
    assert lines[0].startswith(f"anna         nose       NOT SENT: {why}")
    assert lines[1].startswith("anna         ntfy       NOT SENT: push.ntfy.url: ")
    assert lines[2].startswith("anna         console    ")


def test_a_send_that_hangs_is_not_sent_and_the_next_channel_is_tried(
    stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tried(sending("import threading; threading.Event().wait(5)"), stranger, capsys)
    why = "it has not come back for 1.5 s"
    assert lines[0] == f"anna         odd        NOT SENT: {why}"
    assert lines[1].startswith("anna         console    ")
    assert lines[-1] == "exit code 1"


def test_a_channel_of_a_package_is_tried_while_another_one_of_it_hangs(
    stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    code = sending("import threading; threading.Event().wait(5)") + CLASS.replace("Odd", "Even")
    stranger.has(code, {CHANNELS: {"odd": "{}:Odd", "even": "{}:Even"}})
    file = stranger.site / "server.toml"
    file.write_text('zone = "UTC"\n[people.anna]\nchannels = ["odd", "even"]\n')
    assert legwatch(["duty", "--config", str(file), "--push", "anna"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "odd        NOT SENT: it has not come back" in lines[0]
    assert "even       sent; " in lines[1]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("", ", and it cannot be tried in silence"),
        ("    def rehearse(self, push): return 'came'\n", "; it tries it each evening"),
    ],
)
def test_what_only_the_server_can_try_is_promised_only_if_it_can(
    more: str, words: str, stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    code = f"{CLASS}    def begin(self, folder): pass\n{more}"
    lines = tried(code, stranger, capsys)
    assert lines[0] == f"anna         odd        only the server can send by it{words}"
    assert lines[-1] == "exit code 1"


def test_a_slow_send_may_take_a_minute() -> None:
    assert SENDS_WITHIN_S == 60
