"""An empty bed at night: only carers who ask for it are told, with a sound, and of the return."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
from legwatch.contract.action import Action
from legwatch.errors import SettingsError
from legwatch.settings import load
from legwatch.testing import wobbling
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import ActionRequested, Outcome
from legwatch_server.notify.channels import Retryable
from legwatch_server.notify.known_beds import doubts
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer
from server.ward import open_ward, press

PHONE: dict[str, Any] = {"channels": ["phone"]}
ANNA = PHONE | {"role": "sleeper", "address": {"phone": "anna"}}
BERT = PHONE | {"address": {"phone": "bert"}, "out_of_bed": True}
CLEO = PHONE | {"address": {"phone": "cleo"}}
DORA = PHONE | {"address": {"phone": "dora"}, "out_of_bed": True, "language": "de"}
ELSE = PHONE | {"address": {"phone": "else"}, "out_of_bed": True, "beds": ["other"]}
PEOPLE = {"anna": ANNA, "bert": BERT, "cleo": CLEO, "else": ELSE}
UP_MIN, BACK_MIN, END_MIN = 120, 155, 175  # from 21 h on
OUT = ("reported", "resolved")
Open = Callable[..., InProcessServer]
WARM = wobbling(31)


def leaves(up: float = UP_MIN, back: float = BACK_MIN) -> Callable[[float], dict[str, Any]]:
    """Return a warm sleeper with a mat who is away for half an hour."""

    def readings(minute: float) -> dict[str, Any]:
        there = not up <= minute < back
        turns = there and minute % 12 < 0.2
        air = {"leg_c": WARM(minute) if there else 24.0 + minute % 3 / 10, "room_c": 20.0}
        return air | {"in_bed": there, "moves": 3 if turns else 0, "age_ms": 0}

    return readings


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    made: list[InProcessServer] = []

    def make(**table: Any) -> InProcessServer:
        made.append(open_ward(tmp_path, **({"people": PEOPLE} | table)))
        return made[0]

    yield make
    for one in made:
        one.close()


def told(ward: InProcessServer) -> list[tuple[str, str, str]]:
    """Return (person, purpose, transition) of the pushes on it."""
    return [(to, tone, what) for _, to, tone, what in ward.notified() if what in OUT]


def said(capsys: pytest.CaptureFixture[str], ward: InProcessServer, *words: str) -> Namespace:
    """Run a command on the ward's record; return its exit code and what it printed."""
    people = {name: {**person, "channels": ["console"]} for name, person in PEOPLE.items()}
    for person in people.values():
        person.pop("address")
    path = ward.path.parent.parent / "server.toml"
    path.write_text(dumps({"state_dir": str(ward.path.parent), "zone": "UTC", "people": people}))
    code = main([words[0], "--config", str(path), *words[1:]])
    return Namespace(code=code, text="".join(capsys.readouterr()))


def test_who_asks_is_told_with_a_sound_and_of_the_return_without(opened: Open) -> None:
    ward = opened()
    ward.play("b", END_MIN, leaves())
    assert told(ward) == [("bert", "loud", "reported"), ("bert", "info", "resolved")]
    out, back = (got.push for got in ward.pushes.arrived)
    assert (out.title, out.clock) == ("Out of bed: 20 min", "23:20")
    assert out.text == (
        "The bed has been empty for 20 min, as the bed occupancy sensor tells."
        " Look whether help is needed."
    )
    assert (out.severity.value, out.buttons, out.page) == ("warning", (), "")
    assert back.title == "Back in bed"
    assert back.thread == out.thread
    assert [to for _, to in ward.channels["phone"].withdrawn] == ["bert"]


