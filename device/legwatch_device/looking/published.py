"""Listens to a broker for a while: which of what is published there can serve a bed.

It knows the messages of Zigbee2MQTT, Tasmota and ESPHome by their form. A value that may be a copy
of an old one is not taken for new: `same_is_new` is true only where the maker sends what was just
measured.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

from legwatch.errors import CannotRun
from legwatch_device.drivers.mqtt.broker import Broker
from legwatch_device.looking.candidate import Candidate, Kind
from legwatch_runtime.broker_reason import reason
from legwatch_runtime.clock import awake_s
from legwatch_runtime.mqtt import client as new_client

LOOK_S = 0.2
MOST_TOPICS = 500  # more is no house
LONGEST_BYTES = 4096
LONGEST_SILENCE_S = 90_000.0
SHAKEN = ("vibration", "tilt", "drop")  # actions of a Zigbee vibration sensor


class Heard(NamedTuple):
    """The last message of a topic."""

    topic: str
    body: Any  # JSON, or the text


def found(broker: Broker, password: str, seconds: float) -> Iterator[Candidate]:
    """Yield what can serve of all that is published within so many seconds; raises CannotRun."""
    where = {"host": broker.host}
    where |= {"user": broker.user} if broker.user else {}
    keys = {**where, "port": broker.port} if broker.port != 1883 else where
    heard = _heard(broker, password, seconds)
    topics = {one.topic for one in heard}
    for one in heard:
        for candidate in known(one):
            lasting = {} if candidate.kind is Kind.THERMOMETER else gone(one.topic, topics)
            options = {**candidate.options, **lasting, "broker": keys}
            yield Candidate(candidate.kind, "mqtt", candidate.about, options, candidate.now)


def known(heard: Heard) -> Iterator[Candidate]:
    """Yield what one message shows; nothing for what is no sensor of a bed."""
    topic, body = heard
    parts = topic.split("/")
    if isinstance(body, Mapping) and parts[-1] == "SENSOR":
        yield from _tasmota(topic, body)
    elif isinstance(body, Mapping):
        yield from _zigbee(topic, body)
    elif parts[-1] == "state" and len(parts) >= 3:
        yield from _esphome(topic, parts[-3], parts[-2], str(body))


def gone(topic: str, topics: Collection[str]) -> dict[str, Any]:
    """Return by what it is seen that a sensor is gone which speaks only when something moves.

    By the topics in which its maker says so, if they were heard; else by a silence of 25 hours, in
    which each Zigbee sensor reports at least once.
    """
    prefix = topic.rpartition("/")[0]
    named = (
        f"{topic}/availability",
        "zigbee2mqtt/bridge/state",
        f"{topic.partition('/')[0]}/status",
    )
    said = [one for one in named if one in topics and (one != named[1] or prefix == "zigbee2mqtt")]
    return {"availability": said} if said else {"silent_s": LONGEST_SILENCE_S}


def _zigbee(topic: str, body: Mapping[str, Any]) -> Iterator[Candidate]:
    """Read a message of Zigbee2MQTT; it may repeat an old value, so the time of a reading helps."""
    common: dict[str, Any] = {"topic": topic, "same_is_new": False}
    if "last_seen" in body:
        common["time"] = "last_seen"
    if _is_number(body.get("temperature")):
        humidity = {"humidity": "humidity"} if _is_number(body.get("humidity")) else {}
        options = {**common, "field": "temperature", **humidity}
        now = f"{body['temperature']:.1f} °C"
        yield Candidate(Kind.THERMOMETER, "mqtt", f"thermometer {topic} (MQTT)", options, now)
    if body.get("action") in SHAKEN:
        options = {**common, "field": "action", "on": list(SHAKEN), "off": ["", "null"]}
        options["same_is_new"] = True  # each action is a movement of its own
        yield Candidate(Kind.MOVEMENT, "mqtt", f"vibration sensor {topic} (MQTT)", options)
    for field in ("vibration", "occupancy"):
        if isinstance(body.get(field), bool):
            about = f"{field} sensor {topic} (MQTT)"
            yield Candidate(Kind.MOVEMENT, "mqtt", about, {**common, "field": field})


def _tasmota(topic: str, body: Mapping[str, Any]) -> Iterator[Candidate]:
    for name, inner in body.items():
        if isinstance(inner, Mapping) and _is_number(inner.get("Temperature")):
            options = {"topic": topic, "field": f"{name}.Temperature", "same_is_new": True}
            if _is_number(inner.get("Humidity")):
                options["humidity"] = f"{name}.Humidity"
            now = f"{inner['Temperature']:.1f} °C"
            yield Candidate(Kind.THERMOMETER, "mqtt", f"{name} of {topic} (MQTT)", options, now)


def _esphome(topic: str, kind: str, name: str, text: str) -> Iterator[Candidate]:
    options: dict[str, Any] = {"topic": topic, "same_is_new": True}
    if kind == "sensor" and "temp" in name:
        with suppress(ValueError):
            now = f"{float(text):.1f} °C"
            yield Candidate(Kind.THERMOMETER, "mqtt", f"{topic} (MQTT)", options, now)
    if kind == "binary_sensor" and text.upper() in {"ON", "OFF"}:
        mats = any(word in name for word in ("mat", "occup", "presence"))
        options = {"topic": topic} if mats else {**options, "same_is_new": False}
        which = Kind.PRESENCE if mats else Kind.MOVEMENT
        yield Candidate(which, "mqtt", f"{topic} (MQTT)", options, text)


def _heard(broker: Broker, password: str, seconds: float) -> list[Heard]:
    """Return the last message of each topic that came within so many seconds."""
    bodies: dict[str, bytes] = {}
    refused: list[ReasonCode] = []
    client = new_client(broker, password, "", clean_session=True)

    def on_connect(_c: object, _d: object, _f: object, code: ReasonCode, _: object) -> None:
        if code.is_failure:
            refused.append(code)
        else:
            client.subscribe("#", 0)

    def on_message(_client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        known_one = message.topic in bodies or len(bodies) < MOST_TOPICS
        if known_one and len(message.payload) <= LONGEST_BYTES:
            bodies[message.topic] = bytes(message.payload)

    client.on_connect, client.on_message = on_connect, on_message
    try:
        client.connect(broker.host, broker.port)
        end_s = awake_s() + seconds
        while awake_s() < end_s and not refused:
            if client.loop(LOOK_S) != mqtt.MQTT_ERR_SUCCESS:
                break
    except (OSError, ValueError) as error:
        raise CannotRun(f"the broker {broker.host}: {reason(error, broker)}") from None
    finally:
        client.disconnect()
    if refused:
        raise CannotRun(f"the broker {broker.host}: {reason(refused[0], broker)}")
    return [Heard(topic, _body(payload)) for topic, payload in sorted(bodies.items())]


def _body(payload: bytes) -> Any:
    text = payload.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return body if isinstance(body, Mapping) else text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
