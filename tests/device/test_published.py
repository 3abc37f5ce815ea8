"""Which published messages can serve a bed: by the forms of Zigbee2MQTT, Tasmota and ESPHome."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tomlkit import dumps

from legwatch.settings import load
from legwatch_device.looking.candidate import Kind
from legwatch_device.looking.published import Heard, gone, known
from legwatch_device.settings import AgentSettings

PLACES = {Kind.THERMOMETER: "leg", Kind.MOVEMENT: "movement", Kind.PRESENCE: "presence"}
ZIGBEE = {"temperature": 21.5, "humidity": 40.0, "last_seen": 1_796_000_000_000, "battery": 90}
TASMOTA = {"Time": "2026-12-01T10:00:00", "SHT3X": {"Temperature": 20.1, "Humidity": 44.0}}


@pytest.mark.parametrize(
    ("topic", "body", "found"),
    [
        ("zigbee2mqtt/leg", ZIGBEE, [(Kind.THERMOMETER, "temperature")]),
        ("zigbee2mqtt/bed", {"action": "vibration", "last_seen": 1}, [(Kind.MOVEMENT, "action")]),
        ("zigbee2mqtt/pir", {"occupancy": True, "temperature": 19}, [
            (Kind.THERMOMETER, "temperature"), (Kind.MOVEMENT, "occupancy"),
        ]),
        ("tele/bed/SENSOR", TASMOTA, [(Kind.THERMOMETER, "SHT3X.Temperature")]),
        ("bed/sensor/leg_temperature/state", "21.4", [(Kind.THERMOMETER, "")]),
        ("bed/binary_sensor/vibration/state", "OFF", [(Kind.MOVEMENT, "")]),
        ("bed/binary_sensor/mat/state", "ON", [(Kind.PRESENCE, "")]),
        ("bed/sensor/leg_temperature/state", "nan of nothing", []),
        ("zigbee2mqtt/bridge/state", {"state": "online"}, []),
        ("zigbee2mqtt/lamp", {"state": "ON", "brightness": 10}, []),
        ("zigbee2mqtt/odd", {"temperature": "warm"}, []),
        ("tele/bed/STATE", {"Uptime": "1"}, []),
    ],
)  # fmt: skip
def test_each_makers_form_is_known(
    topic: str, body: Any, found: list[tuple[Kind, str]], tmp_path: Path
) -> None:
    candidates = list(known(Heard(topic, body)))
    assert [(one.kind, one.options.get("field", "")) for one in candidates] == found
    for one in candidates:  # and each is what the driver takes
        lasting = {} if one.kind is Kind.THERMOMETER else gone(topic, {f"{topic}/availability"})
        keys = {"driver": "mqtt", **one.options, **lasting, "broker": {"host": "10.0.0.5"}}
        text = dumps({"bed": "b", "sensors": {PLACES[one.kind]: keys}})
        load(AgentSettings, tomllib.loads(text)).check()


def test_how_a_silent_sensor_is_missed_is_taken_from_what_was_heard() -> None:
    said = {"zigbee2mqtt/bed/availability", "zigbee2mqtt/bridge/state", "bed/status"}
    assert gone("zigbee2mqtt/bed", said) == {
        "availability": ["zigbee2mqtt/bed/availability", "zigbee2mqtt/bridge/state"]
    }
    assert gone("bed/binary_sensor/mat/state", said) == {"availability": ["bed/status"]}
    assert gone("zigbee2mqtt/bed", ()) == {"silent_s": 90_000.0}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@given(st.text(max_size=40), JSON)
def test_whatever_is_published_is_passed_over_or_known(topic: str, body: Any) -> None:
    for one in known(Heard(topic, body)):
        assert one.options["topic"] == topic
