"""The early sign reaches the sleeper's quiet ways, and nobody else."""

import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.contract.action import Action
from legwatch.engine import start
from legwatch.moments import shifted
from legwatch.oncall.escalation import Purpose
from legwatch.settings import load
from legwatch.testing import drive, night, uncovering
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.settings import ServerSettings
from legwatch_server.store.changes import Insert
from legwatch_server.testing import InProcessServer
from legwatch_server.testing.fakes import ArrivedPush
from repository import rules
from server.notify.plans import NOW, new, planner
from server.ward import open_ward

ANNA: dict[str, Any] = {
    "role": "sleeper",
    "channels": ["phone"],
    "quiet": ["lamp", "phone"],
    "address": {"lamp": "b", "phone": "anna"},
}
BERT: dict[str, Any] = {"channels": ["phone"], "address": {"phone": "bert"}, "quiet": ["lamp"]}
PEOPLE = {"anna": ANNA, "bert": BERT}
Look = Callable[[float], dict[str, Any]]


def bare(*minutes: tuple[float, float], mat: bool = True) -> Look:
    """Return a sleeper who turns now and then, with bare legs in these minutes."""
    leg = uncovering(*minutes, uncovered_c=24.5)

    def seen(minute: float) -> dict[str, Any]:
        turns = int(minute % 25 < 0.2)
        return {"leg_c": leg(minute), "room_c": 18.0, "moves": turns, "in_bed": mat or None}

    return seen


SHORTLY = bare((180, 185.5))  # a sign, and no alert


def signs(ward: InProcessServer) -> list[ArrivedPush]:
    return [got for got in ward.pushes.arrived if got.push.transition == "expected"]


def house(folder: Path, **more: Any) -> InProcessServer:
    own = {"warmth.early_s": 600, "stillness.joint_s": 0, **more.pop("rules", {})}
    return open_ward(folder, **{"people": PEOPLE, "rules": own, **more})


def test_the_lamp_is_lit_and_the_phone_shows_it_without_a_sound(tmp_path: Path) -> None:
    ward = house(tmp_path)
    ward.play_until_loud("b", bare((180, 290)))
    found = signs(ward)
    assert {(one.channel, one.push.to) for one in found} == {("lamp", "b"), ("phone", "anna")}
    for one in found:
        assert one.push.purpose is Purpose.QUIET
        assert one.push.title == "The cover may be off, or nobody lies there"
        assert "The air by your legs has fallen from" in one.push.text
        assert (one.push.buttons, one.push.page) == ((), ""), "it asks for no answer"
    fired, *_ = (at for at, _, what, which in ward.notified("quiet") if which == "fired")
    assert found[0].minute < fired < ward.notified("loud")[0][0]
    ward.close()


def test_the_alerts_own_push_comes_in_place_of_the_sign(tmp_path: Path) -> None:
    ward = house(tmp_path)
    ward.play_until_loud("b", bare((180, 290)))
    (fired, *_) = (at for at, *_, which in ward.notified("quiet") if which == "fired")
    for channel, to in (("lamp", "b"), ("phone", "anna")):
        assert ward.channels[channel].withdrawn == [(fired, to)], channel
    ward.close()


def test_the_sign_that_is_over_leaves_the_phone_and_the_lamp(tmp_path: Path) -> None:
    ward = house(tmp_path)
    ward.play("b", 240, SHORTLY)
    assert len(signs(ward)) == 2
    assert [n for n in ward.transitions() if n != "expected"] == []
    ((off, _),), ((gone, _),) = (ward.channels[name].withdrawn for name in ("lamp", "phone"))
    assert signs(ward)[0].minute < off == gone < 215
    assert ward.notified("loud", "info") == []
    assert ward.rows("SELECT 1 FROM deliveries WHERE state IN ('decided', 'claimed')") == []
    ward.close()


def test_the_lamp_goes_out_once_the_bed_is_known_to_be_empty(tmp_path: Path) -> None:
    ward, lies = house(tmp_path), bare((180, 290))
    ward.play("b", 186, lies)
    assert len(signs(ward)) == 2
    ward.play("b", 15, lambda minute: lies(minute) | {"in_bed": False})
    assert [to for _, to in ward.channels["lamp"].withdrawn][:1] == ["b"]
    assert ward.notified("loud") == []
    ward.close()


