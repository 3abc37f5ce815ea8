"""Sensors that others publish, through a real broker.

The payloads are made here, after what Zigbee2MQTT, ESPHome and Tasmota document of theirs; none was
recorded from a device.
"""

import contextlib
import gzip
import json
import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from tomlkit import dumps as dump

from end_to_end.authority import Authority
from end_to_end.house import LEGWATCH, PASSWORD, USER, House, Process, wait_until
from end_to_end.test_reasons import PASSWORD as BROKERS_PASSWORD
from end_to_end.test_reasons import RealBroker
from legwatch.alerting.notice import as_json
from legwatch.contract.window import decode_window
from legwatch.engine import replay
from legwatch.events import PLAYED, Window
from legwatch.recording import parse, windows
from legwatch.text.message import text
from legwatch_device.drivers import NothingNew, ReadFault, open_driver
from legwatch_device.drivers.mqtt import link
from legwatch_device.drivers.mqtt.broker import PASSWORD as VARIABLE
from legwatch_device.drivers.mqtt.broker import Broker
from legwatch_device.drivers.mqtt.link import Event, Hear
from legwatch_device.drivers.mqtt.source import Clocks
from legwatch_device.sampler import Sampler
from legwatch_device.samples import PlacedSensor
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.testing import FakeClock
from placed import LEG, MOVEMENT, PRESENCE, ROOM
from repository import REPO, rules

ZIGBEE, LIFE = "zigbee2mqtt/leg", "zigbee2mqtt/bridge/state"
TASMOTA = "tele/room/SENSOR"
VIBRATION, MAT = "bed/binary_sensor/vibration/state", "bed/binary_sensor/mat/state"
ESPHOME = ["bed/status"]
TABLES: dict[str, dict[str, Any]] = {
    "leg": {
        "topic": ZIGBEE,
        "field": "temperature",
        "humidity": "humidity",
        "same_is_new": True,
        "availability": [LIFE],
    },
    "room": {
        "topic": TASMOTA,
        "field": "SHT3X.Temperature",
        "humidity": "SHT3X.Humidity",
        "same_is_new": True,
    },
    "movement": {"topic": VIBRATION, "same_is_new": True, "availability": ESPHOME},
    "presence": {"topic": MAT, "availability": ESPHOME},
}


@pytest.fixture(autouse=True)
def _no_link_stays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    yield
    link.stop_all()


@pytest.fixture
def broker(house: House) -> Process:
    return house.broker()


@pytest.fixture
def publisher(house: House, broker: Process) -> Iterator[mqtt.Client]:
    del broker
    client = house.publisher()
    yield client
    client.disconnect()
    client.loop_stop()


class Turns(threading.Event):
    """Stands for the stop of a reader: it reads once for each turn that the test gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.go: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.done: queue.SimpleQueue[None] = queue.SimpleQueue()

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        self.done.put(None)
        self.go.get()
        return self.is_set()

    def turn(self) -> None:
        self.go.put(None)
        self.done.get(timeout=10)


class Bedside:
    """The agent's sampler with four sensors of MQTT, on a clock that the test moves."""

    def __init__(self, port: int, clock: FakeClock) -> None:
        self.clock, self.heard = clock, 0
        self.broker = {"host": "127.0.0.1", "port": port, "user": USER}
        placed = [PlacedSensor(role, self._open(role)) for role in (LEG, ROOM, MOVEMENT, PRESENCE)]
        self.sampler = Sampler(placed, clock, window_s=10, sample_s=10)
        self.turns = [Turns(), Turns()]  # of the thermometers
        stops = [*self.turns, threading.Event(), threading.Event()]
        for reader, stop in zip(self.sampler._readers, stops, strict=True):
            reader.begin(stop)
        for turns in self.turns:
            turns.done.get(timeout=10)
        wait_until(
            lambda: all(reader._life.ready for reader in self.sampler._readers), "the readers"
        )

    def _open(self, role: Any) -> Any:
        return open_driver(
            role.group,
            "mqtt",
            f"sensors.{role.name}",
            {**TABLES[role.name], "broker": self.broker},
            clocks=Clocks(self.clock.instant, self.clock.utc_ms),
            listen=self._listen,
        )

    def _listen(self, broker: Broker, topics: tuple[str, ...], hear: Hear) -> None:
        def counted(event: Event) -> None:
            hear(event)
            self.heard += isinstance(event, link.Message)

        link.listen(broker, topics, counted)

    def window(self) -> Window:
        for turns in self.turns:
            turns.turn()
        return self.sampler._window()

    def stop(self) -> None:
        for turns in self.turns:
            turns.set()
            turns.go.put(None)


