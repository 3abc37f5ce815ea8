"""A server on a fake clock: live windows go in, and what every person is told is written down."""

import queue
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from legwatch.contract.press import Press, encode_press
from legwatch.contract.window import encode_window
from legwatch.events import Window
from legwatch.settings import load
from legwatch.testing import ms
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.loop import WriterLoop
from legwatch_server.beds.status import Status
from legwatch_server.inbox import Action, ActionRequest, LinkClaims, Outcome, TargetKind
from legwatch_server.ingest.broker import Arrival, Message
from legwatch_server.notify.channels import Notifier, Push, PushError, Sent
from legwatch_server.notify.outbox import Outbox
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.notify.rehearsal import plan_evening
from legwatch_server.notify.render import Renderer
from legwatch_server.settings import ServerSettings
from legwatch_server.store import deliveries
from legwatch_server.store.store import Store, connect

BEGIN = ms("2026-01-02T21:00Z")
MINUTE_MS = 60_000
KEY = b"a key for tests"


class Got(NamedTuple):
    """A push as it arrived: minutes since BEGIN."""

    minute: float
    channel: str
    push: Push


class Channel:
    """A service that keeps what it is given, or fails as it is told to."""

    def __init__(self, ward: "Ward", name: str) -> None:
        self._ward, self._name = ward, name
        self.answers: list[PushError | Sent | None] = []
        self.always: PushError | None = None
        self.withdrawn: list[tuple[float, str]] = []

    def send(self, push: Push) -> Sent:
        answer = self.answers.pop(0) if self.answers else self.always
        self._ward.tried.append(Got(self._ward.minute, self._name, push))
        if isinstance(answer, PushError):
            raise answer
        self._ward.got.append(Got(self._ward.minute, self._name, push))
        return answer or Sent(f"receipt-{push.id}")

    def withdraw(self, push: Push, receipt: str) -> None:
        del receipt
        self.withdrawn.append((self._ward.minute, push.to))

    def rehearse(self, push: Push) -> str:
        answer = self.answers.pop(0) if self.answers else self.always
        self._ward.tried.append(Got(self._ward.minute, self._name, push))
        if isinstance(answer, PushError):
            raise answer
        return "came back"


class Wire:
    def acknowledge(self, messages: list[Message]) -> None:
        """Nobody listens."""

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        """Nobody listens."""


Look = Callable[[float], dict[str, Any]]


