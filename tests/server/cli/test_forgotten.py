"""A bed that was declared for a while and never heard, such as a mistyped one, is shown nowhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.ward import health_of
from legwatch.contract.topics import Channel, topic
from legwatch_server.notify.known_beds import heard
from server.loaded_house import LoadedHouse, loaded_house

Said = pytest.CaptureFixture[str]
BEDS: dict[str, dict[str, str]] = {"bed1": {}, "bad3": {}}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LoadedHouse]:
    with loaded_house(tmp_path, beds=BEDS) as made:
        made.server.turn()
        yield made


def shown(house: LoadedHouse, capsys: Said) -> list[set[str]]:
    """Return the beds that /health, `learned` and `beds pause` name, and whom a shift may name."""
    report = health_of(house.server).report()
    assert report["beds"] == len(report["bedsides"])
    _, out, _ = house.run(capsys, "learned", "--json")
    learned = {one["bed"] for one in json.loads(out)["beds"]}
    _, _, err = house.run(capsys, "beds", "pause", "bed22", "--until", "2099-01-01")
    known = set(err.strip().partition("; known: ")[2].split(", "))
    return [set(report["bedsides"]), learned, known, {"bed1", *heard(house.server.settings)}]


def test_a_mistyped_bed_that_was_taken_out_again_is_forgotten(
    house: LoadedHouse, capsys: Said
) -> None:
    assert shown(house, capsys)[:3] == [{"bed1", "bad3"}] * 3
    house.edit(beds={"bed1": {}})
    assert house.reload()
    house.server.turn()
    assert shown(house, capsys) == [{"bed1"}] * 4
    house.end()
    house.start()
    house.server.turn()
    assert shown(house, capsys) == [{"bed1"}] * 4


def test_one_that_was_heard_stays(house: LoadedHouse, capsys: Said) -> None:
    server = house.server
    server.turn([server.message(topic("bad3", Channel.STATUS), b"online")])
    house.edit(beds={"bed1": {}})
    assert house.reload()
    server.turn()
    assert shown(house, capsys) == [{"bed1", "bad3"}] * 4
