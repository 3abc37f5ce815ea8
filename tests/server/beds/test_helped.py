"""What a bedside has told by itself: it counts once, and nobody is told it twice."""

from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main
from legwatch.contract.told_at_bed import AtBed, ToldAtBed, encode_told
from legwatch.contract.topics import Channel, topic
from legwatch.events import AlertKind
from legwatch.lived import relive
from legwatch.testing import uncovering
from legwatch_server.testing import InProcessServer
from server.ward import open_ward

LEG = uncovering((40, 400))
PEOPLE: dict[str, Any] = {
    "anna": {"role": "sleeper", "channels": ["console"]},
    "bert": {"channels": ["console"]},
}
EVENT, STORED = topic("b", Channel.EVENT), topic("b", Channel.STORED)


def look(minute: float) -> dict[str, Any]:
    moves = 1 if minute % 20 < 0.1 else 0
    return {"leg_c": LEG(minute), "room_c": 18.0, "moves": moves, "in_bed": True}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people=PEOPLE)
    yield made
    made.close()


def tell(ward: InProcessServer, what: AtBed, ident: str = "t1", **more: Any) -> None:
    at_ms = more.pop("at_ms", ward.clock.now_ms)
    of_ms, level = more.get("of_ms", at_ms), more.get("level", "warning")
    told = ToldAtBed(ident, what, AlertKind.COLD, at_ms, level, of_ms)
    ward.turn([ward.message(EVENT, encode_told(told))])
    ward.settle()


def loud(ward: InProcessServer) -> list[tuple[float, str]]:
    arrived = ward.pushes.arrived
    return [(one.minute, one.push.person) for one in arrived if one.push.purpose == "loud"]


def test_it_is_stored_once_and_confirmed_each_time(ward: InProcessServer) -> None:
    ward.play("b", 5, look)
    for _ in range(3):
        tell(ward, AtBed.BUZZER)
    assert ward.broker.last(STORED)["presses"] == ["t1"]
    assert ward.rows("SELECT button, kind FROM presses") == [("buzzer", "cold")]
    assert [one.notice.reason for one in ward.notices()] == ["heard_at_bed"]
    ward.restart()
    tell(ward, AtBed.BUZZER)
    assert ward.broker.last(STORED)["presses"] == ["t1"]
    assert len(ward.notices()) == 1


def test_a_carer_hears_of_it_without_a_sound_and_the_sleeper_knows(ward: InProcessServer) -> None:
    ward.play("b", 5, look)
    tell(ward, AtBed.LAMP)
    tell(ward, AtBed.BUZZER, "t2")
    assert [(who, how) for _, who, how, _ in ward.notified()] == [("", "quiet")]
    assert [one.push.person for one in ward.pushes.arrived] == ["bert"]


def test_without_it_the_sleeper_is_told_first(ward: InProcessServer) -> None:
    ward.play("b", 69, look)
    assert loud(ward) == [(58.0, "anna"), (68.0, "bert")]


def test_who_was_told_at_the_bed_is_not_told_again_and_the_next_person_is(
    ward: InProcessServer,
) -> None:
    ward.play("b", 41, look)
    tell(ward, AtBed.BUZZER)
    ward.play("b", 28, look)
    assert loud(ward) == [(58.0, "bert")]  # the sleeper has heard it more than ten minutes ago


def test_what_was_only_lit_is_told_with_a_sound(ward: InProcessServer) -> None:
    ward.play("b", 41, look)
    tell(ward, AtBed.LAMP)
    ward.play_until_loud("b", look)
    assert loud(ward)[0][1] == "anna"
    assert not [one for one in ward.pushes.arrived if one.push.purpose == "quiet"]


def test_an_answer_at_the_bed_counts_for_the_alert_that_is_found_later(
    ward: InProcessServer,
) -> None:
    ward.play("b", 41, look)
    tell(ward, AtBed.BUZZER)
    tell(ward, AtBed.ANSWERED, "t2")
    ward.play("b", 12, look)
    assert ward.transitions()[2:4] == ["fired", "acknowledged"]
    assert loud(ward) == []