class Ward:
    """One server with its beds; `settings` is the TOML table of the test."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.path = folder / "legwatch.db"
        answers = {"url": "https://legs.example"}
        rehearsal = {"at": ""}
        # These nights are not the bed's first; what is said in those has its own tests.
        rules = {"alerts.learn_nights": 0, "warmth.early_s": 0, **settings.pop("rules", {})}
        table = {"zone": "UTC", "answers": answers, "rehearsal": rehearsal, **settings}
        table["rules"] = rules
        self.settings = load(ServerSettings, table)
        self.settings.check()
        self.now_ms = self.begin_ms = BEGIN
        self.got: list[Got] = []
        self.tried: list[Got] = []
        self.channels = {name: Channel(self, name) for name in self.settings.channel_names()}
        self.start()

    def start(self) -> None:
        """Start, or start again after `crash`."""
        self.store = Store(self.path)
        self.unit = UnitOfWork(self.store, self.settings.rules_of, self.settings.plays)
        self.owner = WriterLoop(
            store=self.store,
            unit=self.unit,
            broker=Wire(),
            arrivals=queue.SimpleQueue[Arrival | None](),
            planner=DeliveryPlanner(self.settings),
            rehearsal=partial(plan_evening, self.settings),
            wake=lambda: None,
            status=Status(),
            utc_ms=lambda: self.now_ms,
        )
        self.boxes = {name: self._box(name, channel) for name, channel in self.channels.items()}
        self.dbs = {name: connect(self.path) for name in self.boxes}
        for db in (self.store._db, *self.dbs.values()):
            db.execute("PRAGMA synchronous=OFF")  # no power cut here, and a slow disk is no test
        self.owner.begin()

    def _box(self, name: str, notifier: Notifier) -> Outbox:
        return Outbox(
            self.path,
            name,
            notifier,
            render=Renderer(self.settings, KEY),
            give_up_h=self.settings.push.give_up_h,
            utc_ms=lambda: self.now_ms,
        )

    def close(self) -> None:
        for db in self.dbs.values():
            db.close()
        self.store.close()

    @property
    def minute(self) -> float:
        return (self.now_ms - BEGIN) / MINUTE_MS

    def play(self, minutes: int, window: Look, bed: str = "b") -> None:
        """Let live minutes go by: six windows each, and every push at its own time."""
        for _ in range(minutes):
            begin_ms = self.now_ms
            self.run_to(begin_ms + MINUTE_MS)
            self.feed(bed, (begin_ms - BEGIN) // MINUTE_MS, window)
            self.settle()

    def feed(self, bed: str, minute: int, window: Look) -> None:
        """Let one minute's windows arrive; nothing is sent yet."""
        arrivals = []
        for i in range(6):
            to_ms = BEGIN + minute * MINUTE_MS + (i + 1) * 10_000
            seq = (to_ms - BEGIN) // 10_000
            given = window((to_ms - BEGIN) / MINUTE_MS)
            made = Window("0000000a", seq, to_ms - 10_000, to_ms, seq * 10_000, "synced", **given)
            topic = f"legwatch/v1/{bed}/window"
            arrivals.append(Message(topic, encode_window(made), to_ms, 0, 1))
        self.owner.turn(arrivals)

    def run_to(self, to_ms: int) -> None:
        """Let time come to `to_ms`; what is due on the way goes out at its own time."""
        while True:
            self.settle()
            nexts = [deliveries.next_ms(self.dbs[name], name) for name in self.boxes]
            next_ms = min((at for at in nexts if at > self.now_ms), default=to_ms)
            if next_ms >= to_ms:
                break
            self.now_ms = next_ms
        self.now_ms = to_ms
        self.owner.turn([])
        self.settle()

    def settle(self) -> None:
        """Send all that is due now."""
        busy = True
        while busy:
            busy = False
            for name, box in self.boxes.items():
                while box.turn(self.dbs[name], 5.0 if box.busy else 0.0) == 0.0 or box.busy:
                    busy = True

    def until_loud(self, window: Look, most: int = 240) -> None:
        """Play until somebody is told with a sound."""
        for _ in range(most):
            if self.told("loud"):
                return
            self.play(1, window)
        raise AssertionError("never loud")

    def press(self, ident: str = "p1", button: str = "ack", **more: Any) -> None:
        """Let a press of the button at bed b arrive now; `at_ms` may say that it is older."""
        at_ms = more.pop("at_ms", self.now_ms)
        body = encode_press(Press(ident, button, at_ms, **more))
        self.owner.turn([Message("legwatch/v1/b/event", body, self.now_ms, 0, 1)])
        self.settle()

    def seen(self) -> None:
        """Let somebody say at the command line that the first alert has been seen."""
        (ident,) = self.rows("SELECT id FROM notices WHERE what='fired'")[0]
        said = LinkClaims(TargetKind.NOTICE, ident, Action.SEEN, 0, 0)
        self.owner.turn([ActionRequest(said, b"seen", "command line", self.now_ms, lambda _: None)])

    def whats(self, kind: str = "cold") -> list[str]:
        """Return what happened to the alerts of a kind."""
        return [what for (what,) in self.rows("SELECT what FROM notices WHERE kind=?", kind)]

    def answer(self, claims: LinkClaims, token: bytes = b"", via: str = "link") -> Outcome:
        """Let an answer come in; return what became of it."""
        outcomes: list[Outcome] = []
        self.owner.turn([ActionRequest(claims, token, via, self.now_ms, outcomes.append)])
        self.settle()
        return outcomes[0]

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as db:
            return db.execute(sql, values).fetchall()

    def told(self, *tones: str) -> list[tuple[float, str, str, str]]:
        """Return (minute, address, tone, what) of every push that arrived."""
        return [
            (got.minute, got.push.to, got.push.purpose.value, got.push.transition.value)
            for got in self.got
            if not tones or got.push.purpose in tones
        ]
