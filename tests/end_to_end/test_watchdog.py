"""What systemd hears of the real server and the real agent."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tomlkit import dumps as dump

from end_to_end.house import LEGWATCH, House, Process, wait_until


class Systemd:
    """Hears what a process says of itself."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(folder / "notify"))
        self._line.setblocking(False)
        self.env = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "2000000"}

    def hears(self, state: str, times: int = 1) -> bool:
        try:
            while True:
                self.said.append(self._line.recv(100).decode())
        except BlockingIOError:
            return self.said.count(state) >= times

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path)
    yield made
    made.close()


def test_the_server_says_that_it_is_up_well_and_ending(house: House, systemd: Systemd) -> None:
    house.broker()
    house.server_env = systemd.env
    server = house.server()
    wait_until(lambda: systemd.hears("WATCHDOG=1", 2), "the server's watchdog", 60)
    assert systemd.said[0] == "READY=1"
    assert server.stop() == 0
    assert systemd.hears("STOPPING=1")


def test_an_agent_whose_sensor_is_dead_is_well_as_long_as_it_makes_windows(
    tmp_path: Path, systemd: Systemd
) -> None:
    file, site = tmp_path / "agent.toml", tmp_path / "site"
    plugin(site)
    table = {
        "bed": "anna",
        "window_s": 1,
        "state_dir": str(tmp_path / "state"),
        "sensors": {"leg": {"driver": "dead"}},
    }
    file.write_text(dump(table))
    path = os.pathsep.join((str(site), os.environ.get("PYTHONPATH", "")))
    words = (*LEGWATCH, "agent", "--config", str(file))
    agent = Process(words, tmp_path / "agent.log", {**systemd.env, "PYTHONPATH": path})
    wait_until(lambda: systemd.hears("WATCHDOG=1", 3), "the agent's watchdog", 60)
    assert systemd.said[0] == "READY=1"
    assert "leg sensor: driver 'dead'" in agent.said()
    assert "driver_error" in agent.said()
    agent.stop()
    assert systemd.hears("STOPPING=1")


def plugin(site: Path) -> None:
    """Install drivers of a stranger: `dead` raises SystemExit, `busy` starts late."""
    info = site / "stranger-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    drivers = "dead = stranger:Dead\nbusy = stranger:Busy\n"
    (info / "entry_points.txt").write_text(f"[legwatch.thermometers]\n{drivers}")
    (site / "stranger.py").write_text(STRANGER)


STRANGER = """
import os, sys
from legwatch.errors import CannotRun
from legwatch_device.drivers import Reading
class Dead:
    def __init__(self, options): pass
    def read(self): sys.exit(1)
class Busy:
    def __init__(self, options):
        if not os.path.exists(os.environ["FREE"]): raise CannotRun("GPIO 4 is busy")
    def read(self): return Reading(30.0)
"""


@pytest.mark.usefixtures("mosquitto")
def test_a_busy_pin_and_a_taken_port_end_nothing_under_legwatch_up(tmp_path: Path) -> None:
    plugin(tmp_path / "site")
    agent, server, free = (tmp_path / name for name in ("agent.toml", "server.toml", "free"))
    sensors = {"leg": {"driver": "busy"}, "room": {"driver": "simulated"}}
    agent.write_text(dump({"bed": "anna", "window_s": 1, "sensors": sensors}))
    path = os.pathsep.join((str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server.write_text(dump({"http": {"port": port}}))
        words = ("--agent-config", str(agent), "--config", str(server))
        up = Process(
            (*LEGWATCH, "up", "--state", str(tmp_path / "state"), *words),
            tmp_path / "up.log",
            {"PYTHONPATH": path, "FREE": str(free)},
        )
        wait_until(lambda: "GPIO 4 is busy" in up.said(), "the busy pin", 60)
        wait_until(lambda: f"nothing listens on 127.0.0.1:{port}" in up.said(), "the port", 60)
        house = House(tmp_path)
        house.folder = tmp_path / "state"
        windows = "SELECT count(*) FROM windows WHERE room_c IS NOT NULL"
        wait_until(lambda: (house.rows(windows) or [(0,)])[0][0] > 2, "the other sensor", 60)
        assert up.code is None
    free.touch()
    log = tmp_path / "state" / "logs"
    wait_until(lambda: "leg sensor: works now" in (log / "agent.log").read_text(), "the pin", 90)
    listens = f"the server listens on 127.0.0.1:{port} now"
    wait_until(lambda: listens in (log / "server.log").read_text(), "the port", 90)
    assert up.said().count("GPIO 4 is busy") == 1
    up.stop()
