"""A service was away: of the words without a sound, the newest is the last that a phone gets."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.alerting.notice import TransitionKind
from legwatch.contract.action import Action
from legwatch.oncall.escalation import Purpose
from legwatch.testing import uncovering
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import ActionRequested
from legwatch_server.notify.channels import Push, Retryable, Sent
from legwatch_server.notify.last_word import with_last_word
from legwatch_server.store.changes import Changes, Supersede, Withdraw
from legwatch_server.store.delivery import Delivery, DeliveryState
from legwatch_server.testing import InProcessServer
from server.notify.plans import NOW, new, planner, row, sent
from server.notify.test_escalation import BERT, cold
from server.ward import MINUTE_MS, open_ward, seen

AWAY = Retryable("did not answer in time")
LATE_MIN = 188
REPLACED = "a newer word replaces it"


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(
        tmp_path, people={"bert": BERT}, rules={"stillness.joint_s": 0, "alerts.wait_s": 0}
    )
    made.play_until_loud("b", cold)
    yield made
    made.close()


def bare(minute: float) -> dict[str, Any]:
    """Legs so cold that it is urgent, and is said again ten minutes later."""
    return cold(minute) | {"leg_c": uncovering((100, 290), uncovered_c=20.0)(minute)}


def quiet_for(ward: InProcessServer, minutes: int) -> ActionRequested:
    """Return that somebody at the server asks for quiet."""
    (ident,) = ward.rows("SELECT min(id) FROM notices WHERE what='fired'")[0]
    claims = LinkClaims(TargetKind.NOTICE, ident, Action.SNOOZE, minutes, 0)
    return ActionRequested(claims, b"", "command line", ward.clock.now_ms, lambda _: None)


def back(ward: InProcessServer) -> list[str]:
    """Let the service come back; return what the phone then gets without a sound."""
    ward.channels["phone"].always = None
    ward.run_to(ward.clock.now_ms + 10 * MINUTE_MS)
    return [what for _, _, purpose, what in ward.notified("info")]


def test_what_is_said_again_replaces_what_waits_for_its_retry(tmp_path: Path) -> None:
    """Else the older of two urgent pushes could ring later, and stay on the phone."""
    ward = open_ward(
        tmp_path, people={"bert": BERT}, rules={"stillness.joint_s": 0, "alerts.wait_s": 0}
    )
    ward.play_until_loud("b", bare)
    ward.channels["phone"].always = AWAY
    while "repeated" not in ward.transitions():
        ward.play("b", 1, bare)
        assert ward.minute < 300
    ward.channels["phone"].always = None
    ward.play("b", 6, bare)
    ward.close()
    last = [got.push for got in ward.pushes.arrived if got.push.purpose is Purpose.LOUD][1:]
    assert {push.transition for push in last} == {TransitionKind.RENOTIFIED}


def test_the_end_replaces_an_answer_that_waits_for_its_retry(ward: InProcessServer) -> None:
    ward.play("b", LATE_MIN - int(ward.minute), cold)
    ward.channels["phone"].always = AWAY
    seen(ward)
    while not ward.rows("SELECT 1 FROM notices WHERE what='resolved'"):
        ward.play("b", 1, cold)
    assert back(ward) == ["resolved"]


def test_of_two_answers_the_newer_is_the_last_word(ward: InProcessServer) -> None:
    ward.channels["phone"].always = AWAY
    seen(ward)
    ward.settle()
    ward.clock.advance(20_000)
    ward.turn([quiet_for(ward, 30)])
    ward.settle()
    assert back(ward) == ["snoozed"]
    errors = ward.rows("SELECT error FROM deliveries WHERE tone='info' ORDER BY id")
    assert errors[0] == (REPLACED,)


def test_what_is_in_flight_meanwhile_is_not_tried_again(ward: InProcessServer) -> None:
    channel, go, begun = ward.channels["phone"], threading.Event(), threading.Event()
    real = channel.send

    def slow(push: Push) -> Sent:
        begun.set()
        go.wait(5)
        return real(push)

    channel.send = slow  # type: ignore[method-assign]
    channel.replies = [AWAY]
    seen(ward)
    while not begun.is_set():  # the alarm is taken back first
        ward.outboxes["phone"].turn(0.1)
    ward.turn([quiet_for(ward, 30)])
    go.set()
    ward.settle()
    states = ward.rows("SELECT state FROM deliveries WHERE tone='info' ORDER BY id")
    assert states == [("withdrawn",), ("sent",)]
    assert back(ward) == ["snoozed"]


def test_the_same_quiet_asked_for_again_loses_no_word_that_waits(ward: InProcessServer) -> None:
    ward.channels["phone"].always = AWAY
    for _ in range(2):
        ward.turn([quiet_for(ward, 30)])
        ward.settle()
    assert back(ward) == ["snoozed"]


def last_words(*rows: Delivery) -> Changes:
    """Return what the end of the alert cancels of what waits without a sound."""
    heard = (sent(1), sent(2, "bert"))
    planned = planner().plan(7, new(TransitionKind.RESOLVED), (*heard, *rows), NOW)
    kept = set(planned)
    return tuple(one for one in with_last_word(planned, rows) if one not in kept)


def test_only_what_the_newer_word_comes_behind_on_the_same_way_is_withdrawn() -> None:
    waits = row(3, purpose=Purpose.INFO, attempt=2)
    flies = row(4, "bert", purpose=Purpose.INFO, state=DeliveryState.CLAIMED, attempt=1)
    other_way = row(5, channel="sms", purpose=Purpose.INFO)
    other_alert = row(6, purpose=Purpose.INFO, episode_ms=NOW - 1)
    over = sent(7, purpose=Purpose.INFO)
    found = last_words(waits, flies, other_way, other_alert, over)
    assert found == (Withdraw(3, REPLACED), Supersede(4))


def test_what_is_loud_is_not_withdrawn_for_a_word_without_a_sound() -> None:
    unknown = planner().plan(7, new(TransitionKind.UNKNOWN), (sent(1), row(2)), NOW)
    assert with_last_word(unknown, (sent(1), row(2))) == unknown
