"""The server's parts on a folder that may be damaged, driven as `legwatch server` drives them.

An error that the real server's threads take is taken here too, and noted; every other one is a
fault of the server.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from legwatch.contract.press import Press, encode_press
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.settings import load
from legwatch.testing import WINDOW_MS, live_window, ms
from legwatch_server.claims import LinkClaims
from legwatch_server.health import Health
from legwatch_server.inbox import ActionRequested, Arrived, Outcome, Request
from legwatch_server.settings import ServerSettings
from legwatch_server.store.connection import connect_read_only
from legwatch_server.store.errors import StoreError
from legwatch_server.store.upkeep import Upkeep
from legwatch_server.testing import InProcessServer

BEGIN = ms("2026-01-02T21:00Z")
MINUTE_MS = 60_000
STUCK_S = 3.0  # so long the writer may try again in one turn, before the turn is given up
Look = Callable[[float], dict[str, Any]]


def settings() -> ServerSettings:
    """Return settings without trial nights, early signs and rehearsals: they have own tests."""
    table = {
        "zone": "UTC",
        "answers": {"url": "https://legs.example"},
        "rehearsal": {"at": ""},
        # Only the limits in degrees decide: these sleepers never move.
        "rules": {"alerts.learn_nights": 0, "warmth.early_s": 0, "warmth.change_sure": 1.0},
    }
    made = load(ServerSettings, table)
    made.check()
    return made


class Ward:
    """One server; nothing happens by itself."""

    def __init__(self, folder: Path, begin_ms: int = BEGIN) -> None:
        self.server = InProcessServer(folder, settings(), begin_ms=begin_ms)
        self.path = self.server.path
        self.health = health_of(self.server)
        self._upkeep = Upkeep(self.server.store, lambda _s: False, now=self.server.clock.instant)

    @property
    def now_ms(self) -> int:
        """The time of the fake clock."""
        return self.server.clock.now_ms

    def message(self, name: str, payload: bytes) -> Arrived:
        """Return a message that arrives now."""
        return self.server.message(name, payload)

    def press(self, bed: str, press: Press) -> Arrived:
        """Return a press of the button that arrives now."""
        return self.message(topic(bed, Channel.EVENT), encode_press(press))

    def take(self, requests: Sequence[Request]) -> None:
        """Let messages arrive; a turn in which the store fails for long is given up."""
        stuck = threading.Timer(STUCK_S, self.server.stopping.set)
        stuck.start()
        try:
            self.server.turn(requests)
        finally:
            stuck.cancel()
            self.server.stopping.clear()

    def minute(self, minute: int, beds: Iterable[tuple[str, Look]], boot: str = "0000000a") -> None:
        """Let a minute go by: six windows of each bed, and each push that is due."""
        self.server.clock.advance(MINUTE_MS)
        arrived = [
            self.message(topic(bed, Channel.WINDOW), encode_window(window._replace(boot=boot)))
            for bed, look in beds
            for window in self._windows(minute, look)
        ]
        self.take(arrived)
        self.push()
        self._look_after_the_store()

    def _windows(self, minute: int, look: Look) -> Iterator[Any]:
        for n in range(6):
            seq = minute * 6 + n + 1
            to_ms = self.now_ms - (5 - n) * WINDOW_MS
            age_ms = self.now_ms - to_ms
            yield live_window(seq, to_ms, age_ms=age_ms, **look(seq / 6))

    def _look_after_the_store(self) -> None:
        with contextlib.suppress(StoreError), closing(self.server.store.line()) as line:
            self._upkeep.turn(line)

    def push(self) -> None:
        """Send what is due; a channel waits while the store fails, as its thread does."""
        for outbox in self.server.outboxes.values():
            try:
                while outbox.turn(5.0 if outbox.busy else 0.0) == 0.0 or outbox.busy:
                    pass
            except StoreError:
                continue

    def answer(self, claims: LinkClaims, token: bytes) -> list[Outcome]:
        """Let somebody tap a link; return what they were told."""
        told: list[Outcome] = []
        self.take([ActionRequested(claims, token, "link", self.now_ms, told.append)])
        self.push()
        return told

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the file over a connection of our own."""
        with closing(connect_read_only(self.path)) as db:
            return db.execute(sql).fetchall()

    def pushed(self, bed: str) -> float | None:
        """Return at which minute the first push about a bed arrived; None: none did."""
        arrived = self.server.pushes.arrived
        return next((push.minute for push in arrived if push.push.bed == bed), None)


@contextmanager
def open_folder(folder: Path, begin_ms: int = BEGIN) -> Iterator[Ward]:
    """Start the server's parts on a folder."""
    ward = Ward(folder, begin_ms)
    try:
        yield ward
    finally:
        ward.server.close()


def health_of(server: InProcessServer) -> Health:
    """Return what `/health` of these parts says."""
    return Health(
        unit=server.unit,
        status=server.status,
        outboxes=cast("Any", SimpleNamespace(all=server.outboxes)),
        store=server.store,
        actions=cast("Any", SimpleNamespace(results={})),
        connected=lambda: True,
        waiting=lambda: 0,
        settings=server.settings,
        timeline=server.timeline,
        concerns=[server.store.concerns],
    )


class Said(logging.Handler):
    """What the log has said, from the level of a warning on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self.bytes = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, and count what the whole of it weighs."""
        self.lines.append(record.getMessage())
        self.bytes += len(self.format(record))


@contextmanager
def listening(package: str = "legwatch_server") -> Iterator[Said]:
    """Hear the log of a package during the block, and keep it from the screen."""
    said, root = Said(), logging.getLogger(package)
    root.addHandler(said)
    before, root.propagate = root.propagate, False
    try:
        yield said
    finally:
        root.propagate = before
        root.removeHandler(said)
