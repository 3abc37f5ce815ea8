"""A button of another package that says a word which is none of a press."""

from pathlib import Path

import pytest

from legwatch.contract.action import BUTTONS
from legwatch.contract.bedside_info import decode_info
from legwatch.contract.topics import Channel
from legwatch_device import fittings
from legwatch_device.broker_link import LinkUp
from legwatch_device.settings import read
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent
from legwatch_runtime.part import Parts
from repository import REPO
from strangers import Stranger

PAGE = REPO / "device/legwatch_device/drivers/README.md"
CODE = """
class Odd:
    def __init__(self, options): pass
    def listen(self, pressed):
        for word in ("ack", "help", "help", 5, "cramp"):
            pressed(word)
"""


def test_a_word_that_no_server_reads_is_refused_with_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Stranger(tmp_path, monkeypatch)
    stranger.has(CODE, {"legwatch.buttons": {"odd": "{}:Odd"}})
    file = tmp_path / "agent.toml"
    file.write_text('bed = "b"\n[button]\ndriver = "odd"\n')
    heard: list[str] = []
    made = fittings.button(read(file), heard.append, Parts())
    assert made is not None
    made.starting.attempt()
    assert heard == ["ack", "cramp"]
    said = [one.getMessage() for one in caplog.records if one.name == fittings.__name__]
    whose = f"button: driver 'odd' ({stranger.origin('Odd')}) has pressed"
    rest = "which is no word of a press; nothing is sent of it. The words are " + ", ".join(BUTTONS)
    assert said == [f"{whose} 'help', {rest}", f"{whose} 5, {rest}"]


def test_why_a_button_does_not_work_is_known_to_the_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Stranger(tmp_path, monkeypatch)
    code = CODE.replace("pass", "raise OSError('no bus')")
    stranger.has(code, {"legwatch.buttons": {"odd": "{}:Odd"}})
    file = tmp_path / "agent.toml"
    file.write_text('bed = "b"\n[button]\ndriver = "odd"\n')
    made = fittings.button(read(file), lambda _word: None, Parts())
    assert made is not None
    whose = f"driver 'odd' ({stranger.origin('Odd')})"
    assert made.why() == f"{whose} hangs in its start"
    made.starting.attempt()
    assert made.why() == f"{whose} cannot start: no bus"


@pytest.mark.parametrize("fault", ["ValueError('boom')", "SystemExit(1)"])
def test_a_button_that_fails_when_it_is_to_listen_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    stranger = Stranger(tmp_path, monkeypatch)
    code = f"""
class Odd:
    def __init__(self, options): pass
    def listen(self, pressed): raise {fault}
"""
    stranger.has(code, {"legwatch.buttons": {"odd": "{}:Odd"}})
    file = tmp_path / "agent.toml"
    file.write_text('bed = "b"\n[button]\ndriver = "odd"\n')
    made = fittings.button(read(file), lambda _word: None, Parts())
    assert made is not None
    made.starting.attempt()
    assert made.why().startswith(f"driver 'odd' ({stranger.origin('Odd')}) cannot listen: ")


def test_the_server_hears_of_it_within_a_minute(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1))
    for why in ("no bus", ""):
        bed.no_button = why
        bed.clock.advance(60_000)
        bed.turn()
    told = [decode_info(payload).button for payload in bed.link.payloads(Channel.INFO)]
    assert told == ["", "no bus", ""]


def test_the_page_for_authors_lists_the_words() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`{word}`" in page for word in BUTTONS)
