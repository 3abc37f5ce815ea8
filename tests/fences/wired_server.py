"""A server on a fake clock. With wiring.py and wired_agent.py the only file that knows its names.

Everything it did is one list of lines: what was published, pushed, taken back and asked.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

from fences.kept import Line
from legwatch_runtime.clock import Instant
from legwatch_server.app import _answered_in_app
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.loop import WriterLoop
from legwatch_server.beds.status import Status
from legwatch_server.beds.writer import START_S
from legwatch_server.inbox import Connected, Message, Request
from legwatch_server.ingest.decode import decode
from legwatch_server.notify.channels import Permanent, Progress, Push, Retryable, Sent
from legwatch_server.notify.outbox import Calls, Outbox, Patience
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.notify.render import Renderer
from legwatch_server.notify.shown_instead import ShownInstead
from legwatch_server.publish.mqtt import MqttPublisher
from legwatch_server.settings_file import read
from legwatch_server.store.database import SqliteStore
from legwatch_server.timeline import Timeline
from legwatch_server.transport import Outgoing
from legwatch_server.waiting import Waiting
from legwatch_server.web.actions import PATH, ActionHandler

KEY = b"a key for the fences"
REFUSALS = {"never": Permanent, "later": Retryable}
SERVICES = ("phone", "pager", "sms", "lamp")


def pushed(push: Push) -> Line:
    """Return all that a channel is given to send."""
    return {
        "id": push.id,
        "to": push.to,
        "thread": push.thread,
        "bed": push.bed,
        "clock": push.clock,
        "title": push.title,
        "text": push.text,
        "level": push.severity.value,
        "what": push.transition.value,
        "tone": push.purpose.value,
        "buttons": [[button.label, button.url] for button in push.buttons],
        "page": push.page,
        "again": push.again,
    }


class Sms:
    """A service that can only send; `says` is what it answers next, and what ever after."""

    def __init__(self, name: str, note: Callable[[Line], None], says: list[str]) -> None:
        self.name, self.note, self.says = name, note, says

    def send(self, push: Push) -> Sent:
        self.note({"send": self.name, **pushed(push)})
        return Sent(f"receipt-{push.id}", delivered=self._answer() == "delivered")

    def _answer(self) -> str:
        """Return the next answer; the last one stays."""
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if said in REFUSALS:
            raise REFUSALS[said](f"the service says: {said}")
        return said


class Lamp(Sms):
    """A service that can also take back; `back` is what it says then."""

    back = "taken"

    def withdraw(self, push: Push, receipt: str) -> None:
        self.note({"withdraw": self.name, "receipt": receipt, **pushed(push)})
        if self.back in REFUSALS:
            raise REFUSALS[self.back](f"the service says: {self.back}")


class Phone(Lamp):
    """A service that can be tried in silence as well."""

    def rehearse(self, push: Push) -> str:
        self.note({"rehearse": self.name, **pushed(push)})
        self._answer()
        return "came back"


class Pager(Lamp):
    """A service that tells what became of a push; `far` is what it says next."""

    follow_every_s = 60.0

    def __init__(self, name: str, note: Callable[[Line], None], says: list[str]) -> None:
        super().__init__(name, note, says)
        self.far = ["waiting"]

    def progress(self, receipt: str) -> Progress:
        said = self.far.pop(0) if len(self.far) > 1 else self.far[0]
        self.note({"ask": self.name, "receipt": receipt, "said": said})
        return Progress(said)


class Server:
    """One server; what it is given and when is the test's."""

    def __init__(self, config: Path, now_ms: int, says: dict[str, list[str]]) -> None:
        self.settings = read(config)
        self.path = Path(self.settings.state_dir) / "legwatch.db"
        self.now_ms, self.did, self._said = now_ms, list[Line](), list[tuple[str, bytes, bool]]()
        self._begun_ms = now_ms
        self.crashed: set[str] = set()  # channels of which nothing is noted any more
        makers: dict[str, type[Sms]] = {"phone": Phone, "pager": Pager, "lamp": Lamp}
        self.services = {
            name: makers.get(name, Sms)(name, self._note, list(says.get(name, ["taken"])))
            for name in SERVICES
        }
        # No power cut here, and a slow disk is no test.
        self.store = SqliteStore(self.path, durable=False)
        self._come: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self.owner = WriterLoop(
            store=self.store,
            unit=UnitOfWork(self.store, self.settings.rules_of, self.settings.plays),
            transport=self,
            listeners=[MqttPublisher(self, self.instant)],
            inbox=Waiting(),
            settings=self.settings,
            wake=lambda: None,
            status=Status(),
            stopping=ended(),
            timeline=Timeline(self),
        )
        self._door = ActionHandler(KEY, lambda answered: self._turn([answered]), self.utc_ms)
        self._outboxes = {name: self.store.outbox(name) for name in SERVICES}
        self._boxes = {name: self._box(name) for name in SERVICES}
        self.owner.begin()

    def _box(self, name: str) -> Outbox:
        one = 1  # worker, so that the order is always the same
        made = Outbox(
            self._outboxes[name],
            name,
            self.services[name],
            Patience(self.settings.push.give_up_h, one),
            Calls(
                render=Renderer(self.settings, KEY),
                answered=partial(_answered_in_app, self._come, self.utc_ms, name),
                now_ms=self.utc_ms,
                instead=ShownInstead(DeliveryPlanner(self.settings)),
            ),
        )
        staff = made._workers.staff
        setattr(made._workers, "staff", lambda _jobs: staff(one))  # noqa: B010
        return made

    def instant(self) -> Instant:
        # The server of the files took a time before its start for one long after it.
        waited_s = START_S if self.now_ms < self._begun_ms else 0.0
        return Instant(self.now_ms * 1_000_000).after(2 * waited_s)

    def utc_ms(self) -> int:
        return self.now_ms

    def mono_ms(self) -> int:
        return self.now_ms

    def synced(self) -> bool:
        return True

    def _note(self, line: Line) -> None:
        self.did.append({"ms": self.now_ms, **line})

    def confirm(self, receipts: Sequence[object]) -> None:
        """Nobody listens."""

    def publish(self, message: Outgoing) -> None:
        self._said.append((message.topic, message.payload, message.retain))

    def do(self, line: Line) -> None:
        """Let one line of a script happen at its time."""
        self._run_to(line["ms"])
        match line:
            case {"topic": topic, "payload": payload}:
                self._turn([decode(Message(topic, payload.encode(), self.now_ms))])
            case {"connected": _}:
                self._turn([Connected()])
            case {"tap": address}:
                reply = self._door.take(address.rpartition(PATH)[2], {})
                self._note({"tapped": address, "status": reply.status})
            case {"service": name, **more}:
                vars(self.services[name]).update(deepcopy(more))
            case {"crash": name}:
                self.crashed.add(name)
        self._settle()

    def _turn(self, arrivals: list[Request]) -> None:
        self.owner.turn(arrivals)
        for topic, payload, retain in sorted(self._said):  # nothing hangs on the order in a turn
            self._note({"publish": topic, "payload": payload.decode(), "retain": retain})
        self._said.clear()

    def _run_to(self, to_ms: int) -> None:
        """Let time come to `to_ms`; what is due on the way goes out at its own time."""
        while True:
            self._settle()
            dues = [box.next_ms() for name, box in self._boxes.items() if name not in self.crashed]
            next_ms = min((at for at in dues if at > self.now_ms), default=to_ms)
            if next_ms >= to_ms:
                break
            self.now_ms = next_ms
        self.now_ms = to_ms
        self.owner._last_turn = self.instant()  # the server of the files did not know of sleep
        self._turn([])
        self._settle()

    def _settle(self) -> None:
        busy = True
        while busy:
            busy = False
            for name, box in self._boxes.items():
                if name in self.crashed:  # what it takes in hand now is never marked
                    if not box.busy:
                        box.turn()
                    continue
                while box.turn(5.0 if box.busy else 0.0) == 0.0 or box.busy:
                    busy = True
            while not self._come.empty():
                answered = self._come.get()
                assert answered is not None
                self._turn([answered])
                busy = True

    def close(self) -> None:
        for opened in self._outboxes.values():
            opened.close()
        self.store.close()


def upgrade(folder: Path) -> None:
    """Bring the database of a folder up to date, as the first start of a new version does."""
    SqliteStore(folder / "legwatch.db").close()


def ended() -> threading.Event:
    """Return a wish to stop: a database that takes nothing then fails a test at once."""
    stopping = threading.Event()
    stopping.set()
    return stopping


def tables(path: Path) -> dict[str, list[str]]:
    """Return the columns of every table."""
    with closing(sqlite3.connect(path)) as db:
        names = db.execute(
            "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
            " ORDER BY name"
        ).fetchall()
        return {
            name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for (name,) in names
        }


def rows(path: Path, columns: dict[str, list[str]]) -> list[list[Any]]:
    """Return every row of these tables, each behind the name of its table."""
    with closing(sqlite3.connect(path)) as db:
        return [
            [table, *(value.hex() if isinstance(value, bytes) else value for value in row)]
            for table, names in sorted(columns.items())
            for row in db.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY {names[0]}")
        ]
