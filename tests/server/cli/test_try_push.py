"""`legwatch duty --push`: a send that the server counts as failed is no "sent" here, either."""

from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch_server.settings import CHANNELS
from server.notify.channels.test_strangers import CLASS, SENDS, sending
from strangers import Fault, Stranger

FAILS = SENDS | {
    "`send` returns nothing": Fault(sending("return None"), "must return Sent, not NoneType"),
}


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    return Stranger(tmp_path, monkeypatch)


def tried(code: str | None, stranger: Stranger, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines that are said of a channel with this code, and of the console after it."""
    stranger.has(code, {CHANNELS: {"odd": "{}:Odd"}})
    file = stranger.site / "server.toml"
    file.write_text('zone = "UTC"\n[people.anna]\nchannels = ["odd", "console"]\n')
    exit_code = legwatch(["duty", "--config", str(file), "--push", "anna"])
    said = capsys.readouterr()
    assert said.err == ""
    return [*said.out.splitlines(), f"exit code {exit_code}"]


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
