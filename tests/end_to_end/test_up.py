"""`legwatch up`: a made night within a minute and a half, a clean end, and nobody left behind."""

import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps as dump

from end_to_end.house import LEGWATCH, Process, free_port, wait_until


class Up(Process):
    """`legwatch up` on a folder of its own."""

    def __init__(self, folder: Path, *words: str, env: Mapping[str, str] | None = None) -> None:
        words = (*LEGWATCH, "up", "--state", str(folder / "state"), *words)
        super().__init__(words, folder / "up.log", env)

    def children(self) -> list[int]:
        return children_of(self.pid)


def children_of(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, task.read_text().split())
    return found + [grand for child in found for grand in children_of(child)]


def alive(pids: list[int]) -> list[int]:
    def is_alive(pid: int) -> bool:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    return [pid for pid in pids if is_alive(pid)]


@pytest.fixture
def up(tmp_path: Path, mosquitto: None) -> Iterator[Up]:
    process = Up(tmp_path)
    yield process
    process.signal(signal.SIGTERM)
    process.wait(10)


def three_children(up: Up) -> list[int]:
    wait_until(lambda: len(children_of(up.pid)) >= 3, "three children", 30)
    time.sleep(0.5)  # their own start; they have no door of their own to knock at
    children = up.children()
    assert len(children) >= 3, up.said()  # of none at all, everything could be said
    return children


def test_the_first_alert_and_its_all_clear_show_within_a_minute_and_a_half(up: Up) -> None:
    begun_s = time.monotonic()
    wait_until(lambda: "No sensors are configured" in up.said(), "the word that it is a demo", 15)
    assert "Nothing here is a real bed" in up.said()
    wait_until(lambda: "Your legs may be cold" in up.said(), "the first alert", 105)
    wait_until(lambda: "Warm again by your legs" in up.said(), "its all-clear", 105)
    assert time.monotonic() - begun_s < 105
    assert "Traceback" not in up.said()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_end_it_ends_within_three_seconds(up: Up, number: int) -> None:
    children = three_children(up)
    assert children
    begun_s = time.monotonic()
    up.signal(number)
    assert up.wait(10) == 0
    assert time.monotonic() - begun_s < 3
    assert alive(children) == []
    (line,) = [line for line in up.said().splitlines() if line.startswith("Ended: ")]
    assert line.startswith("Ended: the made night; agent, server and broker are stopped. ")
    assert f"What it stored is in {up.log.parent / 'state/demo'}; " in line
    assert Path(up.log.parent, "state/demo/server/legwatch.db").exists()


def test_killed_outright_it_takes_its_children_along(up: Up) -> None:
    children = three_children(up)
    os.kill(up.pid, signal.SIGKILL)
    wait_until(lambda: not alive(children), "the children's end", 10)


def test_a_dead_child_is_started_again(up: Up) -> None:
    before = three_children(up)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    for name in ("broker", "server", "agent"):
        wait_until(lambda name=name: f"The {name} ended (killed by signal 9)" in up.said(), name)  # type: ignore[misc]
    wait_until(lambda: len(set(up.children()) - set(before)) >= 3, "three new children")


def test_a_second_start_on_the_same_folder_is_refused(up: Up, tmp_path: Path) -> None:
    three_children(up)
    second = Process((*LEGWATCH, "up", "--state", str(tmp_path / "state")), tmp_path / "second.log")
    assert second.wait(15) == 1
    assert "already running" in second.said()
    assert str(tmp_path / "state") in second.said()
    assert up.code is None


def test_without_mosquitto_it_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; from legwatch_server.supervisor import broker, command; "
        "broker.SEARCH = '/nowhere'; "
        "sys.exit(command.main(sys.argv[1:]))"
    )
    words = (sys.executable, "-c", program, "--state", str(tmp_path / "s"))
    process = Process(words, tmp_path / "log")
    assert process.wait(15) == 1
    assert process.said().count("\n") == 1
    assert "sudo apt install mosquitto" in process.said()


