"""The threads of the push channels: each is started again, and one channel stops no other."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.errors import CannotRun, SettingsError
from legwatch_runtime import part as parts_module
from legwatch_runtime.part import Parts
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.notify.bedside_commands import Bedsides
from legwatch_server.notify.channels import Push, Sent
from legwatch_server.notify.late import LateChannels
from legwatch_server.notify.outboxes import Around, Outboxes
from legwatch_server.settings import BrokerTable
from server.notify.test_escalation import cold
from server.ward import MINUTE_MS, open_ward

ANNA = {"role": "carer", "channels": ["phone"], "address": {"phone": "anna"}}
OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0}


class Rig:
    """A ward with a cold bed, and the real outboxes of its channels."""

    def __init__(self, folder: Path, *channels: str) -> None:
        anna = {**ANNA, "channels": list(channels)}
        self.ward = open_ward(folder, people={"anna": anna}, rules=OWN)
        while not self.ward.rows("SELECT 1 FROM deliveries WHERE tone='loud'"):
            minute = int(self.ward.minute)
            self.ward.run_to(self.ward.clock.now_ms + MINUTE_MS)
            self.ward.feed("b", minute, cold)
        self.parts = Parts()
        stamp, now_ms = self.ward.timeline.stamp, self.ward.timeline.now_ms
        bedsides = Bedsides(BrokerConnection(BrokerTable(), "", lambda _request: None, stamp))
        around = Around(folder, bedsides, b"key", lambda _c, _d: None, now_ms)
        self.boxes = Outboxes(self.ward.store, around, parts=self.parts)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "FIRST_PAUSE_S", 0.01)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, "phone")
    yield made
    made.parts.stopping.set()
    made.boxes.stop()
    made.ward.close()


def until(holds: Callable[[], object]) -> None:
    end_s = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.005)


class Fails:
    """A channel that raises its errors one after the other, then takes every push."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors, self.sent = list(errors), list[Push]()

    def send(self, push: Push) -> Sent:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(push)
        return Sent("")


@pytest.mark.parametrize("error", [SystemExit(1), MemoryError(), RecursionError()], ids=repr)
def test_a_push_goes_out_after_a_worker_has_failed(rig: Rig, error: BaseException) -> None:
    phone = Fails(error)
    rig.boxes.prepare({"phone": phone})
    rig.boxes.use(rig.ward.settings, {"phone": phone})
    rig.boxes.start()
    until(lambda: not phone.errors)

    def sent() -> bool:
        rig.ward.clock.advance(1_000)
        rig.boxes.wake()
        return bool(phone.sent)

    until(sent)


def test_a_channels_thread_that_fails_is_started_again_and_sends(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = Fails()
    rig.boxes.prepare({"phone": phone})
    rig.boxes.use(rig.ward.settings, {"phone": phone})
    box = rig.boxes.all["phone"]
    claim = box._workers.hand_out
    failures = [MemoryError(), SystemExit(2)]

    def failing(*args: Any) -> None:
        if failures:
            raise failures.pop(0)
        claim(*args)

    monkeypatch.setattr(box._workers, "hand_out", failing)
    rig.boxes.start()
    until(lambda: phone.sent)
    assert not failures
    assert rig.parts.failures() == {"push-phone": 2}
    assert list(rig.parts.wrong()) == []


class Kept(Fails):
    """A channel whose file cannot be made at first."""

    def __init__(self, *_: object) -> None:
        super().__init__()
        made.append(self)

    def begin(self, _folder: Path) -> None:
        if refusals:
            raise refusals.pop(0)


made: list[Kept] = []
refusals: list[Exception] = []


def test_a_channel_that_cannot_start_stops_no_other_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made.clear()
    refusals[:] = [OSError(28, "No space left on device"), OSError(28, "No space left on device")]
    rig = Rig(tmp_path, "full", "phone")
    phone = Fails()
    kinds = {"full": Kept, "phone": lambda *_: phone}

    def loaded(name: str, _path: str) -> Any:
        return kinds[name]

    monkeypatch.setattr("legwatch_server.notify.late.load_channel", loaded)
    monkeypatch.setattr(
        "legwatch_server.notify.late.build_channel", lambda kind, _name, _settings: kind()
    )
    late = LateChannels(rig.boxes, rig.ward.settings, rig.parts)
    late.begin()
    rig.boxes.start()
    assert list(late.wrong()) == ["channel full cannot start: [Errno 28] No space left on device"]
    rig.ward.clock.advance(60_000)
    rig.boxes.wake()
    until(lambda: phone.sent)
    late.look()
    assert caplog.text.count("channel full cannot start, trying again") == 1
    late.look()
    assert list(late.wrong()) == []
    assert list(rig.boxes.all) == ["phone", "full"]
    rig.boxes.stop()
    rig.ward.close()


def test_a_missing_library_stops_no_other_channel_and_wrong_settings_end_the_start(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_name: str, _path: str) -> Any:
        raise CannotRun("push.phone needs the package webpush")

    monkeypatch.setattr("legwatch_server.notify.late.load_channel", missing)
    late = LateChannels(rig.boxes, rig.ward.settings, rig.parts)
    late.begin()
    assert list(late.wrong()) == [
        "channel phone cannot start: push.phone needs the package webpush"
    ]

    def wrong(_name: str, path: str) -> Any:
        raise SettingsError(path, "no channel 'pigeon'")

    monkeypatch.setattr("legwatch_server.notify.late.load_channel", wrong)
    with pytest.raises(SettingsError, match="pigeon"):
        LateChannels(rig.boxes, rig.ward.settings, rig.parts).begin()


def test_the_receiving_thread_fails_and_messages_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts, failures = Parts(), [MemoryError(), RuntimeError(), SystemExit(1)]
    never: Any = None
    broker = BrokerConnection(BrokerTable(), "", lambda _request: None, never, parts=parts)
    received = threading.Event()

    def loop(_timeout_s: float) -> int:
        if failures:
            raise failures.pop(0)
        received.set()
        time.sleep(0.01)
        return 0

    monkeypatch.setattr(broker._client, "reconnect", lambda: None)
    monkeypatch.setattr(broker._client, "loop", loop)
    monkeypatch.setattr(broker._client, "disconnect", lambda: failures.append(SystemExit(0)))
    broker.start()
    assert received.wait(10)
    assert parts.failures() == {"broker": 3}
    parts.stopping.set()
    broker.stop()
