"""A service that takes no more messages: the next way at once, and this one again, slowly."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch_server.notify.channels import Exhausted
from legwatch_server.testing import InProcessServer
from server.ward import MINUTE_MS, open_ward

USED_UP = Exhausted("pushover answered 429: this month's messages are used up", 600.0)
WELL = {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True}
Told = list[tuple[float, str, str]]


def look(_minute: float) -> dict[str, Any]:
    return WELL


def ward_of(folder: Path, **people: Any) -> InProcessServer:
    ward = open_ward(folder, people=people)
    ward.play("b", 2, look)  # then the bedside falls silent
    return ward


def wait(ward: InProcessServer, minutes: int) -> None:
    for _ in range(minutes):
        ward.run_to(ward.clock.now_ms + MINUTE_MS)


def loud(ward: InProcessServer, *, tried: bool = False) -> Told:
    """Return (minutes after the first try, channel, address) of each loud push that arrived."""
    log = ward.pushes.tried if tried else ward.pushes.arrived
    first = min(minute for minute, _, push in ward.pushes.tried if push.purpose == "loud")
    return [(m - first, channel, push.to) for m, channel, push in log if push.purpose == "loud"]


def person(*channels: str, name: str) -> dict[str, Any]:
    return {"channels": list(channels), "address": dict.fromkeys(channels, name)}


@pytest.fixture
def both(tmp_path: Path) -> Iterator[InProcessServer]:
    made = ward_of(tmp_path, anna=person("over", name="anna"), bert=person("over", name="bert"))
    made.channels["over"].always = USED_UP
    yield made
    made.close()


def test_where_no_way_is_left_it_is_tried_again_and_arrives(both: InProcessServer) -> None:
    wait(both, 40)
    tries = loud(both, tried=True)
    assert [address for at, _, address in tries if at == 0] == ["anna", "bert"]  # not 10 min later
    of_anna = [at for at, _, address in tries if address == "anna"]
    assert of_anna == pytest.approx([10.0 * n for n in range(len(of_anna))], abs=0.01)
    assert both.rows("SELECT count(*) FROM deliveries WHERE state='failed'") == [(0,)]
    both.channels["over"].always = None
    wait(both, 11)
    assert {address for _, _, address in loud(both)} == {"anna", "bert"}


def test_the_persons_next_channel_is_used_at_once(tmp_path: Path) -> None:
    ward = ward_of(tmp_path, anna=person("over", "ntfy", name="anna"))
    ward.channels["over"].always = USED_UP
    wait(ward, 40)
    assert loud(ward) == [(0.0, "ntfy", "anna")]
    assert len(loud(ward, tried=True)) == 2  # who is reached needs no second push
    ward.close()


def test_the_next_person_is_told_at_once_where_the_first_has_no_other_way(tmp_path: Path) -> None:
    ward = ward_of(tmp_path, anna=person("over", name="anna"), bert=person("ntfy", name="bert"))
    ward.channels["over"].always = USED_UP
    wait(ward, 25)
    assert loud(ward)[0] == (0.0, "ntfy", "bert")
    assert len([at for at, _, address in loud(ward, tried=True) if address == "anna"]) >= 1
    ward.close()