@pytest.mark.usefixtures("mosquitto")
def test_wrong_settings_of_a_child_end_it_all_with_2(tmp_path: Path) -> None:
    agent, server = tmp_path / "agent.toml", tmp_path / "server.toml"
    agent.write_text(dump({"bed": "anna", "sensors": {"leg": {"driver": "simulated"}}}))
    server.write_text(dump({"rules": {"warmth.warn_c": 99}}))
    up = Up(tmp_path, "--agent-config", str(agent), "--config", str(server))
    assert up.wait(20) == 2
    assert "warmth.warn_c" in up.said()
    assert "Traceback" not in up.said()


def test_an_agents_file_as_the_servers_ends_at_once_with_2(tmp_path: Path) -> None:
    agent = tmp_path / "agent.toml"
    agent.write_text(dump({"bed": "anna", "sensors": {"leg": {"driver": "simulated"}}}))
    up = Up(tmp_path, "--config", str(agent))
    assert up.wait(20) == 2
    (line,) = up.said().splitlines()
    assert line.endswith(
        f"--config: {agent} has keys of the agent (bed, sensors): it belongs to --agent-config"
    )
    assert not (tmp_path / "state").exists()


@pytest.mark.usefixtures("mosquitto")
def test_a_watch_without_a_servers_file_keeps_the_zone_of_its_first_start(tmp_path: Path) -> None:
    agent = tmp_path / "agent.toml"
    sensors = {role: {"driver": "simulated"} for role in ("leg", "movement")}
    agent.write_text(dump({"bed": "anna", "sensors": sensors}))

    changes, port = tmp_path / "state/server/changes.toml", free_port()
    changes.parent.mkdir(parents=True)
    changes.write_text(f"[http]\nport = {port}\n")  # others may have the usual one

    def begins(tz: str) -> tuple[str, dict[str, Any]]:
        """Return what was said, and the page, once the agent has told of itself."""
        up = Up(tmp_path, "--agent-config", str(agent), env={"TZ": tz})
        try:
            wait_until(lambda: page_with(port, tz), "the bedside", 30)
            page = page_with(port, tz)
            up.signal(signal.SIGINT)
            assert up.wait(10) == 0, up.said()
        finally:
            up.kill()
        assert "Ended: the watch on the bed 'anna'; " in up.said()
        assert f"The data are in {tmp_path / 'state'}; the same command goes on." in up.said()
        said = up.said()
        up.log.unlink()
        return said, page

    said, page = begins("America/Los_Angeles")
    assert (
        "It is NOT TRULY WATCHED: alerts on cold legs and lying still for too long come from made"
        " values."
    ) in said.splitlines()
    (line,) = [line for line in said.splitlines() if line.startswith("Zone: ")]
    assert line.startswith("Zone: night is 20 to 10 h in America/Los_Angeles, where ")
    assert f"written into {changes}" in line
    assert 'zone = "America/Los_Angeles"' in changes.read_text()
    assert page["zone"] == {
        "name": "America/Los_Angeles", "set": True, "machine": "America/Los_Angeles",
    }  # fmt: skip
    assert page["bedsides"]["anna"]["zone"] == "America/Los_Angeles"
    assert "zone" not in str(page["wrong"])
    assert page["bedsides"]["anna"]["made"] == ["leg", "movement"]
    (remark,) = page["remarks"]
    assert remark.startswith("bed anna is not truly watched: the thermometer by the legs and the")

    said, page = begins("Europe/Berlin")  # the owner has moved the machine, or its settings
    (line,) = [line for line in said.splitlines() if line.startswith("WARNING: night")]
    assert line.startswith("WARNING: night is 20 to 10 h in America/Los_Angeles")
    assert "this machine's zone is Europe/Berlin (TZ)" in line
    assert said.count("this machine's zone is") == 1
    assert page["status"] == "degraded"
    assert "the agent of bed anna is on a machine in Europe/Berlin" in str(page["wrong"])


def page_with(port: int, tz: str) -> dict[str, Any]:
    """Return the server's page once the agent has told it of this zone, empty before that."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", "/health")
        page: dict[str, Any] = json.loads(asked.getresponse().read())  # 200 or 503
    except OSError:
        return {}
    finally:
        asked.close()
    return page if page["bedsides"].get("anna", {}).get("zone") == tz else {}
