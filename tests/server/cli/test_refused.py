"""What would fail at night is refused by day: one sentence that names the key, and no traceback."""

import contextlib
import io
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main as legwatch
from legwatch.contract.topics import Channel, topic
from legwatch.settings import load
from legwatch_server.notify.known_beds import unknown_shifts
from legwatch_server.settings import ServerSettings
from server.ward import open_ward

SUBSCRIPTION = '{"endpoint": "x", "keys": {}}'


def checked(folder: Path, kind: str, table: Mapping[str, Any]) -> tuple[int, list[str]]:
    """Check a settings file; return the exit code and the lines of what is wrong with it."""
    file = folder / f"{kind}.toml"
    file.write_text(dumps(dict(table)))
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = legwatch(["check-config", str(file), "--as", kind])
    return code, said.getvalue().splitlines()


def refuses(folder: Path, kind: str, table: Mapping[str, Any], words: str) -> None:
    """Assert that exactly one thing is wrong, and that it is said in these words."""
    code, said = checked(folder, kind, table)
    assert code == 2, said
    assert len(said) == 1, said
    assert words in said[0]


# ---- the pins of the board

LEG = {"driver": "dht22", "pin": 4}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            {"sensors": {"leg": {"driver": "dht22"}}},
            "sensors.leg.pin: this key must be given: GPIO number (BCM); allowed 0 to 27",
        ),
        (
            {"sensors": {"movement": {"driver": "gpio_motion"}}},
            "sensors.movement.pin: this key must be given",
        ),
        (
            {"sensors": {"presence": {"driver": "gpio_presence"}}},
            "sensors.presence.pin: this key must be given",
        ),
        ({"button": {"driver": "gpio_button"}}, "button.pin: this key must be given"),
        ({"signal": {"driver": "gpio"}}, "signal: a lamp_pin or a buzzer_pin is needed"),
        ({"sensors": {"leg": {**LEG, "pin": 28}}}, "sensors.leg.pin: 28 is not allowed"),
        ({"sensors": {"leg": {**LEG, "pin": "GPIO4"}}}, "sensors.leg.pin: a whole number"),
        (
            {"sensors": {"leg": LEG, "room": LEG}},
            "sensors.room.pin: GPIO 4 is taken by sensors.leg.pin; each needs its own",
        ),
        (
            {"sensors": {"leg": LEG}, "button": {"driver": "gpio_button", "pin": 4}},
            "button.pin: GPIO 4 is taken by sensors.leg.pin",
        ),
        (
            {"sensors": {"leg": LEG}, "signal": {"driver": "gpio", "buzzer_pin": 4}},
            "signal.buzzer_pin: GPIO 4 is taken by sensors.leg.pin",
        ),
        (
            {"signal": {"driver": "gpio", "lamp_pin": 4, "buzzer_pin": 4}},
            "signal.buzzer_pin: GPIO 4 is taken by signal.lamp_pin",
        ),
    ],
)
def test_a_pin_is_given_once_and_is_on_the_board(
    tmp_path: Path, table: dict[str, Any], words: str
) -> None:
    refuses(tmp_path, "agent", {"bed": "anna", **table}, words)


SHT = {"driver": "sht4x"}
ONE_WIRE = {"driver": "ds18b20"}
ZIGBEE = {"driver": "mqtt", "topic": "home/air", "field": "temperature", "same_is_new": True}
FOLDER = "28-00000a1b2c3d"


