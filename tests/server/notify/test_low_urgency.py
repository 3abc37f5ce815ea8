"""What can wait until the next evening is shown at night without a sound."""

from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
from legwatch_server.notify.channels import Permanent, Retryable
from legwatch_server.testing import InProcessServer
from server.ward import open_ward

PEOPLE: dict[str, Any] = {
    "anna": {
        "role": "sleeper",
        "channels": ["phone"],
        "quiet": ["lamp"],
        "address": {"phone": "anna"},
    },
    "bert": {"channels": ["phone"], "address": {"phone": "bert"}},
    "cleo": {"channels": ["phone"], "address": {"phone": "cleo"}},
}
ROSTER = [{"people": ["bert", "cleo"]}]


def contradicted(minute: float) -> dict[str, Any]:
    """Somebody turns in a warm bed of which the mat says that it is empty."""
    leg_c = min(31.0, 19.0 + minute / 3) + (minute % 7) * 0.06
    return {"leg_c": leg_c, "room_c": 18.0, "moves": int(minute % 15 < 0.4), "in_bed": False}


@pytest.fixture
def ward(tmp_path: Path) -> InProcessServer:
    rules = {"stillness.joint_s": 0}
    made = open_ward(tmp_path, people=PEOPLE, roster=ROSTER, rules=rules)
    made.play("b", 200, contradicted)
    return made


def test_a_mat_that_the_others_contradict_wakes_nobody(
    ward: InProcessServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ward.rows("SELECT what, held FROM notices WHERE reason='mat_disagrees'") == [
        ("fired", "quietly")
    ]
    assert [(who, tone) for _, who, tone, _ in ward.notified()] == [
        ("anna", "quiet"),
        ("bert", "quiet"),
    ], "no lamp, which cannot say it, and nobody after them"
    ward.close()
    path = tmp_path / "server.toml"
    path.write_text(dumps({"state_dir": str(tmp_path), "zone": "UTC", "people": PEOPLE}))
    main(["alerts", "--config", str(path), "--night", "2026-01-02"])
    assert "[told quietly]" in capsys.readouterr().out
    main(["alerts", "--config", str(path), "explain", "1"])
    assert "the other sensors watch on without it" in capsys.readouterr().out


def test_it_is_heard_when_the_next_night_begins(ward: InProcessServer) -> None:
    ward.play("b", 21 * 60, lambda minute: contradicted(minute + 200))
    minute, who, _, what = ward.notified("loud")[0]
    assert (who, what) == ("bert", "repeated")
    assert 23 * 60 <= minute < 23 * 60 + 5, "at 20:00, when nobody sleeps yet"
    ward.close()


# Each on a service of their own, so that one of them can refuse.
OWN: dict[str, Any] = {name: {"channels": [name]} for name in ("karl", "anna", "cleo")}


def explained(
    folder: Path, capsys: pytest.CaptureFixture[str], refuse: dict[str, Any]
) -> tuple[list[str], str]:
    """Play a contradicted mat while these refuse; return who was shown it, and what is said."""
    rules = {"stillness.joint_s": 0}
    ward = open_ward(folder, people=OWN, roster=[{"people": ["karl", "anna"]}], rules=rules)
    for name, error in refuse.items():
        ward.channels[name].always = error
    ward.play("b", 200, contradicted)
    assert {one.push.purpose.value for one in ward.pushes.tried} == {"quiet"}
    told = [one.channel for one in ward.pushes.arrived]
    ward.close()
    path = folder / "server.toml"
    path.write_text(dumps({"state_dir": str(folder), "zone": "UTC", "people": OWN}))
    capsys.readouterr()
    main(["alerts", "--config", str(path), "--night", "2026-01-02"])
    main(["alerts", "--config", str(path), "explain", "1"])
    return told, capsys.readouterr().out


NO = Permanent("403")


def test_a_push_that_is_refused_is_shown_to_the_next_on_duty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told, said = explained(tmp_path, capsys, {"karl": NO})
    assert told == ["anna"]
    assert "[told quietly]" in said
    assert "It was shown without a sound." in said


def test_nothing_is_called_shown_that_reached_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told, said = explained(tmp_path, capsys, {"karl": NO, "anna": NO})
    assert told == [], "cleo is not on duty"
    assert "[shown to nobody: the push did not get through]" in said
    assert "watch on without it.\n  It was shown to nobody: the push did not get through." in said


def test_what_is_tried_again_is_not_called_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told, said = explained(tmp_path, capsys, {"karl": Retryable("busy")})
    assert told == []
    assert "[shown to nobody yet]" in said
    assert "It has been shown to nobody yet" in said
