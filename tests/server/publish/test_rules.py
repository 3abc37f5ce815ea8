"""Limits and state are handed over when they matter, and else seldom."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from legwatch import engine
from legwatch.contract.bed_rules import decode_rules
from legwatch.contract.press import Press
from legwatch.contract.topics import Channel, topic
from legwatch.engine import BedState
from legwatch.limits.rules import Rules
from legwatch.own_watch import read
from legwatch.settings import load
from legwatch.testing import drive, night, uncovering
from legwatch_runtime.profiles import judged, rules_for
from legwatch_runtime.testing import FakeClock
from legwatch_runtime.zones import zone_named
from legwatch_server.inbox import Connected
from legwatch_server.publish.port import BedUpdate, Committed
from legwatch_server.publish.rules import EVERY_S, MOST_A_S, RulesPublisher
from legwatch_server.rest import Rest
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer
from legwatch_server.testing.fakes import FakeBroker
from server.ward import open_ward

NAME = topic("b", Channel.RULES)
LEG = uncovering((60, 90))
RULES = rules_for("standard", {}, zone_named("UTC", "zone"))


def look(minute: float) -> dict[str, Any]:
    moves = 1 if minute % 20 < 0.1 else 0
    return {"leg_c": LEG(minute), "room_c": 18.0, "moves": moves, "in_bed": True}


def given(ward: InProcessServer, name: str = NAME) -> list[bytes]:
    return [one.payload for one in ward.broker.published if one.topic == name]


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path)
    yield made
    made.close()


def test_a_warm_hour_is_told_once(ward: InProcessServer) -> None:
    ward.play("b", 58, look)
    assert len(given(ward)) == 1
    assert all(one.retain for one in ward.broker.published if one.topic == NAME)


def test_what_is_told_is_what_was_committed(ward: InProcessServer) -> None:
    ward.play("b", 70, look)
    bed = ward.unit.beds["b"]
    handed = read(decode_rules(given(ward)[-1]), judged)
    assert handed.limits == bed.rules
    assert handed.state.bed.alerts == bed.state.bed.alerts
    assert handed.to_ms == engine.newest_ms(handed.state)


def test_each_step_of_an_alert_is_told_and_the_answer(ward: InProcessServer) -> None:
    ward.play("b", 58, look)
    before = len(given(ward))
    ward.play("b", 22, look)
    fired = len(given(ward)) - before
    assert 1 <= fired <= 6
    ward.press("b", Press("p1", "ack", ward.clock.now_ms))
    state = read(decode_rules(given(ward)[-1]), judged).state
    assert state.bed.alerts.cold.acknowledged


def test_new_limits_are_told_with_the_next_minute(ward: InProcessServer) -> None:
    ward.play("b", 10, look)
    before = len(given(ward))
    rules = {"alerts.learn_nights": 0, "warmth.plain_c": 26.0}
    ward.take_over(load(ServerSettings, {"zone": "UTC", "rules": rules, "rehearsal": {"at": ""}}))
    ward.play("b", 2, look)
    assert len(given(ward)) == before + 1
    assert read(decode_rules(given(ward)[-1]), judged).limits.warmth.plain_c == 26.0


def test_a_bed_at_rest_has_none(ward: InProcessServer) -> None:
    ward.play("b", 10, look)
    table = {"zone": "UTC", "rehearsal": {"at": ""}, "beds": {"b": {"ended": True}}}
    ward.take_over(load(ServerSettings, table))
    ward.turn()
    assert given(ward)[-1] == b""
    many = len(given(ward))
    ward.play("b", 5, look)
    assert len(given(ward)) == many


def test_after_a_new_connection_all_is_told_again(ward: InProcessServer) -> None:
    ward.play("b", 10, look)
    before = len(given(ward))
    ward.turn([Connected()])
    assert len(given(ward)) == before + 1


# ---- many beds


class Many:
    """A publisher of many beds, on a clock that the test moves."""

    def __init__(self, state: BedState, rules: Rules = RULES) -> None:
        self.clock, self.broker = FakeClock(), FakeBroker()
        self.publisher = RulesPublisher(self.broker, self.clock.instant)
        self.state, self.rules = state, rules

    def hear(self, beds: Sequence[str], rest: Rest = Rest.WATCHED) -> None:
        updates = [BedUpdate(bed, self.state, self.rules, (), rest) for bed in beds]
        self.publisher.hear(Committed(beds=updates))

    def second(self) -> int:
        """Let a second go by; return how many messages went."""
        before = len(self.broker.published)
        self.clock.advance(1000)
        for _ in range(4):
            self.publisher.turn()
        return len(self.broker.published) - before


@pytest.fixture(scope="module")
def state() -> BedState:
    return drive(engine.start(), night(minutes=30), RULES)[0]


def test_all_beds_at_once_wait_for_each_other(state: BedState) -> None:
    many, beds = Many(state), [f"bed-{n}" for n in range(950)]
    many.hear(beds)
    assert [many.second() for _ in range(11)] == [MOST_A_S] * 9 + [50, 0]
    assert [one.topic.split("/")[2] for one in many.broker.published] == beds


def test_then_each_is_told_once_an_hour_if_it_was_judged(state: BedState) -> None:
    many = Many(state)
    told = []
    for minute in range(int(EVERY_S / 60) * 3):
        many.clock.advance(59_000)
        if minute < 150:
            many.hear(["a", "b"])
        told.append(many.second())
    assert sum(told) == 2 * 3


def test_of_a_bed_that_waits_the_newest_is_told(state: BedState) -> None:
    many = Many(state)
    many.hear(["a"])
    many.state = state._replace(at_ms=state.at_ms + 5)
    many.hear(["a"])
    assert many.second() == 1
    assert json.loads(many.broker.published[0].payload)["state"][1][3] == state.at_ms + 5


def test_a_bed_that_rests_is_cleared_once_and_comes_back(state: BedState) -> None:
    many = Many(state)
    for rest in (Rest.WATCHED, Rest.PAUSED, Rest.PAUSED, Rest.WATCHED):
        many.hear(["a"], rest)
        many.second()
    assert [bool(one.payload) for one in many.broker.published] == [True, False, True]


def test_a_bed_of_which_nothing_is_known_has_nothing_to_hand_over() -> None:
    many = Many(engine.start())
    many.hear(["a"])
    assert many.second() == 0