def published(window: Window, mat: bool | None) -> list[tuple[str, str]]:
    """Return the messages that sensors would send of a window; `mat` is the word before it."""
    said: list[tuple[str, str]] = []
    if window.leg_c is not None:
        body = {"battery": 91, "humidity": window.leg_rh, "linkquality": 123, "voltage": 2985}
        said.append((ZIGBEE, json.dumps({**body, "temperature": window.leg_c})))
    if window.room_c is not None:
        room = {"Temperature": window.room_c, "Humidity": window.room_rh, "DewPoint": 9.4}
        tele = {"Time": "2026-01-05T22:00:10", "SHT3X": room, "TempUnit": "C"}
        said.append((TASMOTA, json.dumps(tele)))
    said += [(VIBRATION, "ON"), (VIBRATION, "OFF")] * (window.moves or 0)
    if window.in_bed is not None and window.in_bed is not mat:
        said.append((MAT, "ON" if window.in_bed else "OFF"))
    return said


def test_a_golden_night_gives_its_notices_also_over_mqtt(
    house: House, publisher: mqtt.Client
) -> None:
    path = REPO / "tests/nights/uncovered.csv.gz"
    with gzip.open(path, "rt") as lines:
        direct = [w for w in windows(parse(lines, zone=UTC)) if isinstance(w, Window)]
    clock = FakeClock(now_ms=direct[0].from_ms)
    bed = Bedside(house.port, clock)
    got: list[Window] = []
    mat, sent = None, 0
    for one in direct:
        for name, payload in published(one, mat):
            publisher.publish(name, payload)
            sent += 1
        mat = one.in_bed if one.in_bed is not None else mat
        while bed.heard < sent:
            threading.Event().wait(0.0005)
        clock.advance(one.to_ms - clock.now_ms)
        got.append(bed.window())
    bed.stop()
    same = [
        w._replace(clock=PLAYED, seq=i, boot=one.boot, mono_ms=one.mono_ms)
        for i, (w, one) in enumerate(zip(got, direct, strict=True), 1)
    ]
    assert same == direct
    given = replay(same, rules("standard", zone="UTC", warmth__early_s=600))
    wanted = path.with_name("uncovered.notices.jsonl").read_text().splitlines()
    assert [as_json(n, bed="bed", text=text(n)) for n in given] == wanted


class Watched:
    """A real agent whose windows the test hears."""

    def __init__(self, house: House, client: mqtt.Client) -> None:
        self.listen(client)
        way = {"host": "127.0.0.1", "port": house.port, "user": USER}
        sensors = {
            name: {"driver": "mqtt", "broker": way, **TABLES[name]} for name in ("leg", "movement")
        }
        path = house.folder / "agent-b9.toml"
        path.write_text(
            dump(
                {
                    "bed": "b9",
                    "state_dir": str(house.folder / "agent-b9"),
                    "window_s": 1,
                    "sample_s": 5.0,
                    "clock": "trusted",
                    "mqtt": way,
                    "sensors": sensors,
                }
            )
        )
        words = (*LEGWATCH, "agent", "--config", str(path))
        env = {"LEGWATCH_MQTT_PASSWORD": PASSWORD, VARIABLE: PASSWORD}
        self.agent = house._start(words, "agent-b9", env)

    def listen(self, client: mqtt.Client) -> None:
        self.windows = queue.SimpleQueue[Window]()
        client.on_message = lambda _c, _d, m: self.windows.put(decode_window(m.payload))
        client.subscribe("legwatch/v1/b9/window", qos=1)

    def until(self, leg: float | str) -> list[Window]:
        """Return the windows up to the first one with this reading or fault."""
        seen: list[Window] = []
        while True:
            try:
                window = self.windows.get(timeout=40)
            except queue.Empty:
                raise AssertionError((leg, seen[-3:], self.agent.said()[-2000:])) from None
            seen.append(window)
            if leg in (window.leg_c, dict(window.faults).get("leg")):
                return seen


def test_a_real_agent_takes_no_stale_value_and_says_why_it_has_none(
    house: House, broker: Process, publisher: mqtt.Client
) -> None:
    stale = json.dumps({"temperature": 33.3, "humidity": 50.0, "linkquality": 80})
    publisher.publish(ZIGBEE, stale, qos=1, retain=True).wait_for_publish(5)
    bed = Watched(house, publisher)

    def say(topic: str, body: object, by: mqtt.Client = publisher) -> None:
        payload = body if isinstance(body, str) else json.dumps(body)
        by.publish(topic, payload, qos=1).wait_for_publish(5)

    wait_until(lambda: subscriptions(house, ZIGBEE, VIBRATION) == 1, "the sensors' subscription")
    say(ZIGBEE, {"temperature": "22.5", "humidity": 50.1})
    say(VIBRATION, "ON")
    seen = bed.until(22.5)
    assert {w.leg_c for w in seen} <= {None, 22.5}  # and never 33.3
    assert not [w.faults for w in seen if w.faults]
    for _ in range(20):
        if any(w.moves for w in seen):
            break
        seen.append(bed.windows.get(timeout=10))
    assert sum(w.moves or 0 for w in seen) == 1
    say(ZIGBEE, {"temperature": None})
    bed.until("unavailable")
    say(ZIGBEE, {"temperature": 23.5})
    last = bed.until(23.5)[-1].seq
    broker.stop()
    wait_until(lambda: "leg sensor: no_broker" in bed.agent.said(), "the fault")
    assert "movement sensor: no_broker" in bed.agent.said()
    assert "broker of the sensors 127.0.0.1" in bed.agent.said()
    house.broker()
    wait_until(lambda: subscriptions(house, ZIGBEE, VIBRATION) == 2, "the new subscription")
    client = house.publisher()
    bed.listen(client)
    say(ZIGBEE, {"temperature": 24.5}, client)
    seen = [w for w in bed.until(24.5) if w.seq > last]
    assert {w.leg_c for w in seen} <= {None, 24.5}
    client.disconnect()
    client.loop_stop()
    assert bed.agent.stop() == 0


