"""A push is taken back by a channel that never comes back: no alert waits for it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.ward import health_of
from legwatch.oncall.escalation import Purpose
from legwatch_server.notify import outbox as outbox_module
from legwatch_server.notify import worker
from legwatch_server.notify.channels import Push
from legwatch_server.notify.schedule import Due, JobKind, Room, startable
from legwatch_server.testing import FakeChannel, InProcessServer
from server.notify.plans import row, sent
from server.notify.test_parts import until
from server.notify.test_quiet_sign import bare, house, signs
from server.ward import seen

LOOK = bare((180, 290))


class Hung(FakeChannel):
    """A channel whose `withdraw` comes back when the test lets it."""

    go = threading.Event()

    def withdraw(self, push: Push, receipt: str) -> None:
        self.go.wait(60)
        super().withdraw(push, receipt)


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Return what lets a `withdraw` that hangs come back."""
    monkeypatch.setattr(Hung, "go", threading.Event())
    yield Hung.go
    Hung.go.set()


@pytest.fixture
def ward(tmp_path: Path, phone: threading.Event) -> Iterator[InProcessServer]:
    """A ward in which the sign was shown, the alert has come, and nothing of it was sent."""
    made = house(tmp_path)
    made.channels["phone"] = Hung("phone", made.pushes)
    made.use_channel("phone", made.channels["phone"])
    while not signs(made):
        made.play("b", 1, LOOK)
    while "fired" not in made.transitions():
        made.clock.advance(60_000)
        made.feed("b", int(made.minute) - 1, LOOK)
    yield made
    phone.set()
    made.close()


def told(ward: InProcessServer) -> list[str]:
    """Return what the phone was told of the alert, after a turn of the channel."""
    ward.outboxes["phone"].turn(0.05)
    arrived = [got.push for got in ward.pushes.arrived if got.channel == "phone"]
    return [push.transition.value for push in arrived if push.transition != "expected"]


def hangs(ward: InProcessServer) -> list[str]:
    """Return what /health finds wrong with the channel, after a turn of it."""
    ward.outboxes["phone"].turn(0.05)
    wrong = health_of(ward).report()["wrong"]
    return [why for why in wrong if why.startswith("channel phone")]


def put_off(ward: InProcessServer) -> bool:
    (when,) = ward.rows("SELECT min(recall_ms) FROM deliveries WHERE channel='phone'")[0]
    return bool(when > ward.clock.now_ms)


def test_the_alert_leaves_while_the_sign_is_not_taken_back(ward: InProcessServer) -> None:
    ward.outboxes["phone"]._workers.most = 1
    until(lambda: told(ward) == ["fired"])
    assert ward.channels["phone"].withdrawn == []


def test_so_it_does_after_a_restart(ward: InProcessServer) -> None:
    ward.restart()
    ward.outboxes["phone"]._workers.most = 1
    until(lambda: told(ward) == ["fired"])


def test_it_is_named_until_it_comes_back_and_ends_no_server(
    ward: InProcessServer,
    phone: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(worker, "RECALL_WITHIN_S", 0.05)
    why = "channel phone: the channel's withdraw has not come back for 0.05 s"
    until(lambda: hangs(ward) == [why])
    for _ in range(3):  # it is asked for again
        ward.clock.advance(61_000)
        until(lambda: hangs(ward) and put_off(ward))
    assert caplog.text.count("withdraw has not come back") == 1
    monkeypatch.setattr(worker, "RECALL_WITHIN_S", 30.0)
    phone.set()
    ward.clock.advance(61_000)
    until(lambda: hangs(ward) == [])
    assert ward.rows("SELECT count(*) FROM steps WHERE reason='taken back'") == [(1,)]


@pytest.mark.parametrize("holds_s", [0.0, 1000.0])
def test_a_word_without_a_sound_waits_only_for_one_that_may_come_back(
    holds_s: float,
    ward: InProcessServer,
    phone: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox_module, "HOLDS_S", holds_s)
    while not ward.rows("SELECT 1 FROM deliveries WHERE tone='loud' AND sent_ms NOT NULL"):
        ward.clock.advance(60_000)
        ward.feed("b", int(ward.minute) - 1, LOOK)
        told(ward)
    seen(ward)
    for _ in range(5):
        words = told(ward)
    if holds_s:
        assert "acknowledged" not in words, "the alarm is taken back first"
        phone.set()
    until(lambda: told(ward)[-1] == "acknowledged")
    assert bool(ward.channels["phone"].withdrawn) is bool(holds_s)


OLDER = sent(1, recall_ms=5)


def begun(*due: Due, flying: tuple[Due, ...] = (), free: int = 8, stuck: bool = False) -> list[int]:
    room = Room(free, flying, stuck=stuck)
    return [one.delivery.id for one in startable(due, room)]


def recall(ident: int, person: str = "anna") -> Due:
    return Due(JobKind.RECALL, OLDER._replace(id=ident, person=person))


def send(ident: int, person: str = "anna", purpose: Purpose = Purpose.LOUD) -> Due:
    return Due(JobKind.SEND, row(ident, person, purpose=purpose))


def test_one_recall_of_a_channel_runs_beside_its_pushes() -> None:
    assert begun(send(2), recall(1, "bert"), recall(3, "cleo")) == [2, 1]
    assert begun(recall(3, "cleo"), flying=(recall(1, "bert"),)) == []
    assert begun(recall(1, "bert"), flying=(send(2),), free=0) == [1]
    assert begun(send(2), flying=(recall(1),), free=1) == [2]


def test_what_is_taken_back_while_a_push_of_its_alert_leaves_could_take_that_back() -> None:
    assert begun(send(2), recall(1)) == [2]
    assert begun(send(2), recall(1), free=0) == []
    assert begun(recall(1), flying=(send(2),)) == []


def test_a_word_follows_the_recall_of_its_own_alert_unless_that_hangs() -> None:
    word = send(3, purpose=Purpose.INFO)
    assert begun(recall(1), word) == [1]
    assert begun(word, flying=(recall(1),)) == []
    assert begun(word, flying=(recall(1),), stuck=True) == [3]
    assert begun(recall(1), word, flying=(recall(4, "bert"),)) == []
    assert begun(recall(1), word, flying=(recall(4, "bert"),), stuck=True) == [3]
    assert begun(recall(1, "bert"), word) == [1, 3]


def test_no_delivery_has_two_jobs() -> None:
    assert begun(send(1), flying=(recall(1),)) == []