def test_a_clock_that_is_set_leaves_no_lamp_lit() -> None:
    """The sign is found again by its name, which no step of the clock changes."""
    limits = rules(warmth__early_s=600)
    windows = list(islice(night(leg=uncovering((180, 185.5), uncovered_c=24.5)), 186 * 6))
    state, said = drive(start(), windows, limits)
    assert state.bed.shown_ms == said[-1].episode_ms
    assert shifted(state, 3_600_000, limits).bed.shown_ms == said[-1].episode_ms


def test_a_restart_between_sign_and_end_leaves_no_lamp_lit(tmp_path: Path) -> None:
    ward = house(tmp_path)
    ward.play("b", 186, SHORTLY)
    assert signs(ward)
    ward.restart()
    ward.play("b", 40, SHORTLY)
    assert [to for _, to in ward.channels["lamp"].withdrawn] == ["b"]
    ward.close()


def test_a_bed_at_rest_has_no_sign(tmp_path: Path) -> None:
    ward = house(tmp_path)
    ward.play("b", 186, SHORTLY)
    assert signs(ward)
    ward.take_over(load(ServerSettings, {"people": PEOPLE, "beds": {"b": {"ended": True}}}))
    ward.settle()
    assert [to for _, to in ward.channels["lamp"].withdrawn] == ["b"]
    ward.close()


def test_who_wants_no_sign_gets_none_and_the_alert_all_the_same(tmp_path: Path) -> None:
    ward = house(tmp_path, people={"anna": {**ANNA, "early": False}, "bert": BERT})
    ward.play_until_loud("b", bare((180, 290)))
    assert signs(ward) == []
    assert "expected" in ward.transitions(), "the page and the record have it"
    assert ward.notified("quiet")
    ward.close()


def test_a_sign_escalates_to_nobody_and_no_carer_sees_it() -> None:
    sign = new(TransitionKind.EXPECTED, suppressed_by=SuppressedBy.EARLY_SIGN)
    changes = planner(anna=ANNA, bert=BERT).plan(7, sign, (), NOW)
    assert {(o.person, o.channel) for o in changes if isinstance(o, Insert)} == {
        ("anna", "lamp"),
        ("anna", "phone"),
    }
    assert planner(bert=BERT).plan(7, sign, (), NOW) == ()


@pytest.mark.parametrize("nights", [0, 7])
def test_the_first_week_shows_it_as_any_night_does(tmp_path: Path, nights: int) -> None:
    ward = house(tmp_path, rules={"alerts.learn_nights": nights})
    ward.play("b", 192, SHORTLY)
    assert len(signs(ward)) == 2
    ward.close()


def test_who_asked_for_quiet_is_shown_no_sign(tmp_path: Path) -> None:
    ward = house(tmp_path)
    ward.play("b", 170, SHORTLY)
    ward.answer(LinkClaims(TargetKind.BED, 1, Action.SNOOZE, 60, 0), b"q", "command line")
    ward.play("b", 30, SHORTLY)
    assert signs(ward) == []
    (sign,) = (one.notice for one in ward.notices() if one.notice.transition == "expected")
    assert sign.suppressed_by == "snoozed"
    ward.close()


def test_the_list_shows_who_was_shown_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ward = house(tmp_path)
    ward.play("b", 230, SHORTLY)
    path = tmp_path / "server.toml"
    path.write_text(dumps({"state_dir": str(tmp_path), "zone": "UTC", "people": PEOPLE}))
    assert main(["alerts", "--config", str(path), "--night", "2026-01-02"]) == 0
    listed = capsys.readouterr().out
    assert (
        "early sign: The cover may be off, or nobody lies there  [shown without a sound]" in listed
    )
    assert re.search(r"anna/lamp \(quiet\): .* sent; .* withdrawn \(taken back\)", listed)
    assert main(["alerts", "--config", str(path), "explain", "1"]) == 0
    explained = capsys.readouterr().out
    assert "At most the sleeper is shown it, by lamp or phone" in explained
    assert "anna/phone (quiet):" in explained
    ward.close()


def test_the_list_says_of_a_sign_that_nobody_wants_that_nobody_was_shown_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = {"anna": {**ANNA, "early": False}, "bert": BERT}
    ward = house(tmp_path, people=people)
    ward.play("b", 230, SHORTLY)
    path = tmp_path / "server.toml"
    path.write_text(dumps({"state_dir": str(tmp_path), "zone": "UTC", "people": people}))
    assert main(["alerts", "--config", str(path), "--night", "2026-01-02"]) == 0
    assert "nobody lies there  [shown to nobody]" in capsys.readouterr().out
    assert main(["alerts", "--config", str(path), "explain", "1"]) == 0
    assert "  It was shown to nobody.\n" in capsys.readouterr().out
    ward.close()
