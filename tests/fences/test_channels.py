"""Every channel of the contract has a writer and a reader.

A reader has asked the broker for the channel, and a message makes a difference to what it keeps,
shows or says. A program outside counts as a reader only where a guide of this repository tells
people of the channel.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fences.wired_house import AGENT, BED, BOOT, SERVER, House
from fences.wiring import CHANNELS, handed_over
from repository import REPO

WRITERS = {
    "status": AGENT,
    "info": AGENT,
    "window": AGENT,
    "event": AGENT,
    "cmd/result": AGENT,
    "stored": SERVER,
    "rules": SERVER,
    "alert": SERVER,
    "state": SERVER,
    "cmd": SERVER,
}
OF_PROGRAMS = {"request"}  # nothing of ours writes it; its answer comes on cmd/result
OUTSIDE = {"alert", "state"}  # written for dashboards and home automation, not for the agent
LOST = 777


def body(**keys: Any) -> bytes:
    return json.dumps({"v": 1, **keys}).encode()


# One message a channel, to which the other side is to pay attention.
MESSAGES = {
    "status": b"offline",
    "info": body(version="0.1.0", boot=BOOT, clock="unsynced", lost=LOST),
    "window": body(
        boot="0000000f", seq=1, from_ms=1_767_392_000_000, to_ms=1_767_392_010_000, mono_ms=1,
        clock="synced", leg_c=30.0, low=1,
    ),
    "event": body(id="p-9", button="ack", at_ms=1_767_392_000_000),
    "stored": body(boot=BOOT, seq=1000, presses=["p-1"]),
    "rules": handed_over(),
    "cmd": body(id="n-9", cmd="identify"),
    "request": body(id="r-9", do="cramp"),
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    made = House(tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house whose agent had to drop windows before it found the broker."""
    made = House(tmp_path, monkeypatch, most=2)
    yield made
    made.close()


def test_the_table_names_every_channel() -> None:
    assert set(WRITERS) | OF_PROGRAMS == set(CHANNELS)
    assert set(MESSAGES) | OUTSIDE | {"cmd/result"} == set(CHANNELS)


def test_every_channel_has_its_one_writer(house: House) -> None:
    house.connect()
    house.press("p-1")
    house.measure(15, faults={"leg": "no answer"})
    house.ask()
    found: dict[str, set[str]] = {}
    for who, message in house.broker.spoken:
        name = message.topic.removeprefix(f"legwatch/v1/{BED}/")
        if message.payload:  # without one, an alert is only taken away
            found.setdefault("alert" if name.startswith("alert/") else name, set()).add(who)
    assert found == {channel: {who} for channel, who in WRITERS.items()}
    (will,) = [client.will for client in house.broker.clients if client.name == AGENT]
    assert will is not None
    assert (will.topic, will.payload, will.retain) == (
        f"legwatch/v1/{BED}/status",
        b"offline",
        True,
    )


@pytest.mark.parametrize(
    "channel",
    [
        "window",
        "event",
        "status",
        "info",
        "request",
    ],
)
def test_the_server_reads_what_the_agent_writes(channel: str, house: House) -> None:
    house.connect()
    house.measure(2)
    assert house.broker.readers(f"legwatch/v1/{BED}/{channel}") == [SERVER]
    before = house.server_knows()
    assert before == house.server_knows()
    house.publish(AGENT, channel, MESSAGES[channel])
    assert house.server_knows() != before


def test_the_server_reads_the_answer_to_a_command(house: House) -> None:
    house.connect()
    assert house.broker.readers(f"legwatch/v1/{BED}/cmd/result") == [SERVER]
    assert house.ask() == "no lamp or buzzer is set up at this bed"


@pytest.mark.parametrize("channel", ["stored", "rules", "cmd"])
def test_the_agent_reads_what_the_server_writes(channel: str, house: House) -> None:
    house.away = True  # so that nothing is confirmed yet
    house.connect()
    house.measure(2)
    house.press("p-1")
    assert house.broker.readers(f"legwatch/v1/{BED}/{channel}") == [AGENT]
    before = house.agent_knows()
    house.publish(SERVER, channel, MESSAGES[channel])
    assert house.agent_knows() != before


@pytest.mark.parametrize("channel", sorted(OUTSIDE | OF_PROGRAMS))
def test_a_channel_for_programs_outside_is_in_a_guide(channel: str) -> None:
    """Only then does anybody know how to read it, and only then is it a promise."""
    guides = [REPO / "README.md", *(REPO / "docs").glob("**/*.md")]
    guides += [REPO / folder / "README.md" for folder in ("config", "deploy")]
    text = "\n".join(guide.read_text() for guide in guides)
    assert f"legwatch/v1/<bed>/{channel}" in text


def test_how_many_windows_were_lost_is_shown_to_people(full: House) -> None:
    full.measure(LOST + 2)
    full.connect()
    (info,) = [said.message for said in full.broker.spoken if said.message.topic.endswith("/info")]
    assert json.loads(info.payload)["lost"] == LOST
    pages = full.seen() + full.get("/health") + full.get("/metrics")
    assert re.search(rf"\b{LOST}(\.0)?\b", pages)
