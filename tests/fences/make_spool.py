"""Write an agent's spool with windows and presses that wait, and what is sent from it later."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fences.kept import HERE, Line, as_lines, save, unpacked
from fences.wired_agent import Bedside, held
from legwatch.testing import ms

HOME = HERE / "spool"
BEGIN = ms("2026-01-02T21:00Z")
AGAIN = {"utc_ms": BEGIN + 3_600_000, "mono_ms": 40_000}
MOST = 30  # windows that the next start keeps
AN_ID = "a" * 64


def text(**body: Any) -> str:
    return json.dumps({"v": 1, **body}, separators=(",", ":"))


def measured(first: int, last: int, clock: str = "synced", **seen: Any) -> Line:
    """Return windows as they are measured; boot and number are put in by the agent."""
    windows = [
        text(
            boot="ffffffff",
            seq=1,
            from_ms=BEGIN + n * 10_000 - 10_000,
            to_ms=BEGIN + n * 10_000,
            mono_ms=1_000 + n * 10_000,
            clock=clock,
            leg_c=round(30.0 + n / 10, 1),
            moves=n % 3,
            **seen,
        )
        for n in range(first, last)
    ]
    return {"measured": windows}


def pressed(ident: str, button: str = "ack", at_ms: int = BEGIN, **more: Any) -> Line:
    return {"pressed": [text(id=ident, button=button, at_ms=at_ms, **more)]}


def earlier() -> list[Line]:
    """Return the start before: it never knew the time, and had no broker."""
    return [
        measured(401, 404, "unsynced", faults={"leg": "no answer", "room": "CRC"}),
        pressed("b-1", at_ms=5_000, clock="unsynced", age_ms=3_000),
        measured(4, 6, in_bed=True, room_c=-3.5, leg_rh=40.0, room_rh=55.5, moved_s=0.5),
    ]


def before() -> list[Line]:
    """Return the start of which the file is."""
    return [
        measured(10, 14, in_bed=False, active_s=10.0),
        {"connected": 1},
        {"stored": [text(boot="0000000a", seq=2, presses=["gone"])]},
        pressed("gone"),
        pressed("a-1", "snooze", minutes=240, kind="cold"),
        measured(14, 18),
        {"lost": True},
        {"stored": [text(boot="0000000b", seq=1, presses=["gone"])]},
        pressed(AN_ID, "not_useful", BEGIN + 180_000),
        pressed("a-2", "cramp", BEGIN + 190_000, age_ms=0),
        measured(18, 30, "played"),
        measured(30, 36, room_c=18.0),
    ]


def after() -> list[Line]:
    """Return what happens to the next start of the agent, which opens the file."""
    return [
        measured(370, 372),
        {"connected": 1},
        pressed("c-1", at_ms=BEGIN + 3_700_000),
        measured(372, 374),
        {"stored": [text(boot="0000000a", seq=9, presses=["a-1"])]},
        {"stored": [text(boot="0000000b", seq=5, presses=["a-1", "b-1"])]},
        {"later_ms": 11_000},
        {"cmd": [text(id="n-1", cmd="nudge", tone="loud", thread="t")]},
        {"lost": True},
        measured(374, 376),
        {"connected": 2},
        {"stored": [text(boot="0000000c", seq=3)]},
        {"taken": text(id="c-1", button="ack", at_ms=BEGIN + 3_700_000)},
        {"later_ms": 30_000},
        measured(376, 390),  # more than it keeps
        {"later_ms": 61_000},
        {"stored": [text(boot="0000000a", seq=21, presses=["a-1", "b-1", AN_ID])]},
    ]


def make() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spool.db"
        starts: tuple[tuple[str, list[Line], int], ...] = (
            ("0000000b", earlier(), 1000),
            ("0000000a", before(), 27),  # so few that some are lost
        )
        for boot, script, most in starts:
            bed = Bedside(path, boot, most=most, utc_ms=BEGIN, mono_ms=1_000)
            for line in script:
                bed.do(line)
            bed.close()
        save(HOME / "spool.db.gz", path.read_bytes())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spool.db"
        path.write_bytes(unpacked(HOME / "spool.db.gz"))
        bed = Bedside(path, "0000000c", most=MOST, **AGAIN)
        did = []
        for line in after():
            bed.sent = []
            bed.do(line)
            did.append({"do": line, "sent": bed.sent, "held": held(path)})
        bed.close()
        save(HOME / "then.jsonl.gz", as_lines(did))
