"""What comes too late to matter is not said, and no newer word is lost by an older one's recall."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.testing import uncovering
from legwatch_server.notify.channels import Push, Retryable, Sent
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import BERT, cold, well
from server.ward import BEGIN, MINUTE_MS, open_ward, seen

OWN: dict[str, Any] = {"stillness.joint_s": 0, "alerts.wait_s": 0}
AWAY = Retryable("no internet")


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    rules = OWN | {"alerts.rearm_s": 600, "alerts.budget_gap_s": 600}
    made = open_ward(tmp_path, people={"bert": BERT}, rules=rules)
    yield made
    made.close()


def twice(minute: float) -> dict[str, Any]:
    """Cold legs from 100 to 135, and colder ones from 160."""
    first, second = (
        uncovering((100, 135), uncovered_c=25.4),
        uncovering((160, 300), uncovered_c=23.0),
    )
    turns = well(minute)["moves"] if minute < 95 or 137 < minute < 157 else 0
    return well(minute) | {
        "leg_c": first(minute) if minute < 158 else second(minute),
        "moves": turns,
    }


def test_that_one_alert_is_over_is_not_said_after_the_next_has_begun(ward: InProcessServer) -> None:
    ward.play_until_loud("b", twice)
    ward.channels["phone"].always = AWAY
    while ward.transitions().count("fired") < 2:
        ward.play("b", 1, twice)
    ward.channels["phone"].always = None
    ward.play("b", 6, twice)
    arrived = [got.push.transition.value for got in ward.pushes.arrived][1:]
    assert arrived == ["fired", "reported"]  # the last says that nobody could be reached


@pytest.mark.parametrize(("minutes", "said"), [(25, ["resolved"]), (35, [])])
def test_that_it_is_over_is_said_within_half_an_hour_or_not_at_all(
    ward: InProcessServer, minutes: int, said: list[str]
) -> None:
    ward.play_until_loud("b", cold)
    while "resolved" not in ward.transitions():
        ward.channels["phone"].always = AWAY
        ward.run_to(ward.clock.now_ms + MINUTE_MS)
        ward.feed("b", int(ward.minute) - 1, cold)
    ended_ms = ward.clock.now_ms
    ward.run_to(ended_ms + minutes * MINUTE_MS)
    ward.channels["phone"].always = None
    ward.run_to(ended_ms + (minutes + 6) * MINUTE_MS)
    assert [what for _, _, _, what in ward.notified("info")] == said
    late = ward.rows("SELECT error FROM deliveries WHERE tone='info' AND state='withdrawn'")
    warming = ("a newer word replaces it",)
    assert late == [warming, *([] if said else [("too late to matter",)])]


def test_nobody_is_asked_at_three_whether_they_can_be_woken(tmp_path: Path) -> None:
    evening = {"at": "21:05", "confirm": "fri"}
    ward = open_ward(tmp_path, people={"bert": BERT}, rules=OWN, rehearsal=evening)
    ward.channels["phone"].always = AWAY
    ward.run_to(BEGIN + 6 * MINUTE_MS)
    ward.run_to(BEGIN + 360 * MINUTE_MS)
    ward.channels["phone"].always = None
    ward.run_to(BEGIN + 380 * MINUTE_MS)
    assert ward.notified() == []
    late = ward.rows("SELECT DISTINCT state, error FROM deliveries")
    assert late == [("withdrawn", "too late to matter")]
    ward.close()


def test_a_late_recall_does_not_take_the_word_that_it_is_over_off_the_phone(
    ward: InProcessServer,
) -> None:
    channel, log = ward.channels["phone"], list[str]()
    real = channel.send

    def send(push: Push) -> Sent:
        log.append(push.purpose.value)
        return real(push)

    def withdraw(push: Push, receipt: str) -> None:
        del push, receipt
        log.append("recall")
        if log.count("recall") == 1:
            raise Retryable("a moment")

    channel.send = send  # type: ignore[method-assign]
    channel.withdraw = withdraw  # type: ignore[method-assign]
    ward.play_until_loud("b", cold)
    seen(ward)
    ward.play("b", 5, cold)
    assert log == ["loud", "recall", "info"]