def test_with_nobody_who_asks_it_is_only_in_the_record(
    opened: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    ward = opened(people={"anna": ANNA, "cleo": CLEO})
    ward.play("b", END_MIN, leaves())
    assert ward.notified() == []
    listed = said(capsys, ward, "alerts", "--night", "2026-01-02").text
    assert "note: Out of bed: 20 min  [told nobody: nobody has asked for it]" in listed


def test_nobody_is_told_on(opened: Open) -> None:
    ward = opened()
    ward.play("b", 300, leaves(UP_MIN, 280))
    assert [who for who, _, _ in told(ward)] == ["bert", "bert"], "not repeated, not told on"


def test_a_short_absence_is_no_news(opened: Open) -> None:
    ward = opened()
    ward.play("b", END_MIN, leaves(UP_MIN, UP_MIN + 17))
    assert ward.notified() == []


@pytest.mark.parametrize(
    ("shift", "names"),
    [(["cleo", "dora"], ["dora"]), (["cleo"], ["bert", "dora"]), (["bert"], ["bert"])],
)
def test_on_duty_counts_if_somebody_there_asks(
    opened: Open, shift: list[str], names: list[str]
) -> None:
    ward = opened(people={**PEOPLE, "dora": DORA}, roster=[{"people": shift}])
    ward.play("b", END_MIN, leaves())
    assert sorted(who for who, tone, _ in told(ward) if tone == "loud") == names


def test_in_german(opened: Open) -> None:
    ward = opened(people={"anna": ANNA, "dora": DORA})
    ward.play("b", END_MIN, leaves())
    out, back = (got.push for got in ward.pushes.arrived)
    assert (out.title, back.title) == ("Nicht im Bett: 20 min", "Wieder im Bett")
    assert out.text.endswith("Bitte nachsehen, ob Hilfe nötig ist.")


def test_it_comes_in_the_first_week_and_in_quiet_that_was_asked_for(opened: Open) -> None:
    ward = opened(rules={"alerts.learn_nights": 7})
    ward.play("b", UP_MIN - 5, leaves())
    claims = LinkClaims(TargetKind.BED, 1, Action.SNOOZE, 60, 0)
    ward.turn([ActionRequested(claims, b"q", "x", ward.clock.now_ms, lambda _: None)])
    press(ward)
    ward.play("b", END_MIN - UP_MIN + 5, leaves())
    assert told(ward) == [("bert", "loud", "reported"), ("bert", "info", "resolved")]
    assert "First week" not in ward.pushes.arrived[0].push.text


def test_nobody_can_answer_it(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    ward = opened()
    ward.play("b", END_MIN, leaves())
    ((ident,),) = ward.rows("SELECT id FROM notices WHERE kind='out' AND what='reported'")
    refused = said(capsys, ward, "alerts", "seen", str(ident))
    assert refused.code == 2
    assert "is a note, which needs no answer" in refused.text
    outcomes: list[Outcome] = []
    claims = LinkClaims(TargetKind.NOTICE, ident, Action.SEEN, 0, 0)
    ward.turn([ActionRequested(claims, b"seen", "x", ward.clock.now_ms, outcomes.append)])
    assert outcomes == [Outcome.GONE]
    explained = said(capsys, ward, "alerts", "explain", str(ident)).text
    assert "Rule: out.after_s = 1200" in explained
    assert "bert/phone (loud)" in explained
    assert "It was over at" in explained


def test_a_push_that_waits_survives_a_start_and_new_settings(opened: Open) -> None:
    ward = opened()
    ward.channels["phone"].always = Retryable("no network")
    ward.play("b", UP_MIN + 25, leaves())
    waits = "SELECT person, state FROM deliveries"
    before = ward.rows(waits)
    assert [who for who, _ in before] == ["bert"]
    ward.restart()
    assert [who for who, _ in ward.rows(waits)] == ["bert"]


def test_a_sleeper_cannot_ask_for_it(opened: Open) -> None:
    with pytest.raises(SettingsError, match="only a carer can be told"):
        opened(people={"anna": ANNA | {"out_of_bed": True}})


def test_duty_says_who_is_told(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    ward = opened()
    ward.play("b", 5, leaves())
    assert "b: empty for 20 min at night: told bert" in said(capsys, ward, "duty").text


def test_of_a_paused_bed_nothing_is_told(opened: Open) -> None:
    ward = opened(beds={"b": {"paused_until": date(2026, 1, 10)}})
    ward.play("b", END_MIN, leaves())
    assert ward.rows("SELECT count(*) FROM notices") == [(0,)]


def test_a_limit_that_is_off_makes_the_wish_doubtful() -> None:
    table = {"zone": "UTC", "people": PEOPLE, "rules": {"out.after_s": 0}}
    words = "nothing is told of an empty bed: out.after_s is 0"
    doubted = list(doubts(load(ServerSettings, table), ["b", "other"]))
    assert doubted == [f"people.{name}.out_of_bed: {words}" for name in ("bert", "else")]
    assert list(doubts(load(ServerSettings, table | {"rules": {}}), ["b", "other"])) == []
