"""Programs of the house: they read every bed and ask, and nothing else."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from end_to_end.house import wait_until
from end_to_end.paired_house import Client, PairedHouse, password_of

USER = "program.ha"


@pytest.fixture
def house(tmp_path: Path, mosquitto: None) -> Iterator[PairedHouse]:
    made = PairedHouse(tmp_path)
    yield made
    made.close()


def program(house: PairedHouse) -> Client:
    said = house.said("programs", "add", "ha")
    password = next(line.split()[1] for line in said.splitlines() if "password " in line)
    wait_until(lambda: f"{USER}:" in _passwords(house), "the broker's new user")
    time.sleep(0.5)  # it reads them after they were written
    client = Client(house.port, USER, password, ca=house.ca)
    assert client.answer() == "Success"
    client.subscribe("legwatch/v1/#")
    client.subscribe("legwatch/v1/+/cmd/result")
    wait_until(lambda: house.rows("SELECT name FROM beds"), "the paired bed, in the store")
    return client


def _passwords(house: PairedHouse) -> str:
    return (house.folder / "state/broker/passwords").read_text()


def asked(client: Client, bed: str, ident: str, **words: Any) -> tuple[bool, str]:
    """Ask for something; return the answer."""
    client.publish(f"legwatch/v1/{bed}/request", {"v": 1, "id": ident, **words})
    said = json.loads(client.hears(f"legwatch/v1/{bed}/cmd/result"))
    assert said["id"] == ident
    return said["ok"], said["why"]


def test_a_program_reads_the_beds_and_asks(house: PairedHouse) -> None:
    pi = house.paired("bed2")
    client = program(house)
    house.agent(pi)
    wait_until(lambda: house.windows("bed2") > 2, "windows")
    client.hears("legwatch/v1/bed2/window")
    client.hears("legwatch/v1/bed2/info")
    assert asked(client, "bed2", "a1", do="cramp") == (True, "")
    assert asked(client, "bed2", "a1", do="cramp") == (True, "")  # the same once more
    assert house.rows("SELECT button FROM presses") == [("cramp",)]
    assert asked(client, "bed2", "a2", do="acknowledge", kind="cold") == (
        False,
        "nothing to answer stands now",
    )
    assert asked(client, "bed9", "a3", do="cramp") == (False, "there is no bed bed9")
    assert house.rows("SELECT name FROM beds") == [("bed2",)]
    client.close()


def test_a_limit_is_set_within_its_range_and_taken_back(house: PairedHouse) -> None:
    house.paired("bed2")
    client = program(house)
    key = {"do": "limit", "key": "stillness.warn_s"}
    assert asked(client, "bed2", "b1", **key, value=9000) == (True, "")
    assert "beds.bed2.rules.stillness.warn_s = 9000" in house.said("settings")
    ok, why = asked(client, "bed2", "b2", **key, value=-5)
    assert (ok, "stillness.warn_s" in why) == (False, True)
    for wrong in ("people.anna", "x", "stillness.warn_s.y", "a.b = 1\n[people]"):
        assert not asked(client, "bed2", "b3", do="limit", key=wrong, value=1)[0]
    assert asked(client, "bed2", "b4", **key, value=None) == (True, "")
    assert "stillness" not in house.said("settings")
    client.close()


def test_what_a_program_cannot_ask_is_answered_with_a_reason(house: PairedHouse) -> None:
    house.paired("bed2")
    client = program(house)
    for ident, words, part in (
        ("c1", {"do": "open the door"}, "do: one of acknowledge, snooze, cramp, limit"),
        ("c2", {"do": "snooze", "minutes": 100_000}, "minutes: a whole number 1..240"),
        ("c3", {"do": "snooze", "kind": "rain"}, "kind: one of"),
        ("c4", {"do": "limit", "key": "stillness.warn_s", "value": "x"}, "value: a number or null"),
    ):
        ok, why = asked(client, "bed2", ident, **words)
        assert (ok, why.startswith(part)) == (False, True), why
    for payload in (b"", b"x", b'{"v":1}', b'{"v":1,"id":5}', b"\xff" * 5000):
        client.publish("legwatch/v1/bed2/request", payload)
    assert asked(client, "bed2", "c5", do="cramp")[0]
    client.close()


def test_a_program_can_say_nothing_in_a_bed_s_name(house: PairedHouse) -> None:
    pi = house.paired("bed2")
    listening = Client(house.port, "bed2", password_of(pi), ca=house.ca)
    listening.answer()
    listening.subscribe("legwatch/v1/bed2/cmd")
    listening.subscribe("legwatch/v1/bed2/rules")
    client = program(house)
    password = str(client.client.password)
    topics = [f"legwatch/v1/{name}/{channel}" for name in ("bed2", USER) for channel in (
        "window", "event", "cmd", "cmd/result", "rules", "stored", "status",
    )]  # fmt: skip
    for topic in topics:
        one = Client(house.port, USER, password, ca=house.ca)
        one.answer()
        one.publish(topic, {"v": 1})
        one.close()
    time.sleep(1)
    assert house.rows("SELECT count(*) FROM quarantine") == [(0,)]
    assert [topic for topic, _ in listening.got if topic.endswith("/cmd")] == []
    assert "The program ha is let in no more" in house.said("programs", "end", "ha")
    wait_until(client.lost.is_set, "its end", 5)
    assert "No program is let in" in house.said("programs")
    client.close()
    listening.close()
