"""A house whose server has the memory that its unit allows, and a bed that is watched meanwhile."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from tomlkit import dumps

from campaigns.memory_limit import MemoryLimit, memory_limit
from end_to_end.house import LEGWATCH, PASSWORD, House, Phones, Process, wait_until
from legwatch.contract.window import encode_window
from legwatch.events import ClockTrust
from legwatch.testing import night, uncovering

UNIT_BYTES = 512 * 1024 * 1024  # MemoryMax of the server's unit
AGENT_BYTES = 128 * 1024 * 1024  # MemoryMax of the agent's unit
UNIT_FILES = 1024  # LimitNOFILE of a unit that does not set it
COLD = tuple(f"cold-{number}" for number in range(60))  # beds whose recorded night is cold
URGENT = 5  # the priority of an urgent alert
# A broker without limits is busy with 170 MB for some 240 ms by itself, before we get a byte.
LIMITS = ("max_packet_size", "max_connections", "max_queued_bytes", "memory_limit")


class SizeHouse(House):
    """`limited` False: the broker has none of our limits, as one that is not ours."""

    def __init__(self, folder: Path, group: MemoryLimit | None, *, limited: bool) -> None:
        self._group, self._limited = group, limited
        super().__init__(folder)
        self.phones = Phones()
        self.write_server(
            beds={bed: {"played": True} for bed in COLD},
            rules={"alerts.learn_nights": 0, "warmth.change_sure": 1.0},
            push={
                "channels": ["ntfy"],
                "ntfy": {"url": self.phones.url, "topic": "legs"},
            },
        )
        self._cold = iter(COLD)
        self.spare: mqtt.Client  # for what is sent beside an attack

    def _start(self, words: Any, name: str, env: Any = None) -> Process:
        if name == "broker" and not self._limited:
            conf = self.folder / "broker" / "mosquitto.conf"
            lines = conf.read_text().splitlines()
            conf.write_text("\n".join(one for one in lines if not one.startswith(LIMITS)) + "\n")
        if name == "broker":  # 1,000 messages a second, each with a line, are a load of their own
            conf = self.folder / "broker" / "mosquitto.conf"
            quiet = "log_type error\nlog_type warning\nlog_type notice\nlog_type subscribe"
            conf.write_text(conf.read_text().replace("log_type all", quiet))
        if name == "server":
            words = ("sh", "-c", f'ulimit -n {UNIT_FILES} && exec "$@"', "sh", *words)
            words = words if self._group is None else self._group.words(words)
        return super()._start(words, name, env)

    @contextmanager
    def live_agent(self, bed: str) -> Iterator[Process]:
        """Have an agent with a pretended sensor whose windows come, in the memory of its unit."""
        with ExitStack() as stack:
            group = None
            with suppress(OSError):  # without rights the agent has no limit
                group = stack.enter_context(memory_limit(AGENT_BYTES, f"size-{bed}"))
            agent = self._agent(bed, group)
            stack.callback(agent.kill)
            wait_until(lambda: self.windows_of(bed) > 1, "the agent's windows", 15)
            yield agent

    def windows_of(self, bed: str) -> int:
        """Return how many windows of a bed are stored."""
        return self.count("windows", f"bed_id IN (SELECT id FROM beds WHERE name='{bed}')")

    def _agent(self, bed: str, group: MemoryLimit | None) -> Process:
        path = self.folder / f"agent-{bed}.toml"
        table = {
            "bed": bed,
            "state_dir": str(self.folder / f"agent-{bed}"),
            "window_s": 1,
            "clock": "trusted",
            "mqtt": self._way(),
            "sensors": {"leg": {"driver": "simulated"}},
        }
        path.write_text(dumps(table))
        words: tuple[str, ...] = (*LEGWATCH, "agent", "--config", str(path))
        words = words if group is None else group.words(words)
        return self._start(words, f"agent-{bed}", {"LEGWATCH_MQTT_PASSWORD": PASSWORD})

    def close(self) -> None:
        """End everything."""
        self.phones.close()
        self.__exit__()

    def health(self, within_s: float = 5.0) -> dict[str, Any]:
        """Return the health report; empty if no answer comes in time."""
        url = f"http://127.0.0.1:{self.http_port}/health"
        try:
            with urllib.request.urlopen(url, timeout=within_s) as reply:
                return dict(json.load(reply))
        except urllib.error.HTTPError as reply:
            return dict(json.load(reply))
        except (OSError, ValueError):
            return {}

    def push_s(self, client: mqtt.Client, within_s: float = 15.0) -> float | None:
        """Let a bed lie uncovered for a recorded night; return when its alarm was heard."""
        bed, begun_s = next(self._cold), time.monotonic()
        windows = night(leg=uncovering((100, 200), uncovered_c=22), moves=lambda _: 0, minutes=160)
        for seq, window in enumerate(windows, start=1):
            said = window._replace(boot="c01dc01d", seq=seq, clock=ClockTrust.PLAYED, age_ms=0)
            client.publish(f"legwatch/v1/{bed}/window", encode_window(said), qos=1)
        while time.monotonic() < begun_s + within_s:
            if any(bed in json.dumps(body) for body in self._alarms()):
                return time.monotonic() - begun_s
            time.sleep(0.05)
        return None

    def _alarms(self) -> list[dict[str, Any]]:
        return [body for body in self.phones.bodies if body.get("priority") == URGENT]

    @property
    def store_bytes(self) -> int:
        """Return the size of the server's database with its log."""
        folder = self.folder / "server"
        return sum(path.stat().st_size for path in folder.glob("legwatch.db*"))
