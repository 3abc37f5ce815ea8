"""A bed whose messages are all refused is no silent one: each command says why, and the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from legwatch.contract.window import encode_window
from legwatch.printable import printable
from legwatch.testing import live_window
from legwatch_server.cli import alerts, beds, duty, now
from server.loaded_house import LoadedHouse, loaded_house
from server.ward import BEGIN, MINUTE_MS

YEAR_MS = 365 * 24 * 60 * MINUTE_MS
WINDOW = live_window(1, BEGIN, leg_c=31.0)
REFUSED = {
    "not allowed": encode_window(WINDOW._replace(clock="played")),
    "a clock far off": encode_window(WINDOW._replace(from_ms=WINDOW.to_ms - YEAR_MS)),
    "an older wire": encode_window(WINDOW)
    .replace(b'"v":1', b'"v":0')
    .replace(b'"v": 1', b'"v": 0'),
    "not a window": b"{}",
}
COMMANDS = {"alerts": alerts, "beds": beds, "duty": duty, "now": now}
Said = pytest.CaptureFixture[str]


@pytest.fixture(params=[{"beds": {"b": {}}}, {}], ids=["with settings", "without settings"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoadedHouse]:
    with loaded_house(tmp_path, **request.param) as made:
        for command in COMMANDS.values():
            monkeypatch.setattr(command, "server_ms", lambda _: made.server.clock.now_ms)
        yield made


def hears(house: LoadedHouse, payload: bytes) -> str:
    """Let the server hear a message of bed b; return why it was refused."""
    house.server.turn([house.server.message("legwatch/v1/b/window", payload)])
    with house.server.store.reader() as reader:
        return reader.unread()["b"][1]


@pytest.mark.parametrize("refused", REFUSED)
def test_every_command_says_why(house: LoadedHouse, capsys: Said, refused: str) -> None:
    why = hears(house, REFUSED[refused])
    assert why
    sentence = f"messages of the bedside cannot be read: {printable(why, 120)}"
    for command in COMMANDS:
        _, out, _ = house.run(capsys, command)
        assert out.count(sentence) == 1, (command, out)
        assert "never heard" not in out
        assert "ever heard of" not in out


def test_it_is_past_as_soon_as_a_message_can_be_read(house: LoadedHouse, capsys: Said) -> None:
    hears(house, b"{}")
    house.server.play("b", 1, lambda _: {"leg_c": 31.0, "moves": 1})
    for command in COMMANDS:
        assert "cannot be read" not in house.run(capsys, command)[1]


def test_a_bed_that_could_be_read_before_is_said_with_its_last_word(
    house: LoadedHouse, capsys: Said
) -> None:
    house.server.play("b", 1, lambda _: {"leg_c": 31.0, "moves": 1})
    house.server.idle(20 * MINUTE_MS)
    hears(house, b"{}")
    assert "b: NOT SEEN since 02 Jan 21:0" in house.run(capsys, "alerts")[1]
    assert "b  in use; last word 20 min ago; messages of " in house.run(capsys, "beds")[1]
    for command in COMMANDS:
        assert "messages of the bedside cannot be read: " in house.run(capsys, command)[1]


def test_only_settings_and_words_that_were_read_make_a_bed_a_known_one(
    house: LoadedHouse, capsys: Said
) -> None:
    hears(house, b"{}")
    state = "in use" if "beds" in house.table else "not known yet"
    assert f"b  {state}; messages of the bedside" in house.run(capsys, "beds")[1]
    assert "(bed " not in house.run(capsys, "duty")[1]  # nobody is on duty for a stranger's name


def test_a_stranger_with_many_names_fills_no_screen(house: LoadedHouse, capsys: Said) -> None:
    for number in range(100):
        message = house.server.message(f"legwatch/v1/x{number}/window", b"{}")
        house.server.turn([message])
    for command in COMMANDS:
        assert house.run(capsys, command)[1].count("cannot be read") <= 20
