"""What was called off while it was on its way: not tried again, and taken back if it was heard."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from legwatch_server.push import Push, Retryable, Sent
from server.test_escalation import BERT, HOUR_MS, cold
from server.ward import Ward

OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = Ward(tmp_path, people={"bert": BERT}, rules=OWN)
    yield made
    made.close()


def failing(ward: Ward) -> threading.Event:
    """Have an alarm that could not be sent, and its next attempt in flight.

    That attempt fails once the event is set.
    """
    channel, go, begun = ward.channels["phone"], threading.Event(), threading.Event()
    channel.always = Retryable("did not answer in time")
    while not ward.tried:
        ward.play(1, cold)
    real = channel.send

    def slow(push: Push) -> Sent:
        begun.set()
        go.wait(5)
        return real(push)

    channel.send = slow  # type: ignore[method-assign]
    ward.now_ms += 300_000
    ward.boxes["phone"].turn(ward.dbs["phone"])
    assert begun.wait(5)
    channel.send = real  # type: ignore[method-assign]
    return go


def states(ward: Ward) -> list[tuple[str, str]]:
    return ward.rows("SELECT state, error FROM deliveries WHERE tone='loud' ORDER BY id")


def test_what_was_in_flight_at_the_answer_does_not_wake_hours_later(ward: Ward) -> None:
    go = failing(ward)
    ward.seen()
    go.set()
    ward.settle()
    ward.channels["phone"].always = None
    ward.now_ms += 3 * HOUR_MS
    ward.settle()
    assert ward.told("loud") == []
    assert [state for state, _ in states(ward)] == ["withdrawn"]


def test_nor_does_it_after_a_crash(ward: Ward) -> None:
    go = failing(ward)
    ward.seen()
    ward.close()
    ward.channels["phone"].always = None
    ward.start()
    ward.settle()
    assert ward.told("loud") == []
    assert ward.channels["phone"].withdrawn  # it may have been heard
    go.set()


def test_what_was_in_flight_when_a_louder_word_came_is_not_tried_again(ward: Ward) -> None:
    go = failing(ward)
    first = ward.rows("SELECT id FROM deliveries")
    for _ in range(60):  # until it is raised because nobody has answered
        ward.now_ms += 60_000
        ward.feed("b", int(ward.minute) - 1, cold)
    assert len(ward.rows("SELECT id FROM deliveries")) > len(first)
    go.set()
    ward.settle()
    assert states(ward)[0] == ("withdrawn", "a newer word replaces it")


def test_what_came_in_spite_of_a_time_out_is_taken_back_too(ward: Ward) -> None:
    channel = ward.channels["phone"]
    heard: list[Push] = []
    real = channel.send

    def lost(push: Push) -> Sent:  # the phone rings, and the service's yes is lost
        heard.append(push)
        raise Retryable("did not answer in time")

    channel.send = lost  # type: ignore[method-assign]
    while not heard:
        ward.play(1, cold)
    channel.send = real  # type: ignore[method-assign]
    ward.seen()
    ward.settle()
    assert [to for _, to in channel.withdrawn] == ["bert"]
    assert [(who, what) for _, who, _, what in ward.told("info")] == [("bert", "acknowledged")]