@pytest.mark.parametrize(
    ("leg", "room", "words"),
    [
        (
            SHT,
            {"driver": "sht3x"},
            (
                "sensors.room.address: address 68 of I2C bus 1 is taken by sensors.leg.address;"
                " each needs its own"
            ),
        ),
        (SHT, {**SHT, "address": 69}, ""),
        (SHT, {**SHT, "bus": 3}, ""),
        (
            ONE_WIRE,
            ONE_WIRE,
            "room.id: the only DS18B20 is taken by sensors.leg.id; each needs its own",
        ),
        (
            ONE_WIRE,
            {**ONE_WIRE, "id": FOLDER},
            "the only DS18B20 is taken by sensors.leg.id, and here it is one of several",
        ),
        (
            {**ONE_WIRE, "id": FOLDER},
            {**ONE_WIRE, "id": FOLDER},
            f"room.id: the DS18B20 {FOLDER} is taken by sensors.leg.id; each needs its own",
        ),
        ({**ONE_WIRE, "id": FOLDER}, {**ONE_WIRE, "id": f"{FOLDER[:-1]}e"}, ""),
        (
            {"driver": "dht_iio"},
            {"driver": "dht_iio"},
            "room.pin: the only DHT22 of the kernel is taken by sensors.leg.pin; each needs its",
        ),
        (
            {"driver": "dht_iio", "device": "iio:device0"},
            {"driver": "dht_iio", "device": "iio:device0"},
            "room.device: the sensor iio:device0 is taken by sensors.leg.device; each needs its",
        ),
        ({"driver": "dht_iio", "pin": 4}, {"driver": "dht_iio", "pin": 17}, ""),
        ({"driver": "dht_iio", "pin": 4}, LEG, "GPIO 4 is taken by sensors.leg.pin"),
        (SHT, {**LEG, "pin": 2}, "GPIO 2 is taken by sensors.leg.bus as I2C bus 1; each needs its"),
        ({**SHT, "bus": 3}, {**LEG, "pin": 2}, ""),
        (
            ZIGBEE,
            ZIGBEE,
            "room.topic: temperature in home/air at 127.0.0.1:1883 is taken by sensors.leg.topic",
        ),
        (ZIGBEE, {**ZIGBEE, "field": "outside"}, ""),
        ({**LEG, "power_pin": 4}, ONE_WIRE, "GPIO 4 is taken by sensors.leg.pin"),
    ],
)
def test_two_places_have_two_thermometers(
    tmp_path: Path, leg: dict[str, Any], room: dict[str, Any], words: str
) -> None:
    sensors = {"leg": leg, "room": room, "movement": {"driver": "gpio_motion", "pin": 27}}
    table = {"bed": "anna", "sensors": sensors}
    if words:
        refuses(tmp_path, "agent", table, words)
    else:
        assert checked(tmp_path, "agent", table) == (0, [])


def test_four_devices_on_one_pin_are_three_too_many(tmp_path: Path) -> None:
    sensors = {
        "leg": LEG,
        "room": LEG,
        "movement": {"driver": "gpio_motion", "pin": 4},
        "presence": {"driver": "gpio_presence", "pin": 4},
    }
    code, said = checked(tmp_path, "agent", {"bed": "anna", "sensors": sensors})
    assert (code, len(said)) == (2, 3)
    assert all("GPIO 4 is taken by sensors.leg.pin" in line for line in said)


def test_a_driver_without_hardware_takes_no_pin(tmp_path: Path) -> None:
    table = {"driver": "simulated", "pin": 4}
    sensors = {"leg": table, "room": table, "movement": {"driver": "gpio_motion", "pin": 4}}
    assert checked(tmp_path, "agent", {"bed": "anna", "sensors": sensors}) == (0, [])


