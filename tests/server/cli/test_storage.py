"""`legwatch storage` says what takes how much room, and what will be deleted when."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from legwatch.contract.window import encode_window
from legwatch.night import local
from legwatch.testing import ms, night
from server.loaded_house import LoadedHouse, loaded_house
from server.store.contract import age
from server.ward import BEGIN

DAY_MS = 86_400_000
ZONE = ZoneInfo("UTC")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LoadedHouse]:
    with loaded_house(tmp_path) as made:
        yield made


def lived(house: LoadedHouse) -> None:
    """Let half an hour of a night go by."""
    house.server.play("b", 30, lambda _minute: {"leg_c": 31.5, "room_c": 20.0, "moves": 1})


def told(house: LoadedHouse, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    code, out, _ = house.run(capsys, "storage", "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_night_that_goes_on_is_of_windows_as_they_came(
    house: LoadedHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    lived(house)
    found = told(house, capsys)
    assert (found["windows"]["rows"], found["packed"]["rows"]) == (180, 0)
    assert found["oldest"] is None
    code, out, _ = house.run(capsys, "storage")
    assert code == 0
    assert "No night with live windows is over yet: nothing will be deleted." in out
    assert "Every window is kept for 13 months (store.raw_months)" in out


@pytest.mark.parametrize("running", [True, False])
def test_a_night_that_is_over_is_packed_and_it_is_said_when_it_is_deleted(
    house: LoadedHouse, capsys: pytest.CaptureFixture[str], running: bool
) -> None:
    lived(house)
    age(house.server.store, BEGIN + 2 * DAY_MS)
    if not running:
        house.end()
    found = told(house, capsys)
    assert (found["windows"]["rows"], found["packed"]["rows"]) == (1, 179)
    assert found["nights"]["rows"] == 1
    assert found["oldest"] == local(BEGIN, ZONE).date().isoformat()
    assert found["packed"]["bytes"] < 179 * 20
    assert found["oldest_deleted_ms"] == ms("2026-01-03T12:00Z") + round(13 * 30.4375 * DAY_MS)
    _, out, said = house.run(capsys, "storage")
    (last,) = out.splitlines()[-1:]
    assert last == "Next, the windows of the night of 02 Jan 2026 are deleted, on 03 Feb 2027."
    assert "windows, packed" in out
    assert "02 Jan 2026" in out
    assert ("The server is not running" in said) is not running


def test_recordings_that_are_over_are_not_called_nights_that_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loaded_house(tmp_path, beds={"tape": {"played": True}}) as house:
        server = house.server
        payloads = [encode_window(one) for one in night(begin="2026-01-01T20:00Z", minutes=30)]
        server.turn([server.message("legwatch/v1/tape/window", one) for one in payloads])
        age(server.store, BEGIN + 900 * DAY_MS)
        found = told(house, capsys)
        assert (found["windows"]["rows"], found["packed"]["rows"]) == (180, 0)
        _, out, _ = house.run(capsys, "storage")
    assert "but those of recordings for ever" in out
    assert out.splitlines()[-1] == (
        "No night with live windows is over yet: nothing will be deleted."
    )


def test_what_was_deleted_is_free_for_new_rows(
    house: LoadedHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    lived(house)
    before = told(house, capsys)
    age(house.server.store, BEGIN + 500 * DAY_MS)
    after = told(house, capsys)
    assert (after["packed"]["rows"], after["nights"]["rows"]) == (0, 1)
    assert after["free_bytes"] > before["free_bytes"]
    _, out, _ = house.run(capsys, "storage")
    assert "the file does not shrink, and free room is used again" in out


def test_the_months_are_those_of_the_settings_in_force(
    house: LoadedHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house.edit(store={"raw_months": 1})
    assert told(house, capsys)["raw_months"] == 13
    assert house.reload()
    assert told(house, capsys)["raw_months"] == 1
    assert "for 1 month (store.raw_months)" in house.run(capsys, "storage")[1]


def test_what_the_parts_take_is_about_what_the_file_takes(
    house: LoadedHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house.server.play("b", 120, lambda _minute: {"leg_c": 31.5, "room_c": 20.0, "moves": 1})
    found = told(house, capsys)
    with closing(house.server.store.line()) as line:
        pages = dict(line.now().execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    real = pages["windows"] + pages["sqlite_autoindex_windows_1"]
    assert 0.7 < found["windows"]["bytes"] / real < 1.3
