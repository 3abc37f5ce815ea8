"""The button at the bed: each press becomes one event, and none is lost on the way."""

import json
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.client import MQTT_ERR_NO_CONN, MQTT_ERR_SUCCESS

from legwatch.contract.press import Press, decode_press, encode_press
from legwatch.contract.stored import Stored
from legwatch.contract.topics import Channel
from legwatch.events import ClockTrust, Window
from legwatch_device.agent import Agent
from legwatch_device.broker_link import BrokerLink, LinkUp, PubAck, _Event
from legwatch_device.drivers import Put
from legwatch_device.drivers.gpio_button import GpioButton
from legwatch_device.settings import ButtonTable, MqttTable
from legwatch_device.spool import MOST_PRESSES, Spool

PIN = 13
HOLD_S = 0.15


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    before = Device.pin_factory
    factory = Device.pin_factory = MockFactory()
    yield factory
    factory.close()
    Device.pin_factory = before


@pytest.fixture
def button(pins: MockFactory) -> Iterator[tuple[GpioButton, list[str]]]:
    made = GpioButton(ButtonTable("gpio_button", PIN), hold_s=HOLD_S)
    heard: list[str] = []
    made.listen(heard.append)
    yield made, heard
    made._device.close()


Made = tuple[GpioButton, list[str]]


def soon(holds: Callable[[], bool], within_s: float = 5.0) -> bool:
    end_s = time.monotonic() + within_s
    while not holds() and time.monotonic() < end_s:
        time.sleep(0.01)
    return holds()


def test_a_short_press_is_seen(pins: MockFactory, button: Made) -> None:
    _, heard = button
    pins.pin(PIN).drive_low()
    assert heard == []
    pins.pin(PIN).drive_high()
    assert heard == ["ack"]
    time.sleep(2 * HOLD_S)
    assert heard == ["ack"]


def test_a_long_press_is_a_cramp_said_while_it_is_held_and_once(
    pins: MockFactory, button: Made
) -> None:
    _, heard = button
    pins.pin(PIN).drive_low()
    assert soon(lambda: heard == ["cramp"])
    time.sleep(3 * HOLD_S)
    pins.pin(PIN).drive_high()
    assert heard == ["cramp"]


def test_presses_follow_each_other(pins: MockFactory, button: Made) -> None:
    _, heard = button
    for _ in range(3):
        pins.pin(PIN).drive_low()
        pins.pin(PIN).drive_high()
    pins.pin(PIN).drive_low()
    assert soon(lambda: heard[3:] == ["cramp"])
    pins.pin(PIN).drive_high()
    pins.pin(PIN).drive_low()
    pins.pin(PIN).drive_high()
    assert heard == ["ack", "ack", "ack", "cramp", "ack"]


def test_three_seconds_make_a_cramp(pins: MockFactory) -> None:
    made = GpioButton(ButtonTable("gpio_button", PIN))
    assert made._device.hold_time == 3.0
    assert 0 < made._device.pin.bounce < 0.1
    made._device.close()


def test_a_tap_whose_release_got_lost_is_no_cramp(button: Made) -> None:
    made, heard = button
    made._down()  # and the pin is up again without a word
    made._held(heard.append)
    assert heard == ["ack"]
    made._released(heard.append)  # the next press: gpiozero still believes in the first one
    assert heard == ["ack", "ack"]


def test_released_in_the_moment_of_the_third_second_is_one_press(button: Made) -> None:
    made, heard = button
    made._down()
    made._released(heard.append)
    made._held(heard.append)
    assert heard == ["ack"]


# ---- the way of a press to the broker
class FakeClock:
    utc, mono = 1_767_394_800_000, 1000

    def utc_ms(self) -> int:
        return self.utc

    def mono_ms(self) -> int:
        return self.mono

    def synced(self) -> bool:
        return True


class FakeLink:
    def __init__(self) -> None:
        self.up = False
        self.sent: list[tuple[Channel, bytes]] = []

    def open(self) -> None:
        self.up = True

    def send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> bool:
        if self.up:
            self.sent.append((channel, payload))
        return self.up

    def events(self) -> list[bytes]:
        return [payload for channel, payload in self.sent if channel is Channel.EVENT]

    def presses(self) -> list[str]:
        return [decode_press(payload).id for payload in self.events()]

    def order(self) -> str:
        """W for each window and E for each event, as they were sent."""
        letters = {Channel.WINDOW: "W", Channel.EVENT: "E"}
        return "".join(letters.get(channel, "") for channel, _ in self.sent)


class NoFeed:
    def run(self, put: Put, stop: object) -> None:
        """Nothing comes by itself."""

    def now_ms(self) -> int | None:
        return None


class Bed:
    def __init__(self, spool: Spool, link: FakeLink | None = None, boot: str = "0000000a") -> None:
        self.link, self.spool, self.clock = link or FakeLink(), spool, FakeClock()
        self.said: queue.Queue[object] = queue.Queue()
        self.agent = Agent(
            boot=boot,
            spool=spool,
            link=self.link,
            feed=NoFeed(),
            clock=self.clock,
            said=self.said,
            most=1000,
        )

    def window(self) -> Window:
        self.clock.utc += 10_000
        to_ms = self.clock.utc
        return Window("", 0, to_ms - 10_000, to_ms, self.clock.mono, ClockTrust.SYNCED.value, 31.0)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool.db")