# ---- files that are named


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "recording.file: {file} is not there"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "recording.file: {file}"),
        (b"", "recording.file: {file}"),
    ],
)
def test_a_recording_must_exist_and_be_one(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "night.csv"
    if content is not None:
        file.write_bytes(content)
    table = {"bed": "anna", "recording": {"file": str(file)}}
    refuses(tmp_path, "agent", table, words.format(file=file))


def test_a_recording_is_looked_for_where_the_agent_would_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = {"bed": "anna", "recording": {"file": "night.csv"}}
    refuses(tmp_path, "agent", table, f"recording.file: {tmp_path}/night.csv is not there")


@pytest.mark.parametrize("kind", ["agent", "server"])
@pytest.mark.parametrize("below", ["", "/below"])
def test_a_state_folder_is_no_file(tmp_path: Path, kind: str, below: str) -> None:
    (tmp_path / "taken").write_text("")
    table = {"state_dir": f"{tmp_path}/taken{below}"}
    table |= {"bed": "anna"} if kind == "agent" else {"zone": "UTC"}
    refuses(tmp_path, kind, table, f"state_dir: {tmp_path}/taken is a file, and no folder")


# ---- channels and their addresses

TOPIC = "a topic is 1-64 letters, digits, - and _"
KEY = "a user or group key of Pushover is 30 letters and digits"


@pytest.mark.parametrize(
    ("channel", "address", "words"),
    [
        ("ntfy", "my bed", TOPIC),
        ("ntfy", "https://ntfy.sh/my-bed", TOPIC),
        ("ntfy", "a" * 65, TOPIC),
        ("ntfy", "bett-müller", TOPIC),
        ("ntfy", "a/b", TOPIC),
        ("ntfy", "bed\n", TOPIC),
        ("pushover", "her user key", KEY),
        ("pushover", "u" * 29, KEY),
        ("pushover", "u" * 29 + "-", KEY),
        ("webpush", SUBSCRIPTION, "a browser's subscription is expected"),
        ("webpush", "/nowhere/subscription.json", "No such file"),
        ("webpush", "", "the browser's subscription is missing"),
        ("apprise", "pigeon://roof", "not one Apprise URL"),
        ("apprise", "legwatch", "not one Apprise URL"),
        ("apprise", "", "an Apprise URL must be given"),
        ("apprise", "env:NOT_SET_ANYWHERE", "NOT_SET_ANYWHERE is not set"),
        ("mqtt", "Bed One", "bed 'Bed One' is not"),
    ],
)
@pytest.mark.parametrize("way", ["channels", "quiet"])
def test_an_address_that_the_service_would_refuse(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    channel: str,
    address: str,
    words: str,
    way: str,
) -> None:
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", "a" * 30)
    bert = {"channels": ["console"], way: [channel], "address": {channel: address}}
    code, said = checked(tmp_path, "server", {"zone": "UTC", "people": {"bert": bert}})
    assert (code, len(said)) == (2, 1), said
    key = "push.apprise.url" if not address and channel == "apprise" else None
    assert f"{key or f'people.bert.address.{channel}'}: " in said[0]
    assert words in said[0]


def pushed(name: str, **table: str) -> dict[str, Any]:
    """Return settings whose people have one channel, with these keys."""
    topic = {"topic": "legs"} if name == "ntfy" and "topic" not in table else {}
    user = {"user": "u" * 30} if name == "pushover" and "user" not in table else {}
    return {"zone": "UTC", "push": {"channels": [name], name: {**topic, **user, **table}}}


NO_ADDRESS = "an address with http:// or https:// is expected"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pushed("ntfy", topic="my bed"), f"push.ntfy.topic: {TOPIC}"),
        (pushed("ntfy", url="ntfy.sh"), f"push.ntfy.url: {NO_ADDRESS}"),
        (pushed("ntfy", url="https://ntfy.sh/legs"), "push.ntfy.url: only the root"),
        (pushed("ntfy", url="https:// ntfy.sh"), "push.ntfy.url: an address has no spaces"),
        (pushed("ntfy", url="https://me:pw@ntfy.sh"), "push.ntfy.url: user and password"),
        (pushed("ntfy", url="https://ntfy.sh:99999"), "push.ntfy.url: no address: Port out of"),
        (pushed("ntfy", url="https://"), f"push.ntfy.url: {NO_ADDRESS}"),
        (pushed("ntfy", url=""), f"push.ntfy.url: {NO_ADDRESS}"),
        (pushed("pushover", user="x"), f"push.pushover.user: {KEY}"),
        (pushed("pushover", url="api.pushover.net"), f"push.pushover.url: {NO_ADDRESS}"),
        (pushed("apprise", url="mailto:me"), "push.apprise.url: not one Apprise URL"),
        ({"push": {"ntfy": {"topic": "a b"}}}, f"push.ntfy.topic: {TOPIC}"),  # nobody uses it yet
        ({"push": {"webpush": {"contact": "me"}}}, "push.webpush.contact: mailto: or https:// is"),
        ({"push": {"channels": ["Ntfy"]}}, "push.channels: no channel 'Ntfy'; installed: "),
        ({"answers": {"url": "legs.example.org"}}, f"answers.url: {NO_ADDRESS}"),
        ({"answers": {"url": "https://legs example"}}, "answers.url: an address has no spaces"),
        ({"heartbeat": {"url": "hc-ping.com/x"}}, f"heartbeat.url: {NO_ADDRESS}"),
        ({"heartbeat": {"url": "https://a..b/x"}}, "heartbeat.url: no machine can have this name"),
        ({"history": {"url": "influx:8086"}}, f"history.url: {NO_ADDRESS}"),
        ({"history": {"bucket": ""}}, "history.bucket: a text that is not empty is expected"),
        ({"mqtt": {"host": "mqtt://broker"}}, "mqtt.host: only a name or an address is expected"),
        ({"mqtt": {"host": "broker:1883"}}, "mqtt.host: only a name or an address is expected"),
        ({"mqtt": {"host": ""}}, "mqtt.host: only a name or an address is expected"),
        ({"mqtt": {"host": "a" * 70}}, "mqtt.host: no machine can have this name"),
        ({"mqtt": {"client_id": ""}}, "mqtt.client_id: a text that is not empty is expected"),
        ({"http": {"host": "127.0.0.1:8321"}}, "http.host: only a name or an address"),
        ({"http": {"port": 1883}}, "http.port: 1883 is the port of the broker (mqtt.port)"),
        ({"state_dir": ""}, "state_dir: a text that is not empty is expected"),
        ({"rehearsal": {"at": "25:00"}}, "rehearsal.at: '25:00' is not a time like 20:30"),
        ({"rehearsal": {"at": "20"}}, "rehearsal.at: '20' is not a time like 20:30"),
        ({"rehearsal": {"at": "20:30Z"}}, "rehearsal.at: '20:30Z' is not a time like 20:30"),
        ({"rehearsal": {"confirm": "Sun"}}, "rehearsal.confirm: one of mon, tue, "),
    ],
)
def test_a_text_that_no_service_can_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: dict[str, Any], words: str
) -> None:
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", "a" * 30)
    refuses(tmp_path, "server", {"zone": "UTC", **table}, words)