def subscriptions(house: House, *topics: str) -> int:
    """Return how often each of these topics has been subscribed; of none: that of the leg."""
    log = (house.folder / "broker.log").read_text(errors="replace")
    return min(log.count(f"{topic} (QoS 1)") for topic in topics or (ZIGBEE,))


def opened(port: int, **options: Any) -> Any:
    broker = {"host": "127.0.0.1", "port": port, "user": USER, **options}
    table = {**TABLES["leg"], "broker": broker}
    return open_driver("legwatch.thermometers", "mqtt", "sensors.leg", table)


def answer(sensor: Any) -> str | float:
    try:
        return float(sensor.read().celsius)
    except (ReadFault, NothingNew) as why:
        return str(why)


def test_all_sensors_of_a_broker_share_one_connection(house: House, broker: Process) -> None:
    del broker
    sensors = [opened(house.port) for _ in range(3)]
    wait_until(lambda: subscriptions(house) == 3, "the subscriptions")
    assert [answer(sensor) for sensor in sensors] == [""] * 3
    log = (house.folder / "broker.log").read_text(errors="replace")
    assert log.count(" as legwatch-") == 1


def test_a_wrong_password_is_a_fault_and_the_log_names_the_keys(
    house: House, broker: Process, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    del broker
    monkeypatch.setenv(VARIABLE, "not-this-one")
    assert answer(opened(house.port)) == "no_broker"
    assert f"wrong user or password for '{USER}' (broker.user, {VARIABLE})" in caplog.text
    assert "not-this-one" not in caplog.text


def test_a_broker_that_is_not_there_is_a_fault_and_no_failed_start(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    assert answer(opened(house.port)) == "no_broker"
    assert "does the broker run (broker.host, broker.port)?; its sensors are unknown" in caplog.text


def test_up_runs_a_bed_of_zigbee2mqtt(house: House, publisher: mqtt.Client) -> None:
    example = (REPO / "config/mqtt/zigbee2mqtt.toml").read_text()
    broker = f'host = "127.0.0.1", port = {house.port}, user = "{USER}"'
    text = example.replace('host = "127.0.0.1", user = "legwatch-sensors"', broker)
    agent = house.folder / "zigbee2mqtt.toml"
    agent.write_text(f"clock = 'trusted'\nwindow_s = 1\nsample_s = 5.0\n{text}")
    server = house.folder / "up.toml"
    server.write_text(dump({"http": {"port": house.http_port}, "zone": "UTC"}))
    words = ("--state", str(house.folder / "state"), "--config", str(server))
    up = house._start(
        (*LEGWATCH, "up", *words, "--agent-config", str(agent)), "up", {VARIABLE: PASSWORD}
    )
    wait_until(lambda: subscriptions(house) == 1, "the sensors' subscription")

    def stored() -> bool:
        body = {"temperature": 24.25, "humidity": 51.0, "last_seen": utc_ms()}
        publisher.publish(ZIGBEE, json.dumps(body), qos=1).wait_for_publish(5)
        for file in (house.folder / "state").rglob("legwatch.db"):
            with (
                contextlib.suppress(sqlite3.OperationalError),
                closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as store,
            ):
                return bool(store.execute("SELECT 1 FROM windows WHERE leg_c = 24.25").fetchall())
        return False

    wait_until(stored, "a window with the reading")
    up.stop()


def test_three_sensors_hear_a_broker_with_tls_that_gives_a_user_one_connection(
    tmp_path: Path, mosquitto: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path, "authority")
    rights = "user anna\ntopic read zigbee2mqtt/#\nuser server\ntopic readwrite #\n"
    with RealBroker(tmp_path, authority.sign("broker"), rights=rights) as broker:
        monkeypatch.setenv(VARIABLE, BROKERS_PASSWORD)
        way = {"user": "anna", "ca_file": str(authority.file)}
        sensors = [opened(broker.port, **way) for _ in range(3)]
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        client.username_pw_set("server", BROKERS_PASSWORD)
        client.tls_set(str(authority.file))
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        wait_until(lambda: [answer(sensor) for sensor in sensors] == [""] * 3, "the sensors", 10)
        client.publish(ZIGBEE, json.dumps({"temperature": 29.5}), qos=1).wait_for_publish(5)
        for sensor in sensors:
            wait_until(lambda sensor=sensor: answer(sensor) == 29.5, "a reading", 10)  # type: ignore[misc]
        client.disconnect()
        client.loop_stop()
