"""A running server takes new settings over: from the next window on, for all that waits, or not."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.settings import load
from legwatch_server.inbox import SettingsChanged
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.notify.bedside_commands import Bedsides
from legwatch_server.notify.channels import Push, Retryable, Sent
from legwatch_server.notify.outboxes import Around, Outboxes
from legwatch_server.settings import BrokerTable, ServerSettings
from legwatch_server.store.errors import StoreError
from legwatch_server.store.outbox import SqliteOutbox
from legwatch_server.testing import FakeChannel, InProcessServer, PushLog
from server.notify.test_escalation import PEOPLE, cold
from server.ward import open_ward, seen

ANNA = {"role": "carer", "channels": ["phone"], "address": {"phone": "anna"}}
MINUTE_MS = 60_000
OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people=PEOPLE, rules=OWN)
    yield made
    made.close()


def changed(people: dict[str, Any] = PEOPLE, **more: Any) -> ServerSettings:
    rules = {"alerts.learn_nights": 0, "warmth.early_s": 0, **OWN, **more.pop("rules", {})}
    table = {"zone": "UTC", "answers": {"url": "https://legs.example"}, "people": people, **more}
    made = load(ServerSettings, {**table, "rehearsal": {"at": ""}, "rules": rules})
    made.check()
    return made


def loud(ward: InProcessServer) -> list[str]:
    return [person for _, person, _, _ in ward.notified("loud")]


def in_a_warm_room(minute: float) -> dict[str, Any]:
    return cold(minute) | {"room_c": 24.0}


def test_a_new_limit_counts_from_the_next_minute_on(ward: InProcessServer) -> None:
    ward.play("b", 100, in_a_warm_room)
    ward.take_over(changed(rules={"warmth.warm_room_c": 23.0}))
    ward.play("b", 40, in_a_warm_room)
    assert loud(ward) == []
    ward.take_over(changed())
    ward.play("b", 40, in_a_warm_room)
    assert loud(ward)[:1] == ["anna"]


def test_the_same_settings_once_more_change_nothing(tmp_path: Path) -> None:
    heard = []
    for times in (0, 1, 40):
        (tmp_path / str(times)).mkdir()
        ward = open_ward(tmp_path / str(times), people=PEOPLE, rules=OWN)
        for minute in range(160):
            ward.play("b", 1, cold)
            if minute >= 160 - times:
                ward.take_over(ward.settings)
        # Each worker of the channel is a thread: pushes of one instant arrive in any order.
        heard.append((sorted(ward.notified()), ward.transitions()))
        ward.close()
    assert heard[0][1] == ["fired", "raised"]
    assert heard[0] == heard[1] == heard[2]


def test_another_person_takes_no_channel_from_who_is_being_told(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people={"bert": PEOPLE["bert"]}, rules=OWN)
    ward.channels["phone"].always = Retryable("503")
    while not ward.rows("SELECT 1 FROM deliveries WHERE tone='loud' AND attempt > 0"):
        ward.play("b", 1, cold)
        assert ward.minute < 200
    assert loud(ward) == []
    ward.take_over(changed({name: PEOPLE[name] for name in ("bert", "cleo")}))
    ward.play("b", 3, cold)
    assert loud(ward) == ["bert-sms"]
    ward.close()


def test_who_is_no_longer_there_is_not_waited_for(ward: InProcessServer) -> None:
    ward.play_until_loud("b", cold)
    assert loud(ward) == ["anna"]
    ward.take_over(changed({name: PEOPLE[name] for name in ("anna", "cleo")}))
    ward.play("b", 12, cold)
    assert loud(ward) == ["anna", "cleo"]  # bert is gone, and cleo takes his turn at once


def test_another_person_on_duty_takes_the_place_of_who_was_to_be_next(
    ward: InProcessServer,
) -> None:
    ward.play_until_loud("b", cold)
    ward.take_over(changed(roster=[{"people": ["anna", "cleo"]}]))
    ward.play("b", 12, cold)
    assert loud(ward) == ["anna", "cleo"]


def test_who_comes_on_duty_hears_of_an_alert_that_nobody_has_answered(tmp_path: Path) -> None:
    roster = [{"people": ["anna"]}]
    ward = open_ward(tmp_path, people=PEOPLE, rules=OWN, roster=roster)
    ward.play_until_loud("b", cold)
    ward.play("b", 12, cold)
    assert loud(ward) == ["anna"]  # there is nobody else to wait for
    ward.take_over(changed(roster=[{"people": ["cleo", "bert"]}]))
    at = ward.minute
    ward.play("b", 12, cold)
    told = [(minute - at, who) for minute, who, _, _ in ward.notified("loud")][1:]
    assert told == [(0, "cleo"), (10, "bert")]
    ward.take_over(changed(roster=[{"people": ["cleo", "bert"]}], zone="Europe/Berlin"))
    ward.play("b", 12, cold)
    assert loud(ward) == ["anna", "cleo", "bert"]
    ward.close()


def test_who_comes_on_duty_goes_before_who_waits(ward: InProcessServer) -> None:
    ward.take_over(changed(roster=[{"people": ["anna", "bert"]}]))
    ward.play_until_loud("b", cold)
    ward.take_over(changed(roster=[{"people": ["cleo", "bert"]}]))
    at = ward.minute
    ward.play("b", 12, cold)
    told = [(minute - at, who) for minute, who, _, _ in ward.notified("loud")][1:]
    assert told == [(0, "cleo"), (10, "bert")]


def test_who_comes_on_duty_hears_nothing_of_an_alert_that_was_answered(
    ward: InProcessServer,
) -> None:
    ward.take_over(changed(roster=[{"people": ["anna"]}]))
    ward.play_until_loud("b", cold)
    seen(ward)
    ward.take_over(changed(roster=[{"people": ["cleo"]}]))
    ward.play("b", 12, cold)
    assert loud(ward) == ["anna"]


def test_who_is_on_duty_after_a_start_hears_of_an_alert_that_nobody_has_answered(
    tmp_path: Path,
) -> None:
    before = open_ward(tmp_path, people=PEOPLE, rules=OWN, roster=[{"people": ["anna"]}])
    before.play_until_loud("b", cold)
    before.close()
    ward = open_ward(tmp_path, people=PEOPLE, rules=OWN, roster=[{"people": ["cleo"]}])
    ward.clock.advance(before.clock.now_ms - ward.clock.now_ms)
    ward.close()
    ward.start()
    ward.play("b", 3, cold)
    assert loud(ward) == ["cleo"]
    ward.close()


def test_a_new_channel_is_used_and_an_old_one_no_longer(ward: InProcessServer) -> None:
    ward.play("b", 60, cold)
    people = {**PEOPLE, "anna": {**PEOPLE["anna"], "channels": ["pager"]}}
    ward.take_over(changed(people))
    ward.play_until_loud("b", cold)
    assert [channel for _, channel, push in ward.pushes.arrived if push.purpose == "loud"] == [
        "pager"
    ]


def test_new_settings_survive_a_restart_in_between(ward: InProcessServer) -> None:
    ward.play_until_loud("b", cold)
    ward.take_over(changed(roster=[{"people": ["anna", "cleo"]}]))
    ward.restart()
    ward.play("b", 12, cold)
    assert loud(ward) == ["anna", "cleo"]


def with_outboxes_first(ward: InProcessServer, settings: ServerSettings) -> None:
    """Let the channels have new settings before the writer, as a busy writer lets it happen."""
    ward.settings = settings
    for name, channel in ward.channels.items():
        ward.use_channel(name, channel)
    ward.settle()
    ward.turn([SettingsChanged(settings)])
    ward.settle()


def test_whoever_is_faster_the_writer_or_the_outbox_the_alert_arrives(tmp_path: Path) -> None:
    heard = []
    for first in (InProcessServer.take_over, with_outboxes_first):
        (tmp_path / first.__name__).mkdir()
        ward = open_ward(tmp_path / first.__name__, people={"anna": ANNA}, rules=OWN)
        ward.channels["phone"].always = Retryable("503")
        while not ward.rows("SELECT 1 FROM deliveries WHERE tone='loud'"):
            ward.play("b", 1, cold)
        ward.channels["phone"].always = None
        ward.clock.advance(30_000)  # the next try is due
        first(ward, changed({"bert": {**ANNA, "address": {"phone": "bert"}}}))
        ward.settle()
        ward.run_to(ward.clock.now_ms + 5_000)
        heard.append(loud(ward))
        ward.close()
    assert heard == [["bert"], ["bert"]]


def test_a_push_on_its_way_that_fails_does_not_come_back_on_a_channel_that_is_gone(
    tmp_path: Path,
) -> None:
    ward = open_ward(tmp_path, people={"anna": ANNA}, rules=OWN)
    slow = Hanging("phone", ward.pushes)
    ward.channels["phone"] = slow
    ward.use_channel("phone", slow)
    while not ward.rows("SELECT 1 FROM deliveries WHERE tone='loud'"):
        minute = int(ward.minute)
        ward.run_to(ward.clock.now_ms + MINUTE_MS)
        ward.feed("b", minute, cold)
    ward.outboxes["phone"].turn()
    assert slow.begun.wait(10)
    ward.take_over(changed({"anna": {**ANNA, "channels": ["pager"]}}))
    slow.replies = [Retryable("503")]
    slow.go_on.set()
    ward.settle()
    ward.run_to(ward.clock.now_ms + 3 * MINUTE_MS)
    assert [channel for _, channel, push in ward.pushes.arrived if push.purpose == "loud"] == [
        "pager"
    ]
    ward.close()


class Hanging(FakeChannel):
    """A service that answers when the test says so."""

    def __init__(self, name: str, log: PushLog) -> None:
        super().__init__(name, log)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def send(self, push: Push) -> Sent:
        self.begun.set()
        self.go_on.wait(20)
        return super().send(push)


def test_a_channel_that_comes_back_has_no_second_thread_for_its_pushes(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people={"anna": ANNA}, rules=OWN)
    while not ward.rows("SELECT 1 FROM deliveries WHERE tone='loud'"):
        minute = int(ward.minute)
        ward.run_to(ward.clock.now_ms + MINUTE_MS)
        ward.feed("b", minute, cold)
    slow = Hanging("phone", ward.pushes)
    bedsides = Bedsides(
        BrokerConnection(BrokerTable(), "", lambda _request: None, ward.timeline.stamp)
    )
    boxes = Outboxes(
        ward.store, Around(tmp_path, bedsides, b"key", lambda _c, _d: None, ward.timeline.now_ms)
    )
    both = {"phone": slow, "pager": FakeChannel("pager", ward.pushes)}
    boxes.prepare(both)
    boxes.use(ward.settings, {"phone": slow})
    boxes.start()
    assert slow.begun.wait(10)
    slow.begun.clear()
    boxes.use(ward.settings, {"pager": both["pager"]})
    boxes.use(ward.settings, {"phone": slow})
    assert not slow.begun.wait(0.5)  # no second try while the first is on its way
    slow.go_on.set()
    boxes.stop()
    ward.close()


def test_channels_that_cannot_be_opened_change_nothing(
    ward: InProcessServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bedsides = Bedsides(
        BrokerConnection(BrokerTable(), "", lambda _request: None, ward.timeline.stamp)
    )
    boxes = Outboxes(
        ward.store, Around(tmp_path, bedsides, b"key", lambda _c, _d: None, ward.timeline.now_ms)
    )
    phone = {"phone": ward.channels["phone"]}
    boxes.prepare(phone)
    boxes.use(ward.settings, phone)

    def full(_name: str) -> None:
        raise StoreError("unable to open database file")

    monkeypatch.setattr(ward.store, "outbox", full)
    with pytest.raises(StoreError):
        boxes.prepare({"door": ward.channels["phone"]})
    assert list(boxes.all) == ["phone"]
    boxes.stop()


def test_channels_that_never_began_are_closed_at_the_end(
    ward: InProcessServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, outbox = list[SqliteOutbox](), ward.store.outbox

    def noted(name: str) -> SqliteOutbox:
        opened.append(outbox(name))
        return opened[-1]

    monkeypatch.setattr(ward.store, "outbox", noted)
    bedsides = Bedsides(
        BrokerConnection(BrokerTable(), "", lambda _request: None, ward.timeline.stamp)
    )
    boxes = Outboxes(
        ward.store, Around(tmp_path, bedsides, b"key", lambda _c, _d: None, ward.timeline.now_ms)
    )
    phone = {"phone": ward.channels["phone"]}
    boxes.prepare(phone | {"pager": FakeChannel("pager", ward.pushes)})
    boxes.use(ward.settings, phone)
    boxes.stop()
    assert [one.line.closed for one in opened] == [True, True]


def test_a_server_whose_alerts_come_to_the_log_only_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ward = open_ward(tmp_path)
    stamp, now_ms = ward.timeline.stamp, ward.timeline.now_ms
    bedsides = Bedsides(BrokerConnection(BrokerTable(), "", lambda _request: None, stamp))
    boxes = Outboxes(ward.store, Around(tmp_path, bedsides, b"key", lambda _c, _d: None, now_ms))
    console = {"console": ward.channels["console"]}
    boxes.prepare(console)
    boxes.use(ward.settings, console)
    boxes.use(ward.settings, console)
    assert caplog.text.count("to no person: set push.channels") == 1
    boxes.stop()
    ward.close()


def test_the_key_that_names_the_channels_is_said() -> None:
    def keys(settings: dict[str, object]) -> list[str]:
        return load(ServerSettings, settings).channel_keys()

    own = {"mei": {"channels": ["console"]}}
    assert keys({}) == ["push.channels"]
    assert keys({"people": own}) == ["people.mei.channels"]
    assert keys({"people": {**own, "bert": {}}}) == ["people.mei.channels", "push.channels"]