def test_an_answer_that_comes_after_the_alert_counts_too(ward: InProcessServer) -> None:
    ward.play_until_loud("b", look)
    at_ms = ward.clock.now_ms - 15 * 60_000
    tell(ward, AtBed.BUZZER, at_ms=at_ms)
    tell(ward, AtBed.ANSWERED, "t2", at_ms=at_ms)
    assert ward.transitions()[-1] == "acknowledged"
    assert ward.unit.beds["b"].state.bed.alerts.cold.acknowledged


def test_after_its_end_at_the_bed_the_next_alert_is_told_to_all(ward: InProcessServer) -> None:
    ward.play("b", 35, look)
    for number, what in enumerate((AtBed.BUZZER, AtBed.ANSWERED, AtBed.OVER)):
        tell(ward, what, f"t{number}")
    ward.play_until_loud("b", look)
    assert loud(ward)[0][1] == "anna"


def test_a_sound_at_the_bed_counts_for_the_nights_budget_when_it_is_over(
    ward: InProcessServer,
) -> None:
    ward.play("b", 35, look)
    tell(ward, AtBed.BUZZER, of_ms=1)
    assert ward.unit.beds["b"].state.bed.budget.used == 0  # the same alert may still be found
    tell(ward, AtBed.OVER, "t2", of_ms=1)
    tell(ward, AtBed.OVER, "t3", of_ms=1)
    assert ward.unit.beds["b"].state.bed.budget.used == 1
    ward.play("b", 24, look)
    assert loud(ward) == []  # less than an hour later
    with ward.store.reader() as reader:
        ((ident, _),) = reader.beds("b")
        found = reader.lived(ident, "b", date(2026, 1, 2), UTC)
    assert [one.notice for one in found.given] == list(relive(found))


def test_a_new_start_of_the_server_plans_no_second_push_for_who_knows(
    ward: InProcessServer,
) -> None:
    ward.play("b", 41, look)
    tell(ward, AtBed.BUZZER)
    ward.play("b", 20, look)
    assert [who for _, who in loud(ward)] == ["bert"]
    ward.restart()
    ward.settle()
    assert [who for _, who in loud(ward)] == ["bert"]


def test_the_record_of_the_night_says_it(
    ward: InProcessServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ward.play("b", 5, look)
    tell(ward, AtBed.LAMP)
    tell(ward, AtBed.BUZZER, "t2")
    tell(ward, AtBed.ANSWERED, "t3")
    config = tmp_path / "server.toml"
    config.write_text(f'state_dir = "{tmp_path}"\nzone = "UTC"\n')
    assert main(["alerts", "--config", str(config), "--night", "2026-01-02"]) == 0
    said = capsys.readouterr().out
    assert "report: The bedside has lit its lamp by itself" in said
    assert "report: The bedside has told the sleeper by itself" in said
    assert "report: Answered at the bed" in said
    assert "told nobody" not in said
    ident = ward.rows("SELECT min(id) FROM notices")[0][0]
    assert main(["alerts", "--config", str(config), "explain", str(ident)]) == 0
    assert "the server was silent" in capsys.readouterr().out


def test_the_night_is_replayed_as_it_was_lived(ward: InProcessServer) -> None:
    ward.play("b", 41, look)
    tell(ward, AtBed.BUZZER)
    tell(ward, AtBed.ANSWERED, "t2")
    ward.play("b", 12, look)
    with ward.store.reader() as reader:
        ((ident, _),) = reader.beds("b")
        found = reader.lived(ident, "b", date(2026, 1, 2), UTC)
    assert [one.notice for one in found.given] == list(relive(found))
    assert {"heard_at_bed", "by_person"} <= {one.notice.reason for one in found.given}


def test_of_a_resting_bed_it_is_only_confirmed(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people=PEOPLE, beds={"b": {"ended": True}})
    tell(ward, AtBed.BUZZER)
    stored = [one.payload for one in ward.broker.published if one.topic == STORED]
    assert b'"t1"' in stored[0]
    assert ward.notices() == []
    ward.close()
