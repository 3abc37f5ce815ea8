"""The notes of a night: who gets which, how they stand in the record, and that none is answered."""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

import pytest
from tomlkit import dumps as dump

from legwatch.__main__ import main
from legwatch.contract.action import Action
from legwatch.testing import wobbling
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import ActionRequested, Outcome
from legwatch_server.testing import InProcessServer
from server.ward import open_ward

PEOPLE = {
    "anna": {"role": "sleeper", "channels": ["phone"], "address": {"phone": "anna"}},
    "bert": {"channels": ["phone"], "address": {"phone": "bert"}},
}
IN_MIN, UP_MIN, END_MIN = 45, 450, 495  # from 21 h on: in bed 21:45, up 4:30
WARM, EMPTY = wobbling(31), wobbling(15)


def sweating(minute: float) -> dict[str, Any]:
    """A cold room, and a sleeper who sweats for two hours and gets up at half past four."""
    there, damp = IN_MIN <= minute < UP_MIN, 90 <= minute < 210
    return {
        "leg_c": (WARM if there else EMPTY)(minute),
        "leg_rh": 78.0 if damp else 45.0,
        "room_c": 15.0,
        "room_rh": 50.0,
        "moves": 6 if there and minute % 15 < 0.2 else 0,
        "in_bed": there,
        "age_ms": 0,
    }


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path_factory.mktemp("notes"), people=PEOPLE)
    made.play("b", END_MIN, sweating)
    yield made
    made.close()


def ident(ward: InProcessServer, kind: str) -> int:
    ((found,),) = ward.rows(f"SELECT id FROM notices WHERE kind='{kind}'")
    return int(found)


def said(capsys: pytest.CaptureFixture[str], ward: InProcessServer, *words: str) -> Namespace:
    """Run `legwatch alerts` on the ward's record; return its exit code and what it printed."""
    people = {name: {**person, "channels": ["console"]} for name, person in PEOPLE.items()}
    for person in people.values():
        person.pop("address")
    path = ward.path.parent.parent / "server.toml"
    path.write_text(dump({"state_dir": str(ward.path.parent), "zone": "UTC", "people": people}))
    code = main(["alerts", "--config", str(path), *words])
    return Namespace(code=code, text="".join(capsys.readouterr()))


def test_the_sleeper_alone_gets_the_damp_bed_without_a_sound_in_the_morning(
    ward: InProcessServer,
) -> None:
    (push,) = [entry for entry in ward.notified() if entry[3] == "reported"]
    minute, person, purpose, _ = push
    assert (person, purpose) == ("anna", "quiet")
    assert minute >= UP_MIN + 30


def test_the_cold_room_is_only_in_the_record(ward: InProcessServer) -> None:
    room = ident(ward, "room")
    assert ward.rows(f"SELECT count(*) FROM deliveries WHERE notice_id={room}") == [(0,)]


def test_the_list_and_the_explanation_say_both_in_plain_words(
    ward: InProcessServer, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = said(capsys, ward, "--night", "2026-01-02").text
    assert "note: Cold before bed: 15.0 °C  [told nobody: log_only]" in listed
    assert "note: The bed was damp: 2 h" in listed
    damp = said(capsys, ward, "explain", str(ident(ward, "damp"))).text
    assert "Said: The air in your bed was damp for 2 h" in damp
    assert "Rule: damp.note_s = 3600" in damp
    assert "usual_kpa" in damp
    room = said(capsys, ward, "explain", str(ident(ward, "room"))).text
    assert "Said: The room is 15.0 °C. Warm it or take a warmer cover before you go to bed." in room
    assert "WHO" in room


@pytest.mark.parametrize("kind", ["damp", "room"])
def test_nobody_can_answer_a_note(
    ward: InProcessServer, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    refused = said(capsys, ward, "seen", str(ident(ward, kind)))
    assert refused.code == 2
    assert "is a note, which makes no sound and needs no answer" in refused.text
    outcomes: list[Outcome] = []
    claims = LinkClaims(TargetKind.NOTICE, ident(ward, kind), Action.SEEN, 0, 0)
    ward.turn(
        [ActionRequested(claims, b"seen" + kind.encode(), "x", ward.clock.now_ms, outcomes.append)]
    )
    assert outcomes == [Outcome.GONE]
