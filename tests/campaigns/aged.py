"""A server's folder as an old one is: beds, nights, open pushes, presses, answers, bad messages."""

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from campaigns.ward import BEGIN, MINUTE_MS, Ward, open_folder
from legwatch.contract.action import Action
from legwatch.contract.press import Press
from legwatch.testing import uncovering
from legwatch_server.claims import LinkClaims, TargetKind

KNOWN = "a"  # the bed of which the folder knows all
MINUTES = 150  # so long it was watched
IN_THE_LOG_MIN = 100  # from here on it is in the log only, until the server stops
AGED_MS = BEGIN + MINUTES * MINUTE_MS
_LEGS = uncovering((60, 400), uncovered_c=24.0)
_MORE_WINDOWS = (
    "INSERT INTO windows (bed_id, boot_id, seq, from_ms, to_ms, mono_ms, clock, leg_c, moves,"
    " arrived_ms, late) VALUES (1, 99, ?, ?, ?, ?, 'synced', 30.5, 0, ?, 0)"
)


def legs(minute: float) -> dict[str, Any]:
    """A sleeper who lies still, uncovered from the second hour on."""
    return {"leg_c": _LEGS(minute), "room_c": 18.0, "moves": 0, "in_bed": True}


def make(folder: Path) -> Path:
    """Make the folder of a server that was stopped in an alert; its log was taken in."""
    folder.mkdir(parents=True)
    with open_folder(folder) as ward:
        _live(ward)
    return folder


def make_crashed(folder: Path) -> Path:
    """Make the same folder as after a power cut: the latest is in the log only."""
    live = folder.with_name(f"{folder.name}-live")
    live.mkdir(parents=True)
    folder.mkdir()
    with open_folder(live) as ward:
        _live(ward)
        for file in live.iterdir():
            shutil.copy(file, folder)
    return folder


def _live(ward: Ward) -> None:
    with closing(sqlite3.connect(ward.path)) as db, db:
        db.executemany(_MORE_WINDOWS, list(_older(2000)))
    ward.take([ward.message(f"legwatch/v1/{KNOWN}/window", b"nonsense")])
    for minute in range(MINUTES):
        if minute == IN_THE_LOG_MIN:
            with closing(sqlite3.connect(ward.path)) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ward.minute(minute, [(KNOWN, legs)])
    ward.take([ward.press(KNOWN, Press("p1", "cramp", ward.now_ms))])
    (ident,) = ward.ask("SELECT id FROM deliveries LIMIT 1")[0]
    ward.answer(LinkClaims(TargetKind.DELIVERY, ident, Action.SEEN, 0, 0), b"token-1")
    for minute in range(MINUTES, MINUTES + 3):
        ward.minute(minute, [(KNOWN, legs)])


def _older(count: int) -> Iterable[tuple[int, ...]]:
    for seq in range(1, count + 1):
        at_ms = BEGIN - (count - seq + 1) * 10_000
        yield seq, at_ms - 10_000, at_ms, seq * 10_000, at_ms