@pytest.mark.parametrize(
    ("name", "value", "channel"),
    [
        ("LEGWATCH_PUSHOVER_TOKEN", "app token", "pushover"),
        ("LEGWATCH_NTFY_TOKEN", "my token", "ntfy"),
        ("LEGWATCH_NTFY_TOKEN", "tökens", "ntfy"),
        ("LEGWATCH_NTFY_TOKEN_FILE", "/nowhere/token", "ntfy"),
        ("LEGWATCH_NTFY_TOKEN_FILE", "/etc", "ntfy"),
        ("LEGWATCH_MQTT_PASSWORD_FILE", "/nowhere/password", "console"),
        ("LEGWATCH_ANSWER_KEY_FILE", "/nowhere/key", "console"),
        ("LEGWATCH_INFLUX_TOKEN", "my token", "history"),
        ("LEGWATCH_INFLUX_TOKEN_FILE", "/nowhere/token", "history"),
    ],
)
def test_a_token_that_no_service_can_have_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, channel: str
) -> None:
    monkeypatch.delenv("LEGWATCH_PUSHOVER_TOKEN", raising=False)
    monkeypatch.setenv(name, value)
    table = {"zone": "UTC", "history": {"enabled": True}}
    refuses(tmp_path, "server", table if channel == "history" else pushed(channel), name)


@pytest.mark.parametrize("url", ["http://[::1]:8321/x", "HTTPS://ntfy.sh/", "http://10.0.0.2:80"])
def test_an_address_that_can_be_reached_is_good(tmp_path: Path, url: str) -> None:
    assert checked(tmp_path, "server", {"zone": "UTC", "answers": {"url": url}}) == (0, [])


