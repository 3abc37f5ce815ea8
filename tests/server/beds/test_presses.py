"""The button at the bedside: it answers what had begun when it was pressed, and once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.testing import WINDOW_MS, live_window
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import PEOPLE, cold
from server.ward import BEGIN, MINUTE_MS, open_ward, press

OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people=PEOPLE, rules=OWN)
    yield made
    made.close()


@pytest.mark.parametrize("button", ["ack", "not_useful", "snooze"])
def test_a_press_made_before_the_alert_does_nothing(ward: InProcessServer, button: str) -> None:
    ward.play_until_loud("b", cold)
    before = ward.transitions()
    # Two hours old, and sent now: the agent kept it while the broker was away.
    press(ward, button=button, at_ms=BEGIN, minutes=240)
    assert ward.transitions() == before
    ward.play("b", 11, cold)
    assert [who for _, who, _, _ in ward.notified("loud")] == ["anna", "bert"]


@pytest.mark.parametrize(("button", "what"), [("ack", "acknowledged"), ("snooze", "snoozed")])
def test_a_press_made_since_the_alert_answers_it(
    ward: InProcessServer, button: str, what: str
) -> None:
    ward.play_until_loud("b", cold)
    ward.play("b", 2, cold)
    press(ward, button=button, at_ms=ward.clock.now_ms - MINUTE_MS)
    assert ward.transitions()[-1] == what
    assert ward.transitions("still") == []  # which did not stand


def test_the_button_answers_that_a_sensor_cannot_be_seen(ward: InProcessServer) -> None:
    def no_leg(minute: float) -> dict[str, Any]:
        return cold(5) | ({} if minute < 20 else {"leg_c": None})

    while not ward.notified("loud"):
        ward.play("b", 1, no_leg)
    press(ward, button="snooze", minutes=60)
    assert ward.transitions("sensor") == ["fired", "snoozed"]
    ward.play("b", 45, no_leg)
    assert [who for _, who, _, _ in ward.notified("loud")] == ["anna"]
    ward.play("b", 40, no_leg)  # quiet is over, and nothing has changed: somebody must hear it
    assert [who for _, who, _, _ in ward.notified("loud")][1:2] == ["anna"]


def test_a_press_that_is_sent_again_does_not_answer_the_next_alert(ward: InProcessServer) -> None:
    """A Pi whose clock is not set: the second sending looks as young as the first."""
    ward.play("b", 5, cold)
    press(ward, clock="unsynced")
    ward.play_until_loud("b", cold)
    press(ward, clock="unsynced")
    assert "acknowledged" not in ward.transitions()
    ward.close()
    ward.start()
    press(ward, clock="unsynced")
    assert "acknowledged" not in ward.transitions()
    assert ward.rows("SELECT count(*) FROM presses") == [(1,)]


@pytest.mark.parametrize(("clock", "at_ms"), [("unsynced", BEGIN), ("synced", 5)])
def test_without_a_clock_a_press_is_as_old_as_it_waited(
    ward: InProcessServer, clock: str, at_ms: int
) -> None:
    ward.play_until_loud("b", cold)
    press(ward, "old", clock=clock, at_ms=at_ms, age_ms=100 * MINUTE_MS)
    assert "acknowledged" not in ward.transitions()
    press(ward, "new", clock=clock, at_ms=at_ms, age_ms=0)
    assert "acknowledged" in ward.transitions()


def test_a_press_counts_when_it_was_made_if_the_agents_clock_is_an_hour_behind(
    ward: InProcessServer,
) -> None:
    ward.play_until_loud("b", cold)
    behind_ms = 60 * MINUTE_MS
    for seq in range(1, 4):  # of a new start, as they are measured
        ward.clock.advance(WINDOW_MS)
        own_ms, up_ms = ward.clock.now_ms - behind_ms, MINUTE_MS + seq * WINDOW_MS
        fields = {**cold(30 * 60), "boot": "0000000b", "mono_ms": up_ms}
        window = encode_window(live_window(seq, own_ms, **fields))
        ward.turn([ward.message(topic("b", Channel.WINDOW), window)])
    press(ward, at_ms=ward.clock.now_ms - behind_ms)
    assert ward.transitions()[-1] == "acknowledged"
