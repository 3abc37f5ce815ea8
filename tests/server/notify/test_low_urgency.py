"""What can wait until the next evening is shown at night without a sound."""

from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
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
