"""A server for tests of notifications: one evening, an address for answers, no trial nights."""

from pathlib import Path
from typing import Any

from legwatch.contract.action import Action
from legwatch.contract.press import Press
from legwatch.settings import load
from legwatch.testing import ms
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import ActionRequested
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer

BEGIN = ms("2026-01-02T21:00Z")
MINUTE_MS = 60_000


def open_ward(folder: Path, **settings: Any) -> InProcessServer:
    """Start a server; `settings` is the TOML table of the test."""
    # Trial nights and early signs have tests of their own.
    rules = {"alerts.learn_nights": 0, "warmth.early_s": 0, **settings.pop("rules", {})}
    answers, rehearsal = {"url": "https://legs.example"}, {"at": ""}
    table = {"zone": "UTC", "answers": answers, "rehearsal": rehearsal, **settings, "rules": rules}
    made = load(ServerSettings, table)
    made.check()
    return InProcessServer(folder, made, begin_ms=BEGIN)


def press(ward: InProcessServer, ident: str = "p1", button: str = "ack", **more: Any) -> None:
    """Let a press of the button at bed b arrive now; `at_ms` may say that it is older."""
    at_ms = more.pop("at_ms", ward.clock.now_ms)
    ward.press("b", Press(ident, button, at_ms, **more))


def seen(ward: InProcessServer) -> None:
    """Let somebody say at the command line that the first alert has been seen; nothing is sent."""
    (ident,) = ward.rows("SELECT id FROM notices WHERE what='fired'")[0]
    claims = LinkClaims(TargetKind.NOTICE, ident, Action.SEEN, 0, 0)
    now_ms = ward.clock.now_ms
    ward.turn([ActionRequested(claims, b"seen", "command line", now_ms, lambda _: None)])
