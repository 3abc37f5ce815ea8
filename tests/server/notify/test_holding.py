"""What is bad and gives data again may soon be well: the next person is not woken meanwhile."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.testing import uncovering
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import PEOPLE
from server.ward import MINUTE_MS, open_ward

BERT, CLEO = PEOPLE["bert"], PEOPLE["cleo"]


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    rules = {"stillness.joint_s": 0, "health.agent_s": 600, "health.alert_s": 480}
    made = open_ward(tmp_path, people={"bert": BERT, "cleo": CLEO}, rules=rules)
    yield made
    made.close()


def look(leg: Callable[[float], bool] = lambda _m: True) -> Callable[[float], dict[str, Any]]:
    """Return a sleeper who turns; `leg`: whether the thermometer gives a reading."""

    def seen(minute: float) -> dict[str, Any]:
        c = 31.0 + int(minute) % 3 / 10 if leg(minute) else None
        return {"leg_c": c, "moves": int(minute % 10 < 0.2), "in_bed": True, "age_ms": 0}

    return seen


def silent(ward: InProcessServer, minutes: int) -> None:
    """Let time pass without a window; the agent goes on where it would be."""
    for _ in range(minutes):
        ward.run_to(ward.timeline.now_ms() + MINUTE_MS)
        ward.turn()
        ward.settle()


def woken(ward: InProcessServer) -> list[tuple[float, str]]:
    return [(minute, person) for minute, person, _, _ in ward.notified("loud")]


def test_a_bedside_that_sends_again_wakes_nobody_more(ward: InProcessServer) -> None:
    ward.play("b", 60, look())
    silent(ward, 12)
    ((first, _),) = woken(ward)
    ward.play("b", 30, look())
    assert woken(ward) == [(first, "bert")]
    ((over, *_),) = ward.notified("info")
    assert over > first + 10  # when the next person would have been woken


def test_one_that_is_silent_again_wakes_the_next_one_step_later(ward: InProcessServer) -> None:
    ward.play("b", 60, look())
    silent(ward, 12)
    ward.play("b", 4, look())
    silent(ward, 40)
    (_, _), (second, who) = woken(ward)
    assert who == "cleo"
    assert 64 + 12 + 10 <= second <= 64 + 12 + 22


def test_a_thermometer_that_reads_again_wakes_nobody_more(ward: InProcessServer) -> None:
    ward.play("b", 90, look(lambda m: not 60 <= m < 72))
    ((first, _),) = woken(ward)
    assert 67 <= first <= 70
    (over, *_) = [minute for minute, *_ in ward.notified("info")]
    assert over > first + 10


def test_what_never_becomes_well_is_told_to_the_next_person_all_the_same(
    ward: InProcessServer,
) -> None:
    ward.play("b", 60, look())
    for _ in range(12):
        silent(ward, 8)
        ward.play("b", 3, look())
    assert {who for _, who in woken(ward)} == {"bert", "cleo"}


def test_while_the_legs_become_warm_nobody_more_is_woken(tmp_path: Path) -> None:
    rules = {"stillness.joint_s": 0, "alerts.wait_s": 0}
    ward = open_ward(tmp_path, people={"bert": BERT, "cleo": CLEO}, rules=rules)
    leg = uncovering((100, 112))
    ward.play("b", 180, lambda m: look()(m) | {"leg_c": leg(m)})
    ((first, who),) = woken(ward)
    assert who == "bert"
    warming, over = [(at, what) for at, _, _, what in ward.notified("info")]
    assert (warming[1], over[1]) == ("warming", "resolved")
    assert warming[0] < first + 10 <= over[0]  # when the next person would have been woken
    ward.close()


def test_a_sensor_whose_bedside_dies_gives_no_data_again(ward: InProcessServer) -> None:
    ward.play("b", 69, look(lambda m: m < 60))
    ((first, _),) = woken(ward)
    silent(ward, 9)  # the bedside is not told of yet
    assert not ward.rows("SELECT 1 FROM steps WHERE reason LIKE 'later: it%'")
    silent(ward, 3)
    assert (first + 10, "cleo") in woken(ward)


def test_one_whose_bedside_was_away_meanwhile_wakes_nobody_once_both_are_back(
    ward: InProcessServer,
) -> None:
    ward.play("b", 69, look(lambda m: m < 60))
    ((first, who),) = woken(ward)
    silent(ward, 7)
    ward.play("b", 40, look())
    assert woken(ward) == [(first, who)]