# ---- limits against each other


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"clear_c": 26.0}, "warmth.clear_c: 26 is less than warmth.plain_c (26.5); else an alert"),
        ({"clear_c": 27.0}, "warmth.clear_c: 27 is less than warmth.warn_c (28)"),
        (
            {"plain_c": 29.0, "clear_c": 28.0, "clear_near_c": 29.0},
            "warmth.clear_c: 28 is less than warmth.plain_c (29)",
        ),
        ({"warn_c": 30.0}, "warmth.warn_c: 30 is more than warmth.clear_c (29)"),
        ({"clear_near_c": 25.0}, "warmth.clear_near_c: 25 is less than warmth.plain_c (26.5)"),
        (
            {"clear_near_c": 27.0, "cold_room_c": 16.0},
            "warmth.clear_near_c: 27 is less than warmth.warn_c (28)",
        ),
        ({"warn_c": 30.0, "clear_c": 31.0, "covered_c": 29.0}, "warmth.covered_c: 29 is less than"),
        ({"urgent_c": 26.0}, "warmth.urgent_c: 26 is more than warmth.urgent_clear_c (25.5)"),
        (
            {"plain_c": 23.0},
            "warmth.plain_c: 23 is less than warmth.urgent_c (24); else the urgent",
        ),
        (
            {"urgent_c": 25.0, "warn_c": 24.0, "urgent_clear_c": 26.0},
            "warmth.warn_c: 24 is less than warmth.urgent_c (25)",
        ),
        ({"settle_return_s": 3000}, "warmth.settle_return_s: 3000 is more than warmth.settle_s"),
        ({"stillness.warn_s": 18000}, "stillness.warn_s: 18000 is more than stillness.urgent_s"),
        (
            {"stillness.urgent_s": 7200, "stillness.warn_s": 9000},
            "stillness.urgent_s: 7200 is less",
        ),
        ({"care.warn_s": 10800, "care.urgent_s": 7200}, "care.urgent_s: 7200 is less than"),
        ({"night.from_h": 12, "night.to_h": 12}, "night.from_h: a night from 12 to 12 h has no ho"),
    ],
)
@pytest.mark.parametrize("where", ["all beds", "one bed"])
def test_limits_that_contradict_each_other(
    tmp_path: Path, rules: dict[str, float], words: str, where: str
) -> None:
    own = {key if "." in key else f"warmth.{key}": value for key, value in rules.items()}
    table: dict[str, Any] = (
        {"rules": own} if where == "all beds" else {"beds": {"b": {"rules": own}}}
    )
    # Each limit is named by the key that its owner has typed, or would type.
    mine, all_beds = "rules." if where == "all beds" else "beds.b.rules.", "rules."
    said = re.sub(
        r"\b(warmth|stillness|care|night)\.\w+",
        lambda found: f"{mine if found[0] in own else all_beds}{found[0]}",
        words,
    )
    refuses(tmp_path, "server", {"zone": "UTC", **table}, said)


@pytest.mark.parametrize("profile", ["standard", "at_risk"])
@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"warmth.warn_c": 26.0},
        {"warmth.plain_c": 24.0, "warmth.cold_start_c": 24.0},  # as `legwatch learned` proposes
        {"stillness.warn_s": 14400},
        {"stillness.warn_s": 0, "stillness.urgent_s": 0},
        {"care.warn_s": 10800},  # without an urgent limit
        {"warmth.clear_c": 28.0},
    ],
)
def test_limits_that_fit_each_other_are_good(
    tmp_path: Path, profile: str, rules: dict[str, float]
) -> None:
    if profile == "at_risk" and rules.get("warmth.plain_c") == 24.0:
        rules = {**rules, "warmth.plain_c": 25.5}
    table = {"zone": "UTC", "profile": profile, "rules": rules}
    assert checked(tmp_path, "server", table) == (0, [])


def test_a_beds_own_limit_is_laid_over_those_of_all(tmp_path: Path) -> None:
    table = {
        "zone": "UTC",
        "rules": {"warmth.clear_c": 30.0, "warmth.warn_c": 29.0, "warmth.clear_near_c": 29.0},
        "beds": {"a": {"rules": {"warmth.clear_c": 28.0}}, "b": {"profile": "at_risk"}},
    }
    words = "beds.a.rules.warmth.clear_c: 28 is less than rules.warmth.warn_c (29)"
    refuses(tmp_path, "server", table, words)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("health.agent_s", 30, "{}health.agent_s: 30 is not allowed; allowed "),
        ("health.agent_s", "soon", "{}health.agent_s: a whole number is expected"),
        ("health.agents_s", 900, "{0}health.agents_s: no such limit; perhaps {0}health.agent_s"),
    ],
)
@pytest.mark.parametrize("table", ["rules.", "beds.b.rules."])
def test_a_wrong_limit_is_named_by_the_key_that_is_typed(
    tmp_path: Path, key: str, value: object, words: str, table: str
) -> None:
    rules = {"rules": {key: value}}
    own = rules if table == "rules." else {"beds": {"b": rules}}
    refuses(tmp_path, "server", {"zone": "UTC", **own}, f": {words.format(table)}")


