"""A real server notes what it has loaded: commands beside it show that, and say what differs."""

import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from end_to_end.house import LEGWATCH, House, Process, wait_until

PEOPLE = {name: {"channels": ["console"]} for name in ("karl", "helga", "anna")}


def duty(house: House) -> tuple[str, str]:
    line = (*LEGWATCH, "duty", "--nights", "1", "--config", str(house.server_toml))
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done.stderr  # no channel was tried yet
    (tonight,) = re.findall(r"tonight +(.+)", done.stdout)
    return tonight, done.stderr


def write(house: House, *names: str) -> None:
    house.write_server(people=PEOPLE, roster=[{"people": list(names)}])


def started(house: House) -> Process:
    server = house.server()
    wait_until(lambda: "server up" in server.said(), "the server")
    return server


def test_duty_shows_whom_the_server_would_tell(house: House) -> None:
    write(house, "karl", "helga")
    house.broker()
    server = started(house)
    wait_until(lambda: duty(house) == ("karl -> helga", ""), "the note")
    write(house, "anna")
    tonight, beside = duty(house)
    assert tonight == "karl -> helga"
    said = re.fullmatch(
        r"Changed on disk, not yet in force: roster\. .*: (kill -HUP \d+)\n", beside
    )
    assert said is not None, beside
    subprocess.run(said[1].split(), check=True)
    wait_until(lambda: duty(house) == ("anna", ""), "the new roster")

    house.server_toml.write_text(f"{house.server_toml.read_text()}\nzone = [")
    server.signal(signal.SIGHUP)
    wait_until(lambda: "not taken over" in server.said(), "the refusal")
    tonight, beside = duty(house)
    assert tonight == "anna"
    assert f"The settings on the disk ({house.server_toml}) cannot be used" in beside

    server.kill()
    write(house, "helga")
    tonight, beside = duty(house)
    assert tonight == "anna"
    assert "The server is not running" in beside
    started(house)
    wait_until(lambda: duty(house) == ("helga", ""), "the roster of the new start")


@pytest.mark.usefixtures("mosquitto")
def test_a_command_that_looks_while_a_server_starts_does_not_stop_it(house: House) -> None:
    write(house, "anna")
    house.broker()
    for _ in range(3):
        server = house.server()
        end_s = time.monotonic() + 60
        while "server up" not in server.said():
            duty(house)
            assert server.code is None, server.said()
            assert time.monotonic() < end_s, server.said()
        server.kill()


def test_of_two_servers_on_one_port_a_command_asks_only_its_own(house: House) -> None:
    """The first has the port; the second goes on without /health."""
    write(house, "anna")
    own = house.server_toml.with_name("own.toml")
    own.write_text(house.server_toml.read_text())
    house.broker()
    started(house)
    house.write_server(people=PEOPLE, state_dir=str(house.folder / "second"))
    house.server(ready=False)

    def said(file: Path) -> str:
        line = (*LEGWATCH, "now", "--config", str(file))
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout

    another = f"ANOTHER SERVER ANSWERS AT 127.0.0.1:{house.http_port}: "
    wait_until(lambda: said(house.server_toml).startswith(another), "the second server")
    assert "ANOTHER SERVER" not in said(own)
