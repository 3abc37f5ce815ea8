"""A house whose broker lets in beds from elsewhere: `legwatch up --no-bed`, and who comes to it."""

import json
import re
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from tomlkit import dumps as dump

from end_to_end.house import LEGWATCH, LONG_S, Process, free_port, wait_until
from end_to_end.test_up import Up

SERVER_NAME = "legwatch.house"
_TO_TYPE = re.compile(r"legwatch pair (\S+) --server \S+?(?::(\d+))?\n")


@dataclass(frozen=True)
class Code:
    """A code on a server's screen, and the port of the door that waits for it."""

    text: str
    port: int
    screen: Process

    def ended(self, within_s: float = LONG_S) -> tuple[int, str]:
        code = self.screen.wait(within_s)
        return code, self.screen.said().splitlines()[-1]


class PairedHouse:
    """A server of a house; `folder` has all that the tests see of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state, self.port = folder, folder / "state", free_port()
        self.toml = folder / "server.toml"
        table = {
            "zone": "UTC",
            "house": {"port": self.port, "address": "127.0.0.1"},
            "http": {"port": free_port()},
            "people": {"anna": {"role": "sleeper", "channels": ["console"]}},
            "rehearsal": {"at": ""},
        }
        self.toml.write_text(dump(table))
        self.processes: list[Process] = []
        self.up = self.start()

    def start(self) -> Up:
        up = Up(self.state.parent, "--config", str(self.toml), "--no-bed")
        self.processes.append(up)
        wait_until(lambda: "legwatch/v1/+/window" in self.broker_log(), "the server's subscription")
        return up

    def broker_log(self) -> str:
        file = self.state / "logs/broker.log"
        return file.read_text(errors="replace") if file.exists() else ""

    @property
    def users(self) -> dict[str, Any]:
        file = self.state / "server/house/users.json"
        return dict(json.loads(file.read_text())["users"]) if file.exists() else {}

    @property
    def ca(self) -> Path:
        return self.state / "server/house/ca.pem"

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()

    def run(self, *words: str) -> Process:
        log = self.folder / f"{len(self.processes)}.log"
        process = Process((*LEGWATCH, *words), log)
        self.processes.append(process)
        return process

    def said(self, *words: str, code: int = 0) -> str:
        """Type a command of the server; return what it printed."""
        action, *rest = words
        line = [*LEGWATCH, action, "--config", str(self.toml), *rest]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=LONG_S)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def add(self, bed: str, *words: str) -> Code:
        """Type `beds add`, and read the code from the screen."""
        line = ("beds", "--config", str(self.toml), "add", bed, "--port", "0", *words)
        screen = self.run(*line)
        wait_until(lambda: "Waiting for" in screen.said() or screen.code is not None, "a code")
        found = _TO_TYPE.search(screen.said())
        assert found, screen.said()
        return Code(found[1], int(found[2]), screen)

    def pair(self, code: Code, folder: Path, *, port: int = 0, text: str = "") -> tuple[int, str]:
        """Type `pair` at a bed's Pi, whose settings are in a folder."""
        folder.mkdir(exist_ok=True)
        where = f"127.0.0.1:{port or code.port}"
        words = (
            "pair",
            text or code.text,
            "--server",
            where,
            "--config",
            str(folder / "agent.toml"),
        )
        typed = self.run(*words)
        return typed.wait(), typed.said()

    def paired(self, bed: str) -> Path:
        """Let a bed in; return the folder of its Pi."""
        folder = self.folder / bed
        code = self.add(bed)
        assert self.pair(code, folder)[0] == 0
        assert code.ended()[0] == 0
        return folder

    def agent(self, folder: Path, **more: Any) -> Process:
        """Start the agent of a paired Pi, with made sensors."""
        file = folder / "agent.toml"
        table = {
            "state_dir": str(folder / "state"),
            "window_s": 1,
            **more,
        }
        sensors = (
            '\n[sensors.leg]\ndriver = "simulated"\n[sensors.movement]\ndriver = "simulated"\n'
        )
        file.write_text(dump(table) + file.read_text() + sensors)
        return self.run("agent", "--config", str(file))

    def windows(self, bed: str) -> int:
        """Return how many windows of a bed the server has."""
        sql = "SELECT count(*) FROM windows JOIN beds ON beds.id = windows.bed_id WHERE name = ?"
        return int(self.rows(sql, bed)[0][0])

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the server's store."""
        database = self.state / "server/legwatch.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as db:
            return db.execute(sql, values).fetchall()


class Client:
    """A client of the house's broker, as anybody could write one."""

    def __init__(
        self, port: int, user: str, password: str, *, ca: Path | None, name: str = SERVER_NAME
    ) -> None:
        self.said: list[Any] = []
        self.got: list[tuple[str, bytes]] = []
        self.granted: list[Any] = []
        self.lost = threading.Event()
        self.client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=user, protocol=mqtt.MQTTv311
        )
        client.username_pw_set(user, password)
        if ca is not None:
            client.tls_set_context(_named(ca, name))
        client.on_connect = lambda *words: self.said.append(words[3])
        client.on_message = lambda _c, _d, m: self.got.append((m.topic, bytes(m.payload)))
        client.on_subscribe = lambda *words: self.granted.extend(words[3])
        client.on_disconnect = lambda *_: self.lost.set()
        client.reconnect_delay_set(100, 100)
        client.connect("127.0.0.1", port)
        client.loop_start()

    def answer(self) -> str:
        """Return the broker's word on the connection."""
        wait_until(lambda: self.said or self.lost.is_set(), "an answer", 20)
        return str(self.said[0]) if self.said else "lost"

    def publish(self, topic: str, body: object) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.client.publish(topic, payload, qos=1).wait_for_publish(10)

    def subscribe(self, topic: str) -> str:
        self.granted.clear()
        self.client.subscribe(topic, 1)
        wait_until(lambda: self.granted, "the broker's word on a subscription", 10)
        return str(self.granted[0])

    def hears(self, topic: str, within_s: float = 20) -> bytes:
        """Return the next payload on a topic."""
        wait_until(lambda: any(t == topic for t, _ in self.got), f"a word on {topic}", within_s)
        found = next(one for one in self.got if one[0] == topic)
        self.got.remove(found)
        return found[1]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def _named(ca: Path, name: str) -> ssl.SSLContext:
    class Named(ssl.SSLContext):
        def wrap_socket(self, *args: Any, **given: Any) -> ssl.SSLSocket:
            return super().wrap_socket(*args, **{**given, "server_hostname": name})

    context = Named(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    return context


def password_of(folder: Path) -> str:
    """Return the password that a Pi has got."""
    return (folder / "mqtt-password").read_text().strip()


def stays(holds: Callable[[], bool], seconds: float) -> bool:
    """Return True if something holds all the time."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        if not holds():
            return False
        time.sleep(0.05)
    return True
