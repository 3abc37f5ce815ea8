"""A house whose server and agent are told from outside which thread is to fail."""

import contextlib
import json
import socket
import sys
import time
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tomlkit import dumps as dump

from campaigns.size_house import COLD, SizeHouse
from campaigns.watcher import Watcher
from end_to_end.house import LEGWATCH, PASSWORD, Process, wait_until

THROWER = Path(__file__).with_name("thrower.py")
BED = "anna"
PIN = 13


class ThreadsHouse(SizeHouse):
    """Its processes run in `thrower.py`; `child` is what more their environment has."""

    def __init__(self, folder: Path, child: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, None, limited=True)
        self._child = {"WATCHDOG_USEC": "20000000", **(child or {})}
        self.watcher = Watcher()
        self.write_server(
            beds={bed: {"played": True} for bed in COLD},
            rules={"alerts.learn_nights": 0, "warmth.change_sure": 1.0},
            push={"channels": ["ntfy"], "ntfy": {"url": self.phones.url, "topic": "legs"}},
            heartbeat={"url": self.watcher.url, "every_s": 10},
        )
        self._heard: list[float] = []

    def _start(self, words: Any, name: str, env: Any = None) -> Process:
        if name != "broker":
            door = self.folder / f"{name}.door"
            door.unlink(missing_ok=True)
            words = (sys.executable, str(THROWER), str(door), *tuple(words)[len(LEGWATCH) :])
            env = {**(env or {}), **self._child}
        return super()._start(words, name, env)

    def bed(self) -> Process:
        """Start a live agent with sensors, a lamp and a button."""
        path = self.folder / "agent.toml"
        table = {
            "bed": BED,
            "state_dir": str(self.folder / "agent-state"),
            "window_s": 1,
            "sample_s": 5,
            "clock": "trusted",
            "mqtt": self._way(),
            "sensors": {
                "leg": {"driver": "simulated"},
                "room": {"driver": "simulated", "offset_c": -5},
                "movement": {"driver": "gpio_motion", "pin": 17},
                "presence": {"driver": "gpio_presence", "pin": 18},
            },
            "signal": {"driver": "simulated"},
            "button": {"driver": "gpio_button", "pin": PIN},
        }
        path.write_text(dump(table))
        words = (*LEGWATCH, "agent", "--config", str(path))
        env = {"LEGWATCH_MQTT_PASSWORD": PASSWORD, "GPIOZERO_PIN_FACTORY": "mock"}
        return self._start(words, "agent", env)

    def listen(self) -> None:
        """Note when windows of the live bed come to the broker."""
        client = self.publisher()
        client.on_message = lambda *_: self._heard.append(time.monotonic())
        client.subscribe(f"legwatch/v1/{BED}/window", 1)
        self.spare = client

    def windows_flow(self, within_s: float = 15.0) -> bool:
        """Return True if new windows come within the time."""
        before, end_s = len(self._heard), time.monotonic() + within_s
        while len(self._heard) < before + 2:
            if time.monotonic() > end_s:
                return False
            time.sleep(0.05)
        return True

    def say(self) -> None:
        """Let a message come to the server, and one to the agent."""
        self.spare.publish(f"legwatch/v1/{BED}/status", b"online", qos=1)
        stored = b'{"v":1,"boot":"0000000a","seq":0}'
        self.spare.publish(f"legwatch/v1/{BED}/stored", stored, qos=1)

    def visit(self) -> None:
        """Look at the server's health, and answer an alert that nobody has sent."""
        with contextlib.suppress(OSError, HTTPException):  # it may end meanwhile
            self.health(2.0)
            url = f"http://127.0.0.1:{self.http_port}/answer/none"
            urllib.request.urlopen(url, data=b"", timeout=2).close()

    def order(self, name: str, *words: str) -> Any:
        """Give an order to the thrower in a process; None if it has ended."""
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(5)
                line.connect(str(self.folder / f"{name}.door"))
                with line.makefile("rw") as said:
                    said.write(json.dumps(words) + "\n")
                    said.flush()
                    return json.loads(said.readline() or "null")
        except OSError:
            return None

    def wait_for_door(self, name: str) -> None:
        wait_until(lambda: self.order(name, "threads") is not None, f"{name}'s thrower", 60)

    def close(self) -> None:
        """End everything."""
        self.watcher.close()
        super().close()