def test_settings_set_answers_with_the_key_that_was_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text(dumps({"zone": "UTC", "state_dir": f"{tmp_path}/state"}))
    change = ["settings", "set", "rules.health.agent_s", "30", "--config", str(file)]
    assert legwatch(change) == 2
    assert "rules.health.agent_s: 30 is not allowed; allowed" in capsys.readouterr().err


# ---- people, roster and beds

ANNA, BERT = {"beds": ["left"]}, {"beds": ["right"]}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            {"people": {"anna": {}}, "roster": [{"people": ["anna"], "beds": ["cellar"]}]},
            "roster[0].beds: no bed 'cellar' has been heard yet; write [beds.cellar]",
        ),
        (
            {"people": {"anna": {}}, "roster": [{"people": ["anan"]}]},
            "roster[0].people: nobody is called 'anan'; known: anna",
        ),
        (
            {"people": {"anna": {}}, "roster": [{"people": ["anna", "anna"]}]},
            "roster[0].people: each name is expected once",
        ),
        (
            {"people": {"anna": {}}, "roster": [{"people": ["anna"], "nights": ["Sun"]}]},
            "roster[0].nights: 'Sun': one of mon, tue,",
        ),
        (
            {
                "people": {"anna": ANNA, "bert": BERT},
                "roster": [{"people": ["anna"], "beds": ["right"]}],
            },
            "roster[0].people: none of them watches bed 'right'",
        ),
        (
            {
                "people": {"anna": ANNA, "bert": BERT},
                "roster": [{"people": ["anna", "bert"], "beds": ["left"]}],
            },
            "roster[0].people: 'bert' watches none of the beds of the shift",
        ),
        (
            {"people": {"anna": ANNA}, "beds": {"left": {}, "right": {}}},
            "beds.right: nobody watches bed 'right'",
        ),
        (
            {"people": {"anna": {"beds": ["Left Bed"]}}},
            "people.anna.beds: bed 'Left Bed' is not 1-32",
        ),
        ({"beds": {"Left Bed": {}}}, "beds.Left Bed: bed 'Left Bed' is not 1-32 characters"),
        ({"beds": {"left": {"profile": "brave"}}}, "profile: 'brave' is unknown; known: at_risk"),
        ({"beds": {"left": {"zone": "Mars/X"}}}, "beds.left.zone: 'Mars/X' is not a time zone"),
        (
            {"people": {"anna": {"address": {"nfty": "legs"}}}},
            "people.anna.address.nfty: no such key; known: apprise, console, ",
        ),
        (
            {"people": {"anna": {"channels": ["console", "console"]}}},
            "people.anna.channels: 'console' is named twice",
        ),
        (
            {"people": {"anna": {"channels": ["console"], "quiet": ["ntfy"]}}},
            "people.anna.address.ntfy: a topic must be given",
        ),
    ],
)
def test_a_person_or_a_bed_that_does_not_exist(
    tmp_path: Path, table: dict[str, Any], words: str
) -> None:
    table = {"zone": "UTC", "state_dir": f"{tmp_path}/state", **table}
    refuses(tmp_path, "server", table, words)


def test_first_and_last_night_are_in_order(tmp_path: Path) -> None:
    shift = {"people": ["anna"], "first": date(2026, 12, 24), "last": date(2026, 12, 23)}
    table = {"zone": "UTC", "people": {"anna": {}}, "roster": [shift]}
    refuses(tmp_path, "server", table, "roster[0].last: lies before `first`")


