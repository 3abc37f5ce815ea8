"""An agent and a server, wired as they are for real, with a broker in memory between them."""

import json
import queue
import threading
import urllib.request
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fences.broker import Broker, Message
from fences.wired_agent import held
from fences.wired_server import KEY, ended, rows, tables
from legwatch.__main__ import main
from legwatch.contract.bedside_command import Cmd, Command, Loudness
from legwatch.contract.press import decode_press
from legwatch.contract.window import decode_window
from legwatch.testing import ms
from legwatch_device.agent import Agent
from legwatch_device.broker_link import BrokerLink
from legwatch_device.fallback import Fallback
from legwatch_device.keeping import Most
from legwatch_device.kept_rules import KeptRules
from legwatch_device.settings import MqttTable
from legwatch_device.spool import Spool
from legwatch_runtime.clock import Instant
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.loop import WriterLoop
from legwatch_server.beds.status import Status
from legwatch_server.health import Health
from legwatch_server.inbox import Request
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.notify.bedside_commands import Bedsides
from legwatch_server.notify.outboxes import Around, Outboxes
from legwatch_server.publish.mqtt import MqttPublisher
from legwatch_server.publish.rules import RulesPublisher
from legwatch_server.settings_file import read
from legwatch_server.store.database import SqliteStore
from legwatch_server.timeline import Timeline
from legwatch_server.waiting import Waiting
from legwatch_server.web.actions import ActionHandler
from legwatch_server.web.listening import Listening
from legwatch_server.web.server import bind

BED, BOOT = "north", "0000000a"
AGENT, SERVER = f"legwatch-agent-{BED}", "legwatch-server"
BEGIN = ms("2026-01-02T22:00Z")
PASSING = {"last_commit_age_s", "commits", "commit_s", "queue", "counters"}  # they change anyway


