"""A thermometer that others publish: each message is one reading at most, and no old one is new."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.drivers.published import LIFE, TOPIC, Published
from legwatch.errors import SettingsError
from legwatch_device.drivers import NothingNew, ReadFault, Reading
from legwatch_device.drivers.mqtt.link import Down, Up
from legwatch_device.drivers.mqtt.thermometer import MOST_REPORT_S, OFTEN

ZIGBEE: dict[str, Any] = {"field": "temperature", "humidity": "humidity", "same_is_new": True}


def thermometer(*, answers: bool = True, **options: Any) -> Published:
    return Published("thermometers", {**ZIGBEE, **options}, answers)


def fault(bed: Published) -> str:
    with pytest.raises(ReadFault) as found:
        bed.driver.read()
    return str(found.value)


def nothing_new(bed: Published) -> bool:
    with pytest.raises(NothingNew):
        bed.driver.read()
    return True


def test_a_message_is_one_reading_and_is_told_once() -> None:
    bed = thermometer()
    assert nothing_new(bed)
    bed.say({"temperature": 29.41, "humidity": 51.2, "battery": 91, "linkquality": 120})
    assert bed.driver.read() == Reading(29.41, 51.2)
    bed.later(15)
    assert nothing_new(bed)


def test_of_several_messages_the_newest_counts() -> None:
    bed = thermometer()
    bed.say({"temperature": 29.4, "humidity": 51})
    bed.say({"temperature": 29.9})
    assert bed.driver.read() == Reading(29.9, 51.0)
    bed.say({"temperature": 29.8})
    assert bed.driver.read() == Reading(29.8)  # a humidity is told once, too


def test_fahrenheit_becomes_celsius_and_a_plain_payload_is_the_value() -> None:
    bed = thermometer(field="", humidity="", unit="f")
    bed.say("87.8")
    assert bed.driver.read() == Reading(31.0)


def test_a_nested_field_is_found_and_a_humidity_that_is_none_is_unknown() -> None:
    bed = thermometer(field="SHT3X.Temperature", humidity="SHT3X.Humidity")
    sent: list[tuple[Any, float | None]] = [("47.5", 47.5), (101, None), ("nan", None), ([], None)]
    for humidity, found in (*sent, (None, None)):
        bed.say({"SHT3X": {"Temperature": "21.5", "Humidity": humidity}, "TempUnit": "C"})
        assert bed.driver.read() == Reading(21.5, found)


def test_the_humidity_may_have_a_topic_of_its_own() -> None:
    bed = thermometer(field="", humidity="", humidity_topic="x/rh")
    assert bed.topics == (TOPIC, "x/rh")
    bed.say("48.0", topic="x/rh")
    bed.say("{", topic="x/rh")  # unknown, and no fault of the temperature
    bed.say("30.5")
    assert bed.driver.read() == Reading(30.5, 48.0)
    bed.say("48.5", topic="x/rh")
    assert nothing_new(bed)
    bed.later(200)
    bed.say("30.6")
    assert bed.driver.read() == Reading(30.6)  # the humidity is too old


@pytest.mark.parametrize("said", ["unavailable", None, "", "unknown"])
def test_unavailable_stays_a_fault_until_the_next_reading(said: object) -> None:
    bed = thermometer()
    bed.say({"temperature": 30.0})
    bed.say({"temperature": said})
    assert [fault(bed), fault(bed)] == ["unavailable"] * 2
    bed.say({"temperature": 29.0})
    assert bed.driver.read() == Reading(29.0)


@pytest.mark.parametrize(
    ("said", "name"),
    [(b"{", "no_json"), (b"\xff", "no_text"), (b'{"temperature": true}', "no_number")],
)
def test_what_cannot_be_read_is_a_named_fault(said: bytes, name: str) -> None:
    bed = thermometer()
    bed.say(said)
    assert fault(bed) == name


def test_a_message_of_a_megabyte_is_a_named_fault() -> None:
    bed = thermometer()
    bed.say({"temperature": 30.0, "more": "x" * 1_000_000})
    assert fault(bed) == "too_long"


def test_a_retained_message_is_no_reading() -> None:
    bed = thermometer()
    bed.say({"temperature": 33.0}, retained=True)
    assert nothing_new(bed)
    bed.later(151)
    assert fault(bed) == "old_time"
    bed.say({"temperature": 22.0})
    assert bed.driver.read() == Reading(22.0)


@pytest.mark.parametrize("form", ["ms", "iso"])
@pytest.mark.parametrize(("age_s", "counts"), [(0, True), (119, True), (121, False), (-61, False)])
@pytest.mark.parametrize("retained", [True, False])
def test_a_message_with_its_time_counts_if_that_is_fresh(
    form: str, age_s: int, counts: bool, retained: bool
) -> None:
    bed = thermometer(time="last_seen")
    bed.clock.advance(-bed.clock.now_ms % 1000)
    at_ms = bed.clock.now_ms - 1000 * age_s
    iso = f"2026-01-02T{22 + (at_ms - 1_767_391_200_000) // 3_600_000:02d}"
    iso += f":{at_ms // 60_000 % 60:02d}:{at_ms // 1000 % 60:02d}.000Z"
    bed.say({"temperature": 30, "last_seen": at_ms if form == "ms" else iso}, retained=retained)
    if counts:
        assert bed.driver.read() == Reading(30.0)
    else:
        assert nothing_new(bed)
        bed.later(151)
        assert fault(bed) == "old_time"


def test_a_time_that_is_missing_or_has_no_zone_proves_nothing() -> None:
    bed = thermometer(time="last_seen")
    bed.say({"temperature": 30})
    assert nothing_new(bed)
    bed.say({"temperature": 30, "last_seen": "2026-01-02T23:00:00"})
    assert fault(bed) == "time_without_zone"


def test_a_copy_of_the_last_value_is_no_reading_unless_the_owner_says_that_it_is() -> None:
    bed = thermometer(same_is_new=False)
    bed.say({"temperature": 30.0})  # nobody knows whether this one is a copy
    assert nothing_new(bed)
    bed.say({"temperature": 30.1})
    assert bed.driver.read() == Reading(30.1)
    for _ in range(4):
        bed.later(40)
        bed.say({"temperature": 30.1, "battery": 90})
    assert fault(bed) == "same_value"
    # After a new begin, the first one may be a copy of long ago.
    bed.hear(Down())
    bed.hear(Up())
    bed.say({"temperature": 29.0})
    assert nothing_new(bed)


def test_silence_is_a_fault_after_two_and_a_half_reports() -> None:
    bed = thermometer(report_s=30)
    bed.say({"temperature": 30.0})
    bed.driver.read()
    bed.later(75)
    assert nothing_new(bed)
    bed.later(1)
    assert fault(bed) == "silent"


def test_messages_without_the_field_are_no_reading_and_say_so_in_the_end() -> None:
    bed = thermometer(field="temprature", humidity="")
    for _ in range(6):
        bed.later(30)
        bed.say({"temperature": 30.0})
    assert fault(bed) == "no_field"


def test_a_sensor_that_reports_too_seldom_is_told(caplog: pytest.LogCaptureFixture) -> None:
    bed = thermometer()
    for minute in range(OFTEN + 1):
        bed.later(3000)
        bed.say({"temperature": 30.0 + minute})
        assert bed.driver.read() == Reading(30.0 + minute)
    bed.later(160)
    assert fault(bed) == "too_seldom"
    assert "reports each 50 min, which is too seldom" in caplog.text
    assert caplog.text.count("too seldom") == 1
    for _ in range(2):
        bed.later(30)
        bed.say({"temperature": 30.0})
        bed.driver.read()
    bed.later(160)
    assert fault(bed) == "silent"


def test_a_reading_that_waited_too_long_is_none() -> None:
    bed = thermometer()
    bed.say({"temperature": 33.0})
    bed.clock.sleep_machine(3_600_000)
    assert fault(bed) == "silent"


def test_a_broker_that_is_away_is_a_fault_and_what_came_before_is_gone() -> None:
    bed = thermometer(answers=False)
    assert fault(bed) == "no_broker"
    bed.hear(Up())
    assert nothing_new(bed)
    bed.say({"temperature": 30.0})
    bed.hear(Down())
    assert [fault(bed), fault(bed)] == ["no_broker"] * 2
    bed.hear(Up())
    assert nothing_new(bed)
    bed.hear(Down("refused"))
    bed.say({"temperature": 30.0})  # of the topics, one is heard and another is not
    assert fault(bed) == "refused"


def test_a_sensor_that_is_said_to_be_offline_is_gone_until_it_is_online() -> None:
    bed = thermometer(availability=[LIFE, "zigbee2mqtt/bridge/state"])
    bed.say("online", topic=LIFE, retained=True)
    bed.say({"temperature": 30.0})
    assert bed.driver.read() == Reading(30.0)
    bed.say({"state": "offline"}, topic="zigbee2mqtt/bridge/state")
    bed.say("offline", topic=LIFE)
    assert fault(bed) == "unavailable"
    bed.say({"state": "online"}, topic="zigbee2mqtt/bridge/state")
    bed.say({"temperature": 30.0})  # as a bridge publishes again what it had kept
    assert fault(bed) == "unavailable"
    bed.say("online", topic=LIFE)
    assert nothing_new(bed)
    bed.say({"temperature": 25.0})
    assert bed.driver.read() == Reading(25.0)


def test_a_flood_keeps_the_newest_and_shows_that_the_broker_is_there() -> None:
    bed = thermometer(answers=False)
    bed.hear(Up())
    for count in range(5000):
        bed.say({"temperature": count / 200})
    assert bed.driver.read() == Reading(4999 / 200)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"topic": "zigbee2mqtt/+"}, r"topic: one topic is expected, without \+ and #"),
        ({"topic": ""}, "topic: one topic is expected"),
        ({"availability": ["a/#"]}, r"availability\[0\]: one topic is expected"),
        ({"report_s": MOST_REPORT_S + 1}, r"report_s: 121\.0 is not allowed; allowed 1 to 120"),
        ({"field": "", "humidity": "h"}, "humidity: without `field`, it needs humidity_topic"),
        ({"field": "", "humidity": "", "time": "t"}, "time: a payload that is the value itself"),
        ({"broker": {"password": "hunter2"}}, r"broker\.password: no such key; known: host"),
        ({"broker": {"ca_file": "/none/ca.pem"}}, r"broker\.ca_file: /none/ca\.pem cannot be read"),
        ({"unit": "k"}, "unit: 'k' is not allowed; one of c, f"),
    ],
)
def test_what_cannot_be_right_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=rf"^sensors\.x\.{words}"):
        thermometer(**options)


VALUES = st.floats(-40, 120).map(lambda c: round(c, 2))
SENT = (
    st.binary(max_size=40)
    | st.text(max_size=10).map(str.encode)
    | VALUES.map(lambda c: json.dumps({"temperature": c}).encode())
    | st.fixed_dictionaries({"temperature": st.none() | st.text() | st.booleans()}).map(
        lambda said: json.dumps(said).encode()
    )
)
DONE = st.sampled_from(["up", "down", "offline", "online", "read", "later"])


@pytest.mark.slow
@given(st.lists(SENT | DONE, max_size=30))
def test_whatever_comes_a_reading_is_what_the_last_good_message_said(
    things: list[bytes | str],
) -> None:
    bed = thermometer(availability=[LIFE])
    newest: float | None = None
    for thing in (*things, "read"):
        if isinstance(thing, bytes):
            bed.say(thing)
            newest = _said(thing) if _said(thing) is not None else newest
        elif thing in ("up", "down"):
            bed.hear(Up() if thing == "up" else Down())
        elif thing in ("online", "offline"):
            bed.say(thing, topic=LIFE)
        elif thing == "later":
            bed.later(30)
        else:
            try:
                assert bed.driver.read().celsius == newest
            except (ReadFault, NothingNew):
                continue
            newest = None  # never twice


def _said(payload: bytes) -> float | None:
    try:
        return float(json.loads(payload)["temperature"])
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