def press(ident: str) -> Press:
    return Press(ident, "ack", 5)


def test_a_press_is_an_event_with_its_own_id_and_time(spool: Spool) -> None:
    bed = Bed(spool)
    bed.agent.turn([LinkUp(1), Press("p1", "cramp", 1_767_394_800_123)])
    body = json.loads(bed.link.events()[0])
    assert body == {"v": 1, "id": "p1", "button": "cramp", "at_ms": 1_767_394_800_123}


OLDER = Stored("0000000f", 0)  # the word of a server that tells nothing of presses
NEWER = Stored("0000000f", 0, ())


def test_a_press_is_kept_until_the_server_has_it(tmp_path: Path, spool: Spool) -> None:
    Bed(spool).agent.turn([press("p1"), press("p2")])
    spool.close()
    bed = Bed(Spool(tmp_path / "spool.db"))
    bed.agent.turn([LinkUp(1), NEWER])
    assert bed.link.presses() == ["p1", "p2"]
    bed.agent.turn([PubAck(encode_press(press(ident))) for ident in ("p1", "p2")])
    assert bed.spool.presses_waiting() == 2  # a broker can lose what it has taken
    bed.agent.turn([Stored("0000000f", 0, ("p0", "p1"))])
    assert [decode_press(kept.payload).id for kept in bed.spool.presses()] == ["p2"]
    bed.clock.mono += 11_000
    bed.agent.turn([])
    assert bed.link.presses() == ["p1", "p2", "p2"]  # on the same connection, too
    bed.agent.turn([Stored("0000000f", 0, ("p1", "p2"))])
    bed.clock.mono += 400_000
    bed.agent.turn([LinkUp(2)])
    assert bed.link.presses() == ["p1", "p2", "p2"]


def test_presses_are_sent_again_while_windows_are_confirmed_all_the_time(spool: Spool) -> None:
    bed = Bed(spool)
    bed.agent.turn([LinkUp(1), press("p1"), NEWER])
    for seq in range(1, 5):
        bed.clock.mono += 4_000
        bed.agent.turn([bed.window(), Stored("0000000a", seq, ())])
    assert bed.link.presses() == ["p1", "p1"]