class House:
    """One bed; the time of day is `now_ms` for everything in it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, *, most: int = 1000) -> None:
        self.now_ms, self.broker = BEGIN, Broker()
        self._web: Listening | None = None
        self.away = False  # whether the server takes nothing in
        patch.setattr("time.time_ns", lambda: self.now_ms * 1_000_000)
        patch.setattr("legwatch_runtime.mqtt.BoundedClient", self.broker.client)
        patch.setattr("legwatch_server.ingest.broker.BulkClient", self.broker.client)
        self._start_server(folder)
        self._start_agent(folder, most)

    def _start_server(self, folder: Path) -> None:
        self.config = folder / "server.toml"
        self.config.write_text(f'state_dir = "{folder}"\n[rehearsal]\nat = ""\n')
        settings = read(self.config)
        self.db = folder / "legwatch.db"
        self._store = SqliteStore(self.db)
        self._come: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        unit, status = UnitOfWork(self._store, settings.rules_of, settings.plays), Status()
        timeline = Timeline(self)
        ingest = BrokerConnection(settings.mqtt, "", self._come.put, timeline.stamp)
        self._bedsides = Bedsides(ingest)
        ingest.hear_answers(self._bedsides.hear)
        self._owner = WriterLoop(
            store=self._store,
            unit=unit,
            transport=ingest,
            listeners=[MqttPublisher(ingest, self.instant), RulesPublisher(ingest, self.instant)],
            inbox=Waiting(),
            timeline=timeline,
            settings=settings,
            wake=lambda: None,
            status=status,
            stopping=ended(),
        )
        door = ActionHandler(KEY, self._come.put, timeline.now_ms)
        around = Around(folder, self._bedsides, KEY, lambda *_: None, timeline.now_ms)
        health = Health(
            unit=unit,
            status=status,
            outboxes=Outboxes(self._store, around),
            store=self._store,
            actions=door,
            connected=ingest.connected,
            waiting=self._come.qsize,
            settings=settings,
            timeline=timeline,
        )
        self._bind = partial(bind, "127.0.0.1", 0, health.report, door)
        ingest.start()
        assert ingest.ready(10) == ""

    def _start_agent(self, folder: Path, most: int) -> None:
        self.spool = folder / "spool.db"
        self._spool, self._said = Spool(self.spool), queue.Queue[Any]()
        self._link = BrokerLink(BED, MqttTable(), "", self._said)
        self._kept = KeptRules(folder, self)
        feed: Any = SimpleNamespace(now_ms=lambda: None)
        self._agent = Agent(
            boot=BOOT,
            spool=self._spool,
            link=self._link,
            feed=feed,
            clock=self,
            said=self._said,
            most=Most(most),
            fallback=Fallback(300, self, self._kept),
        )

    def utc_ms(self) -> int:
        return self.now_ms

    def mono_ms(self) -> int:
        return self.now_ms - BEGIN

    def instant(self) -> Instant:
        return Instant(self.mono_ms() * 1_000_000)

    def synced(self) -> bool:
        return True

    def connect(self) -> None:
        """Let the agent find the broker."""
        self._link.start()
        first = self._said.get(timeout=10)
        self._agent.turn([first])
        self.settle()

    def settle(self) -> None:
        """Let both take in what has come, until nothing comes any more."""
        while not (self._said.empty() and (self.away or self._come.empty())):
            said = [self._said.get() for _ in range(self._said.qsize())]
            self._agent.turn(said)
            if self.away:
                continue
            come = [self._come.get() for _ in range(self._come.qsize())]
            self._owner.turn([arrival for arrival in come if arrival is not None])

    def measure(self, count: int, **seen: Any) -> None:
        """Let so many windows be measured, one a minute."""
        for _ in range(count):
            self.now_ms += 60_000
            body = {
                "v": 1, "boot": BOOT, "seq": 1, "from_ms": self.now_ms - 60_000,
                "to_ms": self.now_ms, "mono_ms": self.mono_ms(), "clock": "synced",
                "room_c": 18.0, **seen,
            }  # fmt: skip
            self._agent.turn([decode_window(json.dumps(body).encode())])
            self.settle()

    def press(self, ident: str) -> None:
        body = {"v": 1, "id": ident, "button": "ack", "at_ms": self.now_ms}
        self._agent.turn([decode_press(json.dumps(body).encode())])
        self.settle()

    def ask(self) -> str:
        """Let the server ask the agent for a light; return the agent's answer."""
        answers: list[str] = []

        def wait() -> None:
            command = Command("n-1", Cmd.NUDGE, Loudness.QUIET)
            answers.append(self._bedsides.ask(BED, command, 10.0).why)

        waiting = threading.Thread(target=wait)
        waiting.start()
        self._agent.turn([self._said.get(timeout=10)])
        waiting.join(10)
        return answers[0]

    def publish(self, who: str, name: str, payload: bytes) -> None:
        """Let a message come from the agent's or the server's side."""
        self.broker.take(who, Message(f"legwatch/v1/{BED}/{name}", payload, retain=False))
        self.settle()

    def get(self, path: str) -> str:
        if self._web is None:
            self._web = Listening(self._bind, "the test's port")
            self._web.start()
        where = f"http://127.0.0.1:{self._web.port}{path}"
        opener = urllib.request.build_opener(Anyway)
        with opener.open(where, timeout=10) as answer:
            return str(answer.read().decode())

    def said(self, *words: str) -> str:
        """Return what the command line prints."""
        with redirect_stdout(StringIO()) as out:
            main([*words, "--config", str(self.config)])
        return out.getvalue()

    def seen(self) -> str:
        """Return all that people and programs can see of the server."""
        health = json.loads(self.get("/health"))
        shown = {key: value for key, value in health.items() if key not in PASSING}
        return f"{shown}\n{self.said('alerts')}\n{self.said('duty')}"

    def server_knows(self) -> str:
        """Return what the server keeps and shows; what it has set aside it did not read."""
        every = tables(self.db)
        del every["quarantine"]
        return f"{rows(self.db, every)}\n{self.seen()}"

    def agent_knows(self) -> str:
        """Return what the agent keeps, and what it has said."""
        said = [spoken for spoken in self.broker.spoken if spoken.who == AGENT]
        return f"{held(self.spool)} {list(self._kept.read())} {said}"

    def close(self) -> None:
        self._link.stop()
        if self._web is not None:
            self._web.stop()
        self._agent.close()
        self._spool.close()
        self._store.close()


class Anyway(urllib.request.HTTPErrorProcessor):
    """Takes the page of a server that is not well, too."""

    def http_response(self, _request: Any, response: Any) -> Any:
        return response
