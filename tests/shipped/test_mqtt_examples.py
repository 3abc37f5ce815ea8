"""The examples for sensors of MQTT: each is a good file, and reads what such sensors send.

The payloads are made here, after what the programs document; none was recorded from a device.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from device.drivers.published import Published
from legwatch.__main__ import main as legwatch
from legwatch.contract.roles import ROLES
from legwatch_device.drivers import MotionSample, Reading
from repository import REPO, not_installed

EXAMPLES = sorted((REPO / "config/mqtt").glob("*.toml"))
GROUPS = {role.name: role.group.removeprefix("legwatch.") for role in ROLES}
AT_MS = 1_767_394_800_000  # of the clock of `Published`
ZIGBEE = {"battery": 91, "linkquality": 123, "voltage": 2985, "last_seen": AT_MS}
AIR = {"temperature": 30.41, "humidity": 51.2, **ZIGBEE}
TASMOTA = {
    "Time": "2026-01-02T23:00:00",
    "SHT3X": {"Temperature": 30.4, "Humidity": 51.2, "DewPoint": 19.1},
    "TempUnit": "C",
}
SENT: dict[str, dict[str, tuple[list[object], object]]] = {
    "zigbee2mqtt": {
        "leg": ([AIR], Reading(30.41, 51.2)),
        "room": ([AIR], Reading(30.41, 51.2)),
        "movement": (
            [
                {"action": "vibration", **ZIGBEE},
                {"action": "", **ZIGBEE},
                {"strength": 9, **ZIGBEE},
            ],
            MotionSample(1),
        ),
    },
    "esphome": {
        "leg": (["30.41"], Reading(30.41)),
        "room": (["30.41"], Reading(30.41)),
        "movement": (["ON", "OFF"], MotionSample(1, 0.0, 0.0)),
        "presence": (["ON"], True),
    },
    "tasmota": {
        "leg": ([TASMOTA], Reading(30.4, 51.2)),
        "room": ([TASMOTA], Reading(30.4, 51.2)),
        "movement": (
            [{"Switch1": {"Action": "ON"}}, {"Switch1": {"Action": "OFF"}}, {"POWER": "ON"}],
            MotionSample(1, 0.0, 0.0),
        ),
    },
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_good_file(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = not_installed(
        path.read_text().replace('"bed1"\n', f'"bed1"\nstate_dir = "{tmp_path}"\n', 1)
    )
    copy = tmp_path / path.name
    copy.write_text(text)
    assert legwatch(["check-config", str(copy)]) == 0
    assert f"{path.name}: good (agent: bed bed1" in capsys.readouterr().out


def test_every_example_is_tried() -> None:
    assert {path.stem for path in EXAMPLES} == SENT.keys()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_reads_what_its_sensors_send(path: Path) -> None:
    sensors: dict[str, Any] = tomllib.loads(path.read_text())["sensors"]
    assert sensors.keys() == SENT[path.stem].keys()
    for role, (said, found) in SENT[path.stem].items():
        table = {key: value for key, value in sensors[role].items() if key != "driver"}
        sensor = Published(GROUPS[role], table)
        for one in said:
            sensor.say(one, topic=table["topic"])
        ask = {"thermometers": "read", "motion": "seen", "presence": "present"}[GROUPS[role]]
        assert getattr(sensor.driver, ask)() == found, role
        assert sensor.broker.user == "legwatch-sensors"
