"""The first nights of a bed: what would sound is shown without a sound, to who would hear it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason
from legwatch.contract.action import Action
from legwatch.oncall.escalation import Purpose
from legwatch.testing import uncovering
from legwatch.text.message import text
from legwatch_runtime.catalogue import language_named
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.notify.channels import Retryable
from legwatch_server.store.changes import Insert, Supersede, Withdraw
from legwatch_server.store.delivery import DeliveryState
from legwatch_server.testing import InProcessServer
from legwatch_server.testing.fakes import ArrivedPush
from server.notify.plans import NOW, new, planner, row
from server.ward import open_ward, press

ANNA: dict[str, Any] = {
    "role": "sleeper",
    "channels": ["phone"],
    "quiet": ["lamp"],
    "address": {"phone": "anna"},
}
BERT: dict[str, Any] = {"channels": ["phone"], "address": {"phone": "bert"}, "language": "de"}
CLEO: dict[str, Any] = {"channels": ["phone"], "address": {"phone": "cleo"}}
PEOPLE = {"anna": ANNA, "bert": BERT, "cleo": CLEO}
ROSTER = [{"people": ["bert", "cleo"]}]
WEEK: dict[str, Any] = {"alerts.learn_nights": 7, "stillness.joint_s": 0}
Open = Callable[..., InProcessServer]


@pytest.fixture
def week(tmp_path: Path) -> Iterator[Open]:
    made: list[InProcessServer] = []

    def make(**rules: Any) -> InProcessServer:
        own = {"people": PEOPLE, "roster": ROSTER, "rules": {**WEEK, **rules}}
        made.append(open_ward(tmp_path, **own))
        return made[0]

    yield make
    for one in made:
        one.close()


def bare(uncovered_c: float = 25.4) -> Callable[[float], dict[str, Any]]:
    """Return a sleeper with bare legs for two hours, whom nobody answers for."""
    leg = uncovering((100, 220), uncovered_c=uncovered_c)
    return lambda minute: {
        "leg_c": leg(minute),
        "room_c": 16.0,
        "moves": int(minute % 10 < 0.2),
        "in_bed": True,
    }


def shown(ward: InProcessServer) -> list[ArrivedPush]:
    return [got for got in ward.pushes.arrived if got.push.purpose is Purpose.QUIET]


def test_the_sleeper_and_the_first_on_duty_are_shown_it_without_a_sound(week: Open) -> None:
    ward = week()
    ward.play("b", 200, bare())
    assert [(one.channel, one.push.to) for one in shown(ward)] == [
        ("phone", "anna"),
        ("phone", "bert"),
        ("lamp", ""),
    ], "nobody after them, and once; the lamp goes on as it did for the early sign"
    own, theirs, _ = (one.push for one in shown(ward))
    assert own.text.startswith("First week: I only show what I would say. The air by your legs")
    assert theirs.text.startswith("Erste Woche: Ich zeige nur, was ich sagen würde.")
    assert (own.title, own.buttons, own.page) == ("Your legs may be cold", (), "")
    assert ward.notified("loud", "info") == []
    waits = "SELECT person FROM deliveries WHERE state IN ('decided', 'claimed')"
    assert ward.rows(waits) == []


def test_what_is_over_leaves_the_phone_and_nobody_is_told(week: Open) -> None:
    ward = week()
    ward.play("b", 280, bare())
    assert ward.transitions()[-1] == "resolved"
    assert sorted(to for _, to in ward.channels["phone"].withdrawn) == ["anna", "bert"]
    assert ward.notified("loud", "info") == []


def test_an_answer_takes_it_back(week: Open) -> None:
    ward = week()
    ward.play("b", 150, bare())
    press(ward)
    assert sorted(to for _, to in ward.channels["phone"].withdrawn) == ["anna", "bert"]
    assert ward.notified("info") == []


@pytest.mark.parametrize("urgent", [0, 1])
def test_urgent_cold_sounds_only_where_the_owner_wants_it(week: Open, urgent: int) -> None:
    ward = week(**{"alerts.learn_urgent": urgent})
    ward.play("b", 215, bare(18.0))
    assert [what for _, _, _, what in ward.notified("quiet")][:2] == ["fired", "fired"]
    loud = [to for _, to, _, _ in ward.notified("loud")]
    assert loud[:2] == (["bert", "cleo"] if urgent else [])
    raised = [one.push for one in shown(ward) if one.push.transition == "raised"]
    assert [push.to for push in raised] == ([] if urgent else ["anna", "bert", ""])
    assert all(push.text.startswith(("First week", "Erste Woche")) for push in raised)


QUIET = [
    (0, "In the first nights alerts on cold and lying still make no sound, urgent or not."),
    (1, "Of cold and lying still only urgent cold sounds in the first nights."),
]


@pytest.mark.parametrize(("urgent", "sentence"), QUIET)
def test_quiet_promises_no_sound_that_the_first_nights_do_not_make(
    week: Open, urgent: int, sentence: str
) -> None:
    ward = week(**{"alerts.learn_urgent": urgent})
    ward.play("b", 130, bare())
    press(ward, button="snooze", minutes=30)
    (quiet,) = (n.notice for n in ward.notices() if n.notice.reason is Reason.WARNINGS_ONLY)
    assert text(quiet) == f"Quiet for 30 min. {sentence}"
    german = text(quiet, language_named("de"))
    assert german.startswith("30 min Ruhe. ")
    assert sentence not in german


def test_who_was_woken_by_urgent_cold_hears_what_still_sounds(week: Open) -> None:
    ward = week(**{"alerts.learn_urgent": 1})
    while not ward.notified("loud"):
        ward.play("b", 1, bare(18.0))
        assert ward.minute < 240
    ward.play("b", 8, bare())  # it is a warning again, so that quiet for warnings is an answer
    while ward.unit.beds["b"].state.bed.alerts.cold.severity == "urgent":
        ward.play("b", 1, bare(25.4))
        assert ward.minute < 300
    ward.answer(
        LinkClaims(TargetKind.BED, ward.unit.beds["b"].id, Action.SNOOZE, 30, 0), via="command line"
    )
    told = [got.push.text for got in ward.pushes.arrived if got.push.transition == "snoozed"]
    assert told
    assert all(QUIET[1][1] in one or "nur dringende Kälte" in one for one in told), told


def test_stillness_is_shown_too(week: Open) -> None:
    ward = week(**{"stillness.warn_s": 5400, "stillness.first_cycle_s": 0})
    warm = {"leg_c": 31.0, "room_c": 18.0, "in_bed": True}
    ward.play("b", 160, lambda minute: warm | {"moves": int(minute % 5 < 0.2 and minute < 30)})
    assert [(one.push.to, one.push.title) for one in shown(ward)] == [
        ("anna", "You have lain still for a long time"),
        ("bert", "Lange nicht umgedreht"),
    ]


def test_after_these_nights_no_push_is_marked(week: Open) -> None:
    ward = week(**{"alerts.learn_nights": 0})
    ward.play_until_loud("b", bare())
    assert not any("First week" in one.push.text for one in ward.pushes.arrived)


def test_who_restarts_or_reloads_wakes_nobody_by_it(week: Open) -> None:
    ward = week()
    ward.play("b", 130, bare())
    ward.restart()
    ward.take_over(ward.settings)
    ward.play("b", 40, bare())
    assert len(shown(ward)) == 3
    assert ward.notified("loud") == []


def test_what_was_not_sent_yet_is_replaced_by_the_newer_word() -> None:
    waits = row(1, purpose=Purpose.QUIET, attempt=1)
    flies = row(2, "bert", purpose=Purpose.QUIET, state=DeliveryState.CLAIMED, attempt=1)
    raised = new(TransitionKind.ESCALATED, suppressed_by=SuppressedBy.TRIAL)
    changes = planner().plan(7, raised, (waits, flies), NOW)
    assert [one for one in changes if not isinstance(one, Insert)] == [
        Supersede(2),
        Withdraw(1, "a newer word replaces it"),
    ]


def test_the_commands_say_what_was_told_and_to_whom(
    week: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ward = week()
    ward.play("b", 200, bare())
    path = tmp_path / "server.toml"
    path.write_text(dumps({"state_dir": str(tmp_path), "zone": "UTC", "people": PEOPLE}))
    main(["alerts", "--config", str(path), "--night", "2026-01-02"])
    listed = capsys.readouterr().out
    assert "Legs may be cold (warning)  [told quietly: learning]" in listed
    assert re.search(r"bert/phone \(quiet\): .* sent", listed)
    main(["alerts", "--config", str(path), "explain", "1"])
    explained = capsys.readouterr().out
    assert "Nobody was woken: in the first nights of a bed its alerts make no sound." in explained


def test_a_push_that_did_not_arrive_has_told_nobody(
    week: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ward = week()
    for channel in ("phone", "lamp"):
        ward.channels[channel].always = Retryable("the service is away")
    ward.play("b", 130, bare())
    path = tmp_path / "server.toml"
    path.write_text(dumps({"state_dir": str(tmp_path), "zone": "UTC", "people": PEOPLE}))
    main(["alerts", "--config", str(path), "--night", "2026-01-02"])
    assert "(warning)  [told nobody: learning]" in capsys.readouterr().out


def test_the_lamp_that_the_sign_has_lit_shines_on_when_the_alert_takes_its_place(
    week: Open,
) -> None:
    ward = week(**{"warmth.early_s": 600})
    ward.play("b", 200, bare())
    lit = [one.push.transition for one in ward.pushes.arrived if one.channel == "lamp"]
    assert lit == ["expected", "fired"]
    assert len(ward.channels["lamp"].withdrawn) == 1, "that of the sign, and not the alert's"
    ward.play("b", 80, lambda minute: bare()(minute + 200))
    assert len(ward.channels["lamp"].withdrawn) == 2
