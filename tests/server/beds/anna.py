"""A server for tests of what comes in: bed anna may play recordings, and nobody sends pushes."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from legwatch.contract.window import encode_window
from legwatch.events import Window
from legwatch.settings import load
from legwatch.testing import live_window, ms
from legwatch_server.inbox import Arrived
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer

BEGIN = ms("2026-01-02T21:00Z")
WINDOW, EVENT, STORED = (f"legwatch/v1/anna/{what}" for what in ("window", "event", "stored"))
COMMIT = "legwatch_server.beds.writer.commit"  # what a failing store is put in the place of
REAL = "real"  # a bed that may play no recording, as any bed but anna and demo


def open_server(folder: Path) -> InProcessServer:
    """Start a server with the limits of `repository.rules()`."""
    table = {
        "zone": "Europe/Berlin",
        "rules": {"warmth.early_s": 0},
        "rehearsal": {"at": ""},
        "beds": {bed: {"played": True} for bed in ("anna", "demo")},
    }
    return InProcessServer(folder, load(ServerSettings, table), begin_ms=BEGIN)


def live(seq: int, server: InProcessServer, **fields: Any) -> Window:
    """Return a live window of a warm bed that ends now."""
    seen = {"leg_c": 31.0, "moves": 0, "in_bed": True, **fields}
    return live_window(seq, server.clock.now_ms, **seen)


def arriving(server: InProcessServer, payload: bytes, name: str = WINDOW) -> Arrived:
    return server.message(name, payload)


def take(server: InProcessServer, *payloads: bytes) -> None:
    """Let windows of bed anna arrive together."""
    server.turn([arriving(server, payload) for payload in payloads])


def play(server: InProcessServer, windows: Iterable[Window], each: int = 50) -> None:
    """Let windows of bed anna arrive, so many together."""
    payloads = [encode_window(window) for window in windows]
    for i in range(0, len(payloads), each):
        take(server, *payloads[i : i + each])


def count(server: InProcessServer, table: str, where: str = "1=1") -> int:
    return int(server.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


def upto(server: InProcessServer, boot: str = "0000000a") -> int:
    """Return up to which window the agent was told that all are stored."""
    told = [json.loads(m.payload) for m in server.broker.published if m.topic.endswith("/stored")]
    return next((int(body["seq"]) for body in reversed(told) if body["boot"] == boot), 0)
