"""A house for the tests: a real broker, the real server and real agents, as processes."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from tomlkit import dumps as dump

from legwatch.alerting.notice import as_json
from legwatch.errors import CannotRun
from legwatch.events import Window
from legwatch.testing import recording_lines
from legwatch_server.store.reader import open_read_only
from legwatch_server.supervisor import mosquitto
from legwatch_server.supervisor.process import PARENT_DEATH
from stand import Stand
from taken import taken

LEGWATCH = (sys.executable, "-m", "legwatch")
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
MOSQUITTO = shutil.which("mosquitto", path=PATH)
HASHER = shutil.which("mosquitto_passwd", path=PATH)
USER, PASSWORD = "house", "not-a-secret"
PLAYED = ("anna", "b", "bed-0", "bed-1", "bert", "carl", "dora", "lea")  # their agents play nights
MOST_NOTICES = 100_000  # more than any test stores
LONG_S = 60.0  # how long a wait may last before it is called a failure


def wait_until(holds: Callable[[], object], what: str, within_s: float = LONG_S) -> None:
    """Poll until `holds` says yes; fail with `what` when it does not."""
    end_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end_s, f"waited {within_s:g} s in vain for: {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One program of the house, with what it wrote in a file; killed with the tests themselves."""

    def __init__(self, words: Iterable[str], log: Path, env: Mapping[str, str] | None = None):
        self.log = log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                [sys.executable, "-IS", str(PARENT_DEATH), str(os.getpid()), *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
                start_new_session=True,
            )
        self.pid = self._popen.pid

    @property
    def code(self) -> int | None:
        return self._popen.poll()

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self, within_s: float = LONG_S) -> int:
        try:
            return self._popen.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"no end within {within_s:g} s: {self.said()[-2000:]}") from None

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._popen.send_signal(number)

    def kill(self) -> None:
        """Kill it outright, as a power cut would."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait(10)

    def stop(self) -> int:
        """Ask it to end; kill it after ten seconds."""
        self.signal(signal.SIGTERM)
        try:
            return self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end when asked: {self.said()[-2000:]}") from None


def place(folder: Path, port: int) -> mosquitto.Paths:
    """Return the place of a broker of the tests, which logs all that it does."""
    root = ("user root",) if os.geteuid() == 0 else ()
    log = ("log_dest stderr", "log_type all")
    return mosquitto.Paths(f"{port} 127.0.0.1", str(folder), str(folder), (*log, *root))


class House:
    """Folders, ports and processes of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.http_port = free_port()
        self.processes: list[Process] = []
        self.server_env: dict[str, str] = {}
        self.server_toml = self.write_server()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.kill()

    # ---- the broker
    def broker(self) -> Process:
        """Start mosquitto, always on the same port and with the same memory."""
        assert MOSQUITTO
        assert HASHER
        folder = self.folder / "broker"
        folder.mkdir(exist_ok=True)
        passwords, conf = folder / "passwords", folder / "mosquitto.conf"
        if not passwords.exists():
            passwords.touch(mode=0o600)
            passwords.write_text(f"{USER}:{PASSWORD}\n")
            subprocess.run([HASHER, "-U", str(passwords)], check=True, capture_output=True)
        acl = folder / "acl"
        acl.touch(mode=0o600)
        acl.write_text(f"user {USER}\ntopic readwrite #\n")
        # All are one user here, with client ids of their own, as at a broker that is not ours.
        shipped = mosquitto.conf(place(folder, self.port))
        conf.write_text(shipped.replace("use_username_as_clientid true\n", ""))
        process = self._start((MOSQUITTO, "-c", str(conf)), "broker")
        wait_until(self._broker_answers, "the broker's port", 10)
        return process

    def _broker_answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _way(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "user": USER}

    # ---- the server
    def write_server(self, **settings: Any) -> Path:
        state = settings.pop("state_dir", str(self.folder / "server"))
        path = self.folder / "server.toml"
        table = {
            "state_dir": state,
            "zone": "UTC",
            "mqtt": self._way(),
            "http": {"host": "127.0.0.1", "port": self.http_port},
            "beds": {bed: {"played": True} for bed in PLAYED},
            "rehearsal": {"at": ""},  # no test depends on the hour at which it runs
            **settings,
        }
        path.write_text(dump(table))
        self.server_toml = path
        return path

    def server(self, *, ready: bool = True) -> Process:
        """Start the server and wait until the broker has its subscription."""
        before = self._subscriptions()
        env = {"LEGWATCH_MQTT_PASSWORD": PASSWORD, **self.server_env}
        words = (*LEGWATCH, "server", "--config", str(self.server_toml))
        process = self._start(words, "server", env)
        if ready:
            wait_until(
                lambda: self._subscriptions() > before or process.code is not None,
                "the server's subscription",
            )
            assert process.code is None, process.said()[-3000:]
        return process

    def _subscriptions(self) -> int:
        log = self.folder / "broker.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return sum(line.endswith(" legwatch/v1/+/window") for line in text.splitlines())

    # ---- agents
    def agent(self, bed: str, night: Path, *, speed: float = 0, **recording: Any) -> Process:
        """Start an agent that plays a night; started again, it goes on where it was."""
        path = self.folder / f"agent-{bed}.toml"
        path.write_text(
            dump(
                {
                    "bed": bed,
                    "state_dir": str(self.folder / f"agent-{bed}"),
                    "mqtt": self._way(),
                    "recording": {"file": str(night), "speed": speed, "zone": "UTC", **recording},
                }
            )
        )
        words = (*LEGWATCH, "agent", "--config", str(path))
        return self._start(words, f"agent-{bed}", {"LEGWATCH_MQTT_PASSWORD": PASSWORD})

    def _start(
        self, words: Iterable[str], name: str, env: Mapping[str, str] | None = None
    ) -> Process:
        process = Process(words, self.folder / f"{name}.log", env)
        self.processes.append(process)
        return process

    # ---- what came of it
    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the server's store; an empty list while there is none."""
        path = self.folder / "server" / "legwatch.db"
        if not path.exists():
            return []
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as store:
                return store.execute(sql, values).fetchall()
        except sqlite3.OperationalError:  # not made yet, or locked for a moment
            return []

    def count(self, table: str, where: str = "1=1") -> int:
        rows = self.rows(f"SELECT count(*) FROM {table} WHERE {where}")
        return int(rows[0][0]) if rows else 0

    def wait_windows(self, at_least: int, within_s: float = LONG_S) -> None:
        """Wait until so many windows are stored."""
        what = f"{at_least} windows in the store"
        wait_until(lambda: self.count("windows") >= at_least, what, within_s)

    def lines(self, bed: str) -> list[str]:
        """Return the stored notices of a bed as lines of a replay."""
        try:
            with open_read_only(self.folder / "server") as store:
                found = store.notices_after(0, MOST_NOTICES)
        except CannotRun:  # not made yet, or locked for a moment
            return []
        return [as_json(one.notice, bed=bed, text=one.text) for one in found if one.bed == bed]

    def health(self) -> dict[str, Any]:
        """Return what `/health` says, whether all is well or not."""
        url = f"http://127.0.0.1:{self.http_port}/health"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:  # 503: degraded
            return dict(json.load(error))

    def publisher(self) -> mqtt.Client:
        """Return a connected client for messages that no agent of ours would send."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        client.username_pw_set(USER, PASSWORD)
        client.max_inflight_messages_set(500)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        wait_until(client.is_connected, "our own connection", 10)
        return client


class Phones:
    """Stands where a push service would be, and remembers what it was given."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        phones = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = json.loads(raw)
                phones.bodies.append(body)
                said = taken(body)
                del said["sequence_id"]  # a server that knows none: nothing is taken back
                answer = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._stand = Stand(Answer)
        self.url = self._stand.url
        self.close = self._stand.close


def replayed(night: Path, bed: str, *words: str) -> list[str]:
    """Return the notices that `legwatch replay` prints for a night, as the server stores them."""
    done = subprocess.run(
        [*LEGWATCH, "replay", str(night), "--format", "jsonl", "--bed", bed, *words],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    # How a notice sounds is said by replay alone: it stands in all notices together.
    return [re.sub(r',"sounds":"\w+"\}$', "}", line) for line in done.stdout.decode().splitlines()]


def write_night(windows: Iterable[Window], path: Path) -> Path:
    """Write windows as a replay file from which the same windows can be read."""
    path.write_text("\n".join(recording_lines(windows)) + "\n")
    return path
