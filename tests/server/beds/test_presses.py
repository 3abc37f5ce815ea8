"""The button at the bedside: it answers what had begun when it was pressed, and once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.notify.test_escalation import PEOPLE, cold
from server.ward import BEGIN, MINUTE_MS, Ward

OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = Ward(tmp_path, people=PEOPLE, rules=OWN)
    yield made
    made.close()


@pytest.mark.parametrize("button", ["ack", "not_useful", "snooze"])
def test_a_press_made_before_the_alert_does_nothing(ward: Ward, button: str) -> None:
    ward.until_loud(cold)
    before = ward.whats()
    # Two hours old, and sent now: the agent kept it while the broker was away.
    ward.press(button=button, at_ms=BEGIN, minutes=240)
    assert ward.whats() == before
    ward.play(11, cold)
    assert [who for _, who, _, _ in ward.told("loud")] == ["anna", "bert"]


@pytest.mark.parametrize(("button", "what"), [("ack", "acknowledged"), ("snooze", "snoozed")])
def test_a_press_made_since_the_alert_answers_it(ward: Ward, button: str, what: str) -> None:
    ward.until_loud(cold)
    ward.play(2, cold)
    ward.press(button=button, at_ms=ward.now_ms - MINUTE_MS)
    assert ward.whats()[-1] == what
    assert ward.whats("still") == []  # which did not stand


def test_a_press_that_is_sent_again_does_not_answer_the_next_alert(ward: Ward) -> None:
    """A Pi whose clock is not set: the second sending looks as young as the first."""
    ward.play(5, cold)
    ward.press(clock="unsynced")
    ward.until_loud(cold)
    ward.press(clock="unsynced")
    assert "acknowledged" not in ward.whats()
    ward.close()
    ward.start()
    ward.press(clock="unsynced")
    assert "acknowledged" not in ward.whats()
    assert ward.rows("SELECT count(*) FROM presses") == [(1,)]


@pytest.mark.parametrize(("clock", "at_ms"), [("unsynced", BEGIN), ("synced", 5)])
def test_without_a_clock_a_press_is_as_old_as_it_waited(ward: Ward, clock: str, at_ms: int) -> None:
    ward.until_loud(cold)
    ward.press("old", clock=clock, at_ms=at_ms, age_ms=100 * MINUTE_MS)
    assert "acknowledged" not in ward.whats()
    ward.press("new", clock=clock, at_ms=at_ms, age_ms=0)
    assert "acknowledged" in ward.whats()