def test_the_same_misspelt_bed_in_people_and_roster_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = {"anna": {"beds": ["celar"]}}
    shift = {"people": ["anna"], "beds": ["celar"]}
    file = tmp_path / "server.toml"
    table = {"zone": "UTC", "state_dir": f"{tmp_path}/state", "people": people, "roster": [shift]}
    file.write_text(dumps(table))
    assert legwatch(["check-config", str(file)]) == 0
    assert "look again: people.anna.beds: no bed 'celar' has been heard" in capsys.readouterr().out


@pytest.mark.parametrize("early", [True, False])
def test_a_choice_on_the_early_sign_under_a_carer_is_said_to_do_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], early: bool
) -> None:
    people = {"anna": {"role": "sleeper", "early": early}, "bert": {"early": early}, "cleo": {}}
    file = tmp_path / "server.toml"
    file.write_text(dumps({"zone": "UTC", "state_dir": f"{tmp_path}/state", "people": people}))
    assert legwatch(["check-config", str(file)]) == 0
    said = capsys.readouterr().out
    assert "look again: people.bert.early: does nothing: only a sleeper is shown the sign" in said
    assert "look again: push.channels: all are told in the server's log only" in said
    assert said.count("look again") == 2


def test_a_bed_that_was_heard_or_is_watched_may_be_in_the_roster(tmp_path: Path) -> None:
    shift = {"people": ["anna"], "beds": ["cellar"]}
    more: dict[str, Any]
    for more in ({"beds": {"cellar": {}}}, {"people": {"anna": {"beds": ["cellar"]}}}):
        table = {"zone": "UTC", "people": {"anna": {}}, "roster": [shift], **more}
        assert checked(tmp_path, "server", table) == (0, [])
    (tmp_path / "state").mkdir()
    ward = open_ward(tmp_path / "state")
    ward.turn([ward.message(topic("cellar", Channel.STATUS), b"online")])
    ward.close()
    table = {"zone": "UTC", "people": {"anna": {}}, "roster": [shift]}
    assert checked(tmp_path, "server", {**table, "state_dir": f"{tmp_path}/state"}) == (0, [])


def test_the_server_does_not_start_with_what_check_config_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    wrong = {"rules": {"warmth.clear_c": 26.0}}
    table = {"zone": "UTC", "state_dir": f"{tmp_path}/state", "http": {"port": 0}, **wrong}
    file.write_text(dumps(table))
    assert legwatch(["server", "--config", str(file)]) == 2
    words = "rules.warmth.clear_c: 26 is less than rules.warmth.plain_c"
    assert words in capsys.readouterr().err


def test_a_shift_for_a_bed_that_a_new_store_has_not_heard_keeps_no_other_bed_unwatched(
    tmp_path: Path,
) -> None:
    shift = {"people": ["anna"], "beds": ["cellar"]}
    settings = load(ServerSettings, {"people": {"anna": {}}, "roster": [shift]})
    (error,) = unknown_shifts(settings, frozenset())
    assert str(error).startswith("roster[0].beds: no bed 'cellar' has been heard yet; write")
    assert list(unknown_shifts(settings, {"cellar"})) == []
    table = {"zone": "UTC", "state_dir": f"{tmp_path}/state", "people": {"anna": {}}}
    code, _said = checked(tmp_path, "server", {**table, "roster": [shift]})
    assert code == 2


def test_a_bed_that_one_person_names_and_nobody_knows_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    anna: dict[str, Any] = {"beds": ["lfet"], "channels": ["ntfy", "mqtt"]}
    anna["address"] = {"mqtt": "rihgt", "ntfy": "of-anna"}
    people = {"anna": anna, "bert": {"channels": ["ntfy"], "address": {"ntfy": "of-bert"}}}
    table = {"zone": "UTC", "state_dir": f"{tmp_path}/state", "people": people}
    file.write_text(dumps({**table, "beds": {"left": {}}}))
    assert legwatch(["check-config", str(file)]) == 0
    said = capsys.readouterr().out
    assert "look again: people.anna.beds: no bed 'lfet' has been heard yet; write" in said
    assert "look again: people.anna.address.mqtt: no bed 'rihgt' has been heard yet" in said
    file.write_text(dumps({**table, "beds": {"lfet": {}, "rihgt": {}}}))
    assert legwatch(["check-config", str(file)]) == 0
    assert "look again" not in capsys.readouterr().out
