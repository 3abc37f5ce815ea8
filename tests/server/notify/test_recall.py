"""What was called off while it was on its way: not tried again, and taken back if it was heard."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from legwatch.contract.action import Action
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.notify.channels import Progress, Push, Retryable, Sent
from legwatch_server.notify.outbox import REST_S
from legwatch_server.store import deliveries
from legwatch_server.testing import FakeChannel, InProcessServer
from server.notify.test_escalation import BERT, HOUR_MS, cold
from server.ward import MINUTE_MS, open_ward, seen

OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people={"bert": BERT}, rules=OWN)
    yield made
    made.close()


def failing(ward: InProcessServer) -> threading.Event:
    """Have an alarm that could not be sent, and its next attempt in flight.

    That attempt fails once the event is set.
    """
    channel, go, begun = ward.channels["phone"], threading.Event(), threading.Event()
    channel.always = Retryable("did not answer in time")
    while not ward.pushes.tried:
        ward.play("b", 1, cold)
    real = channel.send

    def slow(push: Push) -> Sent:
        begun.set()
        go.wait(5)
        return real(push)

    channel.send = slow  # type: ignore[method-assign]
    ward.clock.advance(300_000)
    ward.outboxes["phone"].turn()
    assert begun.wait(5)
    channel.send = real  # type: ignore[method-assign]
    return go


def states(ward: InProcessServer) -> list[tuple[str, str]]:
    return ward.rows("SELECT state, error FROM deliveries WHERE tone='loud' ORDER BY id")


def test_what_was_in_flight_at_the_answer_does_not_wake_hours_later(ward: InProcessServer) -> None:
    go = failing(ward)
    seen(ward)
    go.set()
    ward.settle()
    ward.channels["phone"].always = None
    ward.clock.advance(3 * HOUR_MS)
    ward.settle()
    assert ward.notified("loud") == []
    assert [state for state, _ in states(ward)] == ["withdrawn"]


def test_nor_does_it_after_a_crash(ward: InProcessServer) -> None:
    go = failing(ward)
    seen(ward)
    ward.close()
    ward.channels["phone"].always = None
    ward.start()
    ward.settle()
    assert ward.notified("loud") == []
    assert ward.channels["phone"].withdrawn  # it may have been heard
    go.set()


def test_what_was_in_flight_when_a_louder_word_came_is_not_tried_again(
    ward: InProcessServer,
) -> None:
    go = failing(ward)
    first = ward.rows("SELECT id FROM deliveries")
    for _ in range(60):  # until it is raised because nobody has answered
        ward.clock.advance(60_000)
        ward.feed("b", int(ward.minute) - 1, cold)
    assert len(ward.rows("SELECT id FROM deliveries")) > len(first)
    go.set()
    ward.settle()
    assert states(ward)[0] == ("withdrawn", "a newer word replaces it")


def test_what_came_in_spite_of_a_time_out_is_taken_back_too(ward: InProcessServer) -> None:
    channel = ward.channels["phone"]
    heard: list[Push] = []
    real = channel.send

    def lost(push: Push) -> Sent:  # the phone rings, and the service's yes is lost
        heard.append(push)
        raise Retryable("did not answer in time")

    channel.send = lost  # type: ignore[method-assign]
    while not heard:
        ward.play("b", 1, cold)
    channel.send = real  # type: ignore[method-assign]
    seen(ward)
    ward.settle()
    assert [to for _, to in channel.withdrawn] == ["bert"]
    assert [(who, what) for _, who, _, what in ward.notified("info")] == [("bert", "acknowledged")]


class Followed(FakeChannel):
    """A channel that can be asked what became of a push; `away` recalls fail."""

    follow_every_s = 6.0
    said = Progress.WAITING
    away = 0

    def progress(self, receipt: str) -> Progress:
        del receipt
        return self.said

    def withdraw(self, push: Push, receipt: str) -> None:
        if self.away:
            self.away -= 1
            raise Retryable("away")
        super().withdraw(push, receipt)


@pytest.fixture
def followed(ward: InProcessServer) -> Followed:
    made = Followed("phone", ward.pushes)
    ward.channels["phone"] = made
    ward.use_channel("phone", made)
    return made


def test_what_sounds_until_it_is_taken_back_is_taken_back_in_spite_of_a_newer_word(
    ward: InProcessServer, followed: Followed
) -> None:
    ward.play_until_loud("b", cold)
    followed.away = 1
    seen(ward)
    ward.settle()
    assert len(ward.notified("info")) == 1
    ward.run_to(ward.clock.now_ms + 2 * MINUTE_MS)
    assert [to for _, to in followed.withdrawn] == ["bert"]


def test_a_recall_that_is_put_off_is_waited_for(ward: InProcessServer, followed: Followed) -> None:
    ward.play_until_loud("b", cold)
    followed.away = 100
    seen(ward)
    ward.settle()
    assert ward.outboxes["phone"].next_ms() == ward.clock.now_ms + MINUTE_MS
    ward.clock.advance(10_000)  # when the service would be asked next, were it not to be taken back
    assert ward.outboxes["phone"].turn() > 0
    assert followed.away == 99


def test_a_turn_in_which_nothing_was_done_is_followed_by_a_rest(
    ward: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "next_ms", lambda _db, _channel: 0)
    assert ward.outboxes["phone"].turn() >= REST_S


def test_an_answer_in_the_app_survives_a_crash_and_counts_once(
    ward: InProcessServer, followed: Followed
) -> None:
    asked = ward.answered_in_app  # what waits in memory for the owner's thread
    ward.play_until_loud("b", cold)
    followed.said = Progress.ANSWERED
    ward.run_to(ward.clock.now_ms + 20_000)
    assert len(asked) > 1
    for _ in range(2):
        ward.answer(LinkClaims(TargetKind.DELIVERY, asked[0], Action.SEEN, 0, 0), via="pushover")
    assert ward.rows("SELECT count(*) FROM answers") == [(1,)]
    assert ward.transitions().count("acknowledged") == 1
    before = len(asked)
    ward.run_to(ward.clock.now_ms + 20_000)
    assert len(asked) == before


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Somebody at the server has seen it."), ("de", "Jemand am Server hat es gesehen.")],
)
def test_an_answer_by_command_line_is_told_in_the_words_of_a_person(
    tmp_path: Path, language: str, sentence: str
) -> None:
    ward = open_ward(tmp_path, people={"bert": {**BERT, "language": language}}, rules=OWN)
    while not ward.notified("loud"):
        ward.play("b", 1, cold)
    seen(ward)
    ward.settle()
    told = ward.pushes.arrived[-1].push.text
    ward.close()
    assert sentence in told
