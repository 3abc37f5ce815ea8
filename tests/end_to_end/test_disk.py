"""A disk that is full or read-only, and settings that are wrong."""

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tomlkit import dumps as dump

from end_to_end.house import LEGWATCH, House, Process, free_port, wait_until, write_night
from end_to_end.test_bad_input import send, window
from end_to_end.test_up import Up, alive
from legwatch.testing import night, uncovering

ANNA = {"people": {"anna": {"channels": ["console"]}}}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a disk of twelve megabytes."""
    disk = tmp_path / "small"
    disk.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)],
            capture_output=True,
            check=False,
        ).returncode
    )
    if not mounted:
        pytest.skip("a small disk can only be mounted by root, and not in every container")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Use up all that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as out:
        for size in (65_536, 4096, 512):
            try:
                while out.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return filler


def test_server_takes_up_where_a_full_disk_stopped_it(house: House, small_disk: Path) -> None:
    (house.folder / "server").symlink_to(small_disk)
    house.broker()
    house.server()
    client = house.publisher()
    send(client, window(1))
    house.wait_windows(1)
    filler = fill(small_disk)
    for seq in range(2, 302):
        send(client, window(seq))
    log = house.folder / "server.log"
    said = ("full", "disk")
    wait_until(
        lambda: any(word in log.read_text().lower() for word in said), "a word about the disk"
    )
    assert house.count("windows") < 301
    filler.unlink()
    running = house.processes[-1]
    if running.code is not None:  # ending is allowed; a supervisor starts it again
        house.server()
    for seq in range(2, 302):  # an agent sends again what was not confirmed
        send(client, window(seq))
    house.wait_windows(301)
    client.disconnect()
    client.loop_stop()


def refuse(disk: Path, how: str) -> Callable[[], None]:
    """Let a disk take nothing; return what ends that."""
    if how == "full":
        return fill(disk).unlink
    mount(disk, "ro")
    return lambda: mount(disk, "rw")


def mount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_server_that_begins_on_a_disk_that_takes_nothing_watches_from_memory(
    house: House, small_disk: Path, how: str
) -> None:
    """After a clean end there is no log, and SQLite cannot even read without making one."""
    (house.folder / "server").symlink_to(small_disk)
    house.broker()
    server = house.server()
    client = house.publisher()
    send(client, window(1))
    house.wait_windows(1)
    assert server.stop() == 0
    free = refuse(small_disk, how)
    server = house.server()
    for seq in range(2, 32):
        send(client, window(seq))
    wait_until(lambda: "the watch goes on" in server.said(), "a watch in memory")
    for command in ("now", "duty", "alerts", "beds"):
        line = (*LEGWATCH, command, "--config", str(house.server_toml))
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.stdout.startswith("NOTHING IS KEPT NOW: "), done
        assert f"the disk is {how}" in done.stdout
        assert "What the server has loaded is not known" in done.stdout + done.stderr
        assert "hanged on disk" not in done.stdout + done.stderr
    free()
    assert server.stop() == 0
    assert "and has all that came meanwhile" in server.said()
    server = house.server()
    for seq in range(2, 32):  # an agent sends again what was not confirmed
        send(client, window(seq))
    house.wait_windows(31)
    client.disconnect()
    client.loop_stop()


@pytest.mark.usefixtures("mosquitto")
@pytest.mark.parametrize("how", ["full", "read-only"])
def test_up_begins_on_a_card_that_takes_nothing(tmp_path: Path, small_disk: Path, how: str) -> None:
    """As after the power cut that has made a card read-only: the databases have logs."""
    (tmp_path / "state").symlink_to(small_disk)
    agent, server, port = tmp_path / "agent.toml", tmp_path / "server.toml", free_port()
    agent.write_text(dump({"bed": "anna", "sensors": {"leg": {"driver": "simulated"}}}))
    server.write_text(dump({"zone": "UTC", "http": {"port": port}, **ANNA}))
    words = ("--agent-config", str(agent), "--config", str(server))
    log = small_disk / "server/legwatch.db-wal"

    def windows() -> int:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with closing(link), suppress(OSError):
            link.request("GET", "/health")  # 503 while it is degraded
            return int(json.load(link.getresponse())["counters"]["windows"])
        return 0

    up = Up(tmp_path, *words)
    wait_until(lambda: bool(windows()) or up.code is not None, "a window", 60)
    children = up.children()
    for pid in (up.pid, *children):
        os.kill(pid, signal.SIGKILL)
    assert up.wait(10) is not None
    wait_until(lambda: not alive(children), "the end of the children", 10)
    assert log.stat().st_size
    for index in small_disk.glob("*/*-shm"):  # the kernel had it in memory
        index.unlink()
    before, free = len(up.said()), refuse(small_disk, how)
    made = (small_disk / "server.toml").read_text()
    up = Up(tmp_path, *words)
    wait_until(lambda: bool(windows()) or up.code is not None, "a window", 60)
    line = (*LEGWATCH, "now", "--config", str(small_disk / "server.toml"))
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("NOTHING IS KEPT NOW: "), (done, up.said()[before:])
    assert (small_disk / "server.toml").read_text() == made
    free()
    up.signal(signal.SIGTERM)
    assert up.wait(15) == 0
    said = up.said()[before:]
    assert f"WARNING: the disk is {how} ({tmp_path / 'state'}). The watch begins" in said
    assert "and has all that came meanwhile" in said
    assert "are lost with this end" not in said
    assert "Traceback" not in said


def test_agent_goes_on_while_its_disk_is_full(house: House, small_disk: Path) -> None:
    (house.folder / "agent-anna").symlink_to(small_disk)
    file = write_night(night(minutes=240, leg=uncovering((120, 160))), house.folder / "night.csv")
    house.broker()
    house.server()
    agent = house.agent("anna", file, speed=600)
    house.wait_windows(200)
    filler = fill(small_disk)
    house.wait_windows(900)
    filler.unlink()
    assert agent.wait(60) == 0
    assert house.count("windows") == 240 * 6


def test_an_agent_that_ends_soon_after_its_disk_was_freed_loses_nothing(
    house: House, small_disk: Path
) -> None:
    (house.folder / "agent-anna").symlink_to(small_disk)
    file = write_night(night(minutes=240), house.folder / "night.csv")
    house.broker()
    agent = house.agent("anna", file, speed=600)
    wait_until((small_disk / "spool.db-wal").exists, "the spool", 30)
    filler = fill(small_disk)
    wait_until(lambda: "keeps windows in memory" in agent.said(), "a word about the disk", 30)
    time.sleep(3)
    filler.unlink()
    wait_until(lambda: "stored on the disk again" in agent.said(), "a word that it is free", 30)
    assert agent.stop() == 0
    assert "are lost" not in agent.said()
    house.server()
    assert house.agent("anna", file, speed=6000).wait(60) == 0
    assert house.count("windows") == 240 * 6


def refused(tmp_path: Path, part: str, **table: object) -> tuple[Process, Path]:
    # A file where the folder should be stops root as well, whom no permission stops.
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    config = tmp_path / f"{part}.toml"
    config.write_text(dump({"state_dir": str(blocked / "state"), **table}))
    return Process((*LEGWATCH, part, "--config", str(config)), tmp_path / "log"), blocked


def test_a_server_whose_folder_cannot_be_written_names_it(tmp_path: Path) -> None:
    server, blocked = refused(tmp_path, "server")
    assert server.wait(60) in {1, 2}
    assert str(blocked) in server.said()
    assert "Traceback" not in server.said()


def test_an_agent_whose_folder_cannot_be_written_runs_from_memory_and_says_why(
    tmp_path: Path,
) -> None:
    agent, blocked = refused(tmp_path, "agent", bed="anna")
    try:
        wait_until(lambda: "agent up" in agent.said() or agent.code is not None, "the agent", 60)
        assert agent.code is None, agent.said()
        (word,) = [line for line in agent.said().splitlines() if str(blocked) in line]
    finally:
        code = agent.stop()
    for said in ("cannot be written", "Not a directory", "keeps windows in memory"):
        assert said in word
    assert "belongs to" not in word  # whose it is, is no help: a file is in the way
    assert code == 0
    assert "Traceback" not in agent.said()


@pytest.mark.parametrize("has_spool", [True, False])
@pytest.mark.parametrize("card", ["full", "read-only"])
def test_an_agent_that_starts_on_a_card_that_takes_nothing_watches_on(
    house: House, small_disk: Path, card: str, has_spool: bool
) -> None:
    first = write_night(night(minutes=30), house.folder / "first.csv")
    second = write_night(night(begin="2026-01-03T21:00Z", minutes=60), house.folder / "second.csv")
    (house.folder / "agent-anna").symlink_to(small_disk)
    house.broker()
    house.server()
    if has_spool:
        assert house.agent("anna", first).wait(60) == 0
    filler = fill(small_disk)
    if card == "read-only":
        filler.unlink()
        mount(small_disk, "ro")
    log = house.folder / "agent-anna.log"
    before = len(log.read_text()) if log.exists() else 0
    agent = house.agent("anna", second)
    house.wait_windows((60 + 30 * has_spool) * 6, 90)
    assert agent.wait(60) == 0, agent.said()
    (said,) = [line for line in agent.said()[before:].splitlines() if "in memory" in line]
    assert said.startswith("WARNING ")
    assert "Traceback" not in agent.said()


@pytest.mark.parametrize(
    ("part", "wrong", "named"),
    [
        ("server", '[rules]\n"warmth.warn_c" = 99\n', ("warmth.warn_c", "24", "30")),
        ("server", '[rules]\n"warmth.warm_c" = 26\n', ("warmth.warm_c", "no such")),
        ("server", "[mqtt]\nport = 70000\n", ("mqtt.port", "65535")),
        ("server", 'profile = "nobody"\n', ("profile", "standard")),
        ("server", 'zone = "Mars/Base"\n', ("zone", "Mars/Base")),
        ("server", "zone = \n", ("server.toml",)),
        ("agent", 'bed = "Big Bed"\n', ("Big Bed", "a-z")),
        ("agent", 'bed = "a"\nwindow_s = 0\n', ("window_s", "1 to 60")),
        ("agent", 'bed = "a"\n[sensors.leg]\ndriver = "nose"\n', ("sensors.leg", "nose")),
        ("agent", "", ("bed",)),
    ],
)
def test_wrong_settings_end_with_2_and_name_the_key(
    tmp_path: Path, part: str, wrong: str, named: tuple[str, ...]
) -> None:
    config = tmp_path / f"{part}.toml"
    # As TOML wants it: plain keys before tables.
    config.write_text(f'state_dir = "{tmp_path}"\n{wrong}')
    process = Process((*LEGWATCH, part, "--config", str(config)), tmp_path / "log")
    assert process.wait(30) == 2, process.said()
    said = process.said()
    assert [word for word in named if word not in said] == [], said
    assert "Traceback" not in said


def test_press_is_taken_once(house: House) -> None:
    house.broker()
    house.server()
    client = house.publisher()
    send(client, window(1))
    body = {"v": 1, "id": "p-1", "button": "cramp", "at_ms": window(1)["to_ms"]}
    for _ in range(3):
        send(client, json.dumps(body).encode(), channel="event")
    send(client, window(2))
    house.wait_windows(2)
    client.disconnect()
    client.loop_stop()
    assert house.rows("SELECT press_id, button FROM presses") == [("p-1", "cramp")]