def test_a_press_that_nobody_can_read_is_let_go_of(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    bed = Bed(spool)
    spool.put([], (), [(0, b'{"v":1,"id":"p0"'), (0, encode_press(press("p1")))])
    bed.agent.turn([LinkUp(1), Stored("0000000f", 0, ("p9",))])
    assert [decode_press(kept.payload).id for kept in spool.presses()] == ["p1"]
    assert "cannot be read" in caplog.text


def test_before_the_servers_first_word_the_brokers_is_only_noted(spool: Spool) -> None:
    bed = Bed(spool)
    bed.agent.turn([press("p1"), LinkUp(1), PubAck(encode_press(press("p1")))])
    assert spool.presses_waiting() == 1
    bed.agent.turn([NEWER])
    assert spool.presses_waiting() == 1
    other = Bed(spool)
    other.agent.turn([LinkUp(1), PubAck(encode_press(press("p1"))), OLDER])
    assert spool.presses_waiting() == 0


def test_while_the_server_is_away_messages_are_sent_again_more_and_more_seldom(
    spool: Spool,
) -> None:
    bed = Bed(spool)
    bed.agent.turn([LinkUp(1), NEWER, bed.window(), press("p1")])
    for _ in range(8 * 360):  # eight hours, looked at every ten seconds
        bed.clock.mono += 10_000
        bed.agent.turn([])
    windows = bed.link.order().count("W")
    assert 90 < windows < 110
    bed.agent.turn([NEWER])  # it is back
    bed.clock.mono += 11_000
    bed.agent.turn([])
    assert bed.link.order().count("W") == windows + 1
    assert bed.link.presses()[-1] == "p1"


def test_with_an_older_server_a_press_is_kept_until_the_broker_has_taken_it(
    tmp_path: Path, spool: Spool
) -> None:
    Bed(spool).agent.turn([press("p1")])
    spool.close()
    bed = Bed(Spool(tmp_path / "spool.db"))
    bed.agent.turn([LinkUp(1), OLDER])
    assert bed.link.presses() == ["p1"]
    assert bed.spool.presses_waiting() == 1
    bed.agent.turn([LinkUp(2)])
    assert bed.link.presses() == ["p1", "p1"]
    bed.agent.turn([PubAck(encode_press(press("p1")))])
    assert bed.spool.presses_waiting() == 0
    bed.agent.turn([LinkUp(3)])
    assert bed.link.presses() == ["p1", "p1"]


def test_with_an_older_server_a_press_is_sent_once_on_a_connection(spool: Spool) -> None:
    bed = Bed(spool)
    bed.agent.turn([LinkUp(1), OLDER, press("p1"), bed.window()])
    for _ in range(3):
        bed.clock.mono += 90_000  # no progress: the windows are sent again
        bed.agent.turn([])
    assert bed.link.presses() == ["p1"]
    assert bed.link.order().count("W") == 4


def test_presses_of_an_earlier_boot_keep_their_place_too(tmp_path: Path, spool: Spool) -> None:
    old = Bed(spool)
    old.agent.turn([old.window(), press("p1"), old.window(), press("p2")])
    spool.close()
    bed = Bed(Spool(tmp_path / "spool.db"), boot="0000000b")
    bed.agent.turn([bed.window(), press("p3"), LinkUp(1)])
    assert bed.link.order() == "WEWEWE"
    assert bed.link.presses() == ["p1", "p2", "p3"]


def test_a_press_comes_behind_windows_that_are_confirmed_already(spool: Spool) -> None:
    bed = Bed(spool)
    bed.agent.turn([LinkUp(1), bed.window(), bed.window()])
    bed.agent.turn([Stored("0000000a", 2)])
    bed.agent.turn([press("p1"), bed.window()])
    assert bed.link.order() == "WWEW"


def test_a_full_disk_keeps_presses_in_memory(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    bed = Bed(spool)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(spool, "put", full)
    bed.agent.turn([bed.window(), press("p1"), bed.window()])
    monkeypatch.undo()
    bed.agent.turn([LinkUp(1)])
    assert bed.link.order() == "WEW"
    bed.agent.turn([Stored("0000000f", 0, ("p1",)), LinkUp(2)])
    assert bed.link.presses() == ["p1"]


def test_the_same_press_of_a_recording_is_kept_once(spool: Spool) -> None:
    bed = Bed(spool)
    bed.agent.turn([press("p1")])
    bed.agent.turn([press("p1")])
    assert spool.presses_waiting() == 1


def test_a_broken_switch_does_not_fill_the_disk(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    spool.put([], (), [(0, encode_press(press(str(n)))) for n in range(MOST_PRESSES + 5)])
    spool.trim(100)
    assert spool.presses_waiting() == MOST_PRESSES
    assert decode_press(spool.presses()[0].payload).id == "5"
    assert "5 presses too many" in caplog.text


def test_a_press_of_the_last_moment_is_kept(spool: Spool) -> None:
    bed = Bed(spool)
    stop = threading.Event()
    stop.set()
    bed.said.put(press("p1"))
    bed.agent.run(stop)
    assert spool.presses_waiting() == 1


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["press", "connect", "drop", "take", "window", "die", "tell"])),
    st.booleans(),
)
def test_whatever_happens_each_press_is_kept_until_it_is_taken(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str], telling: bool
) -> None:
    """Taken by the server where it tells of presses, by the broker where it does not."""
    path = tmp_path_factory.mktemp("spool") / "s.db"
    bed, pressed, taken = Bed(Spool(path)), 0, set()
    for act in acts:
        match act:
            case "press":
                pressed += 1
                bed.agent.turn([press(str(pressed))])
            case "connect":
                bed.agent.turn([LinkUp(1)])
            case "drop":
                bed.link.up = False
            case "take":
                first = bed.link.presses()[:1]
                taken |= set(first)
                bed.agent.turn([PubAck(payload) for payload in bed.link.events()[:1]])
                bed.agent.turn([Stored("0000000f", 0, tuple(first)) if telling else OLDER])
            case "tell":
                bed.agent.turn([NEWER if telling else OLDER])
            case "window":
                bed.agent.turn([bed.window()])
            case "die":
                bed.spool.close()
                bed = Bed(Spool(path), boot=f"{pressed:08x}")
    kept = [decode_press(p.payload).id for p in bed.spool.presses()]
    assert kept == [str(n) for n in range(1, pressed + 1) if str(n) not in taken]
    fresh = Bed(bed.spool)
    fresh.agent.turn([LinkUp(1)])
    assert fresh.link.presses() == kept
    bed.spool.close()


# ---- how the link knows that the broker has taken it
class Info:
    def __init__(self, rc: int = MQTT_ERR_SUCCESS) -> None:
        self.rc, self.done = rc, False

    def is_published(self) -> bool:
        return self.done


def test_the_link_tells_each_event_once_when_the_broker_has_taken_it() -> None:
    said: queue.Queue[object] = queue.Queue()
    link = BrokerLink("anna", MqttTable(), "", said)
    client, former = object(), object()
    first, second, lost, failed = Info(), Info(), Info(), Info(MQTT_ERR_NO_CONN)
    lost.done = True
    events = [
        (b"1", first, client),
        (b"2", second, client),
        (b"3", lost, former),
        (b"4", failed, client),
    ]
    link._events = deque(_Event(*event) for event in events)  # type: ignore[arg-type]
    second.done = True
    link._check_acks(client)  # type: ignore[arg-type]
    assert list(said.queue) == [PubAck(b"2")]
    first.done = True
    link._check_acks(client)  # type: ignore[arg-type]
    link._check_acks(client)  # type: ignore[arg-type]
    assert list(said.queue) == [PubAck(b"2"), PubAck(b"1")]
    assert not link._events
