"""One part of the real server or agent that cannot start takes nothing else with it."""

import os
import socket
from pathlib import Path

import pytest
from tomlkit import dumps as dump

from end_to_end.house import LEGWATCH, PASSWORD, House, Phones, wait_until, write_night
from legwatch.testing import night, uncovering


def test_a_taken_port_stops_no_push(house: House, phones: Phones) -> None:
    cold = night(leg=uncovering((100, 160), uncovered_c=22), moves=lambda _: 0, minutes=160)
    file = write_night(cold, house.folder / "night.csv")
    house.broker()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", house.http_port))
        taken.listen()
        house.write_server(
            rules={"alerts.learn_nights": 0},
            push={"channels": ["ntfy"], "ntfy": {"url": phones.url, "topic": "legs"}},
        )
        server = house.server()
        house.agent("anna", file)
        urgent = 5
        wait_until(
            lambda: any(body.get("priority") == urgent for body in phones.bodies),
            "an urgent push",
            60,
        )
    said = f"nothing listens on 127.0.0.1:{house.http_port} ([http] host and port)"
    assert server.said().count(said) == 1
    assert server.code is None


DRIVERS = """
import sys, time
from legwatch_device.drivers import Reading
class NotANumber:
    def __init__(self, options): pass
    def read(self): return Reading(float("nan"))
class Hangs:
    def __init__(self, options): time.sleep(1000)
    def read(self): pass
class Exits:
    def __init__(self, options): sys.exit(1)
    def light(self, level): pass
    sound = blink = calm = light
"""


@pytest.fixture
def site(tmp_path: Path) -> str:
    """Install drivers of a stranger, each with a fault of its own; return PYTHONPATH."""
    site = tmp_path / "site"
    info = site / "stranger-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[legwatch.thermometers]\nnot_a_number = stranger:NotANumber\nhangs = stranger:Hangs\n"
        "[legwatch.motion]\ngone = a_module_that_is_gone:Motion\n"
        "[legwatch.signals]\nexits = stranger:Exits\n"
    )
    (site / "stranger.py").write_text(DRIVERS)
    return os.pathsep.join((str(site), os.environ.get("PYTHONPATH", "")))


def test_a_driver_that_hangs_one_that_exits_and_one_that_gives_nonsense_are_told(
    house: House, site: str
) -> None:
    house.broker()
    house.server()
    file = house.folder / "agent.toml"
    table = {
        "bed": "berta",
        "window_s": 1,
        "clock": "trusted",
        "state_dir": str(house.folder / "agent"),
        "mqtt": house._way(),
        "sensors": {
            "leg": {"driver": "not_a_number"},
            "room": {"driver": "hangs"},
            "movement": {"driver": "gone"},
        },
        "signal": {"driver": "exits"},
    }
    file.write_text(dump(table))
    env = {"LEGWATCH_MQTT_PASSWORD": PASSWORD, "PYTHONPATH": site}
    agent = house._start((*LEGWATCH, "agent", "--config", str(file)), "agent", env)
    wait_until(lambda: house.count("windows") > 3 or agent.code is not None, "windows", 90)
    assert agent.code is None, agent.said()
    faults = {fault for (fault,) in house.rows("SELECT faults FROM windows")}
    assert any("leg:out_of_range" in fault for fault in faults)
    assert all("room:cannot_start" in fault for fault in faults)
    assert all("movement:cannot_start" in fault for fault in faults)
    said = agent.said()
    for word in (
        "leg sensor: ",
        "room sensor: driver 'hangs' (",
        "hangs in its start",
        "SystemExit",
        "of stranger 1)",
    ):
        assert word in said
    assert agent.stop() == 0
