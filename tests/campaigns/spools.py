"""An agent whose spool was damaged: what it measures and what can be read must leave."""

import json
import sqlite3
import traceback
from contextlib import closing
from pathlib import Path

from campaigns.cold_night import Fate, Night
from campaigns.ward import listening
from legwatch_device.broker_link import LinkUp
from legwatch_device.spool import Spool, SpooledWindow
from legwatch_device.testing import InProcessAgent

FILE = "spool.db"
KEPT, NEW = 600, 12
_OLD, _NOW = "0000000a", "0000000b"


def make(folder: Path) -> Path:
    """Make the folder of an agent that was away from its server; all is in the database."""
    folder.mkdir(parents=True)
    with closing(Spool(folder / FILE)) as spool:
        _fill(spool)
    return folder


def make_crashed(folder: Path, confirmed: int = 0) -> Path:
    """Make the same folder as after a power cut: all is in the log only."""
    live = folder.with_name(f"{folder.name}-live")
    live.mkdir(parents=True)
    folder.mkdir()
    with closing(Spool(live / FILE)) as spool:
        _fill(spool)
        spool.confirm(_OLD, confirmed)
        for file in live.iterdir():
            folder.joinpath(file.name).write_bytes(file.read_bytes())
    return folder


def _fill(spool: Spool) -> None:
    for first in range(1, KEPT + 1, 100):
        windows = [_window(seq) for seq in range(first, first + 100)]
        spool.put(windows, [], [(5, b'{"id":"p%d"}' % first)])


def _window(seq: int) -> SpooledWindow:
    body = {"v": 1, "boot": _OLD, "seq": seq, "leg_c": 31.0}
    return SpooledWindow(_OLD, seq, seq * 10_000, seq * 10_000, "synced", json.dumps(body).encode())


def indexes(path: Path) -> list[tuple[str, int]]:
    """Return the name and the first page of each index."""
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT name, rootpage FROM sqlite_master WHERE type='index' ORDER BY name"
        return db.execute(sql).fetchall()


def run(folder: Path) -> Night:
    """Start an agent on the folder, let it measure, and let it reach its server."""
    with listening("legwatch_device") as said:
        try:
            with closing(Spool(folder / FILE)) as spool:
                fate, detail = _night(InProcessAgent(spool, boot=_NOW), said.lines)
        except Exception as error:
            at = traceback.extract_tb(error.__traceback__)[-1]
            why = f"{type(error).__name__}: {error} ({Path(at.filename).name}:{at.lineno})"
            fate, detail = Fate.CRASHED, why
    return Night(fate, detail, said.bytes)


def _night(agent: InProcessAgent, said: list[str]) -> tuple[Fate, str]:
    agent.measure(NEW)
    agent.turn(LinkUp(1))
    for _ in range(KEPT):
        before = len(agent.link.sent)
        agent.turn()
        if len(agent.link.sent) == before:
            break
    bodies = [json.loads(sent.payload) for sent in agent.link.sent if sent.channel == "window"]
    sent = {boot: {body["seq"] for body in bodies if body["boot"] == boot} for boot in (_OLD, _NOW)}
    if sent[_NOW] != set(range(1, NEW + 1)):
        return Fate.BLIND, f"{len(sent[_NOW])} of {NEW} new windows are sent"
    lost = KEPT - len(sent[_OLD])
    told = [
        json.loads(one.payload).get("lost", 0) for one in agent.link.sent if one.channel == "info"
    ]
    if lost and not any(told):
        return Fate.UNSAID, f"{lost} windows are lost, and the server hears of none"
    return (Fate.TOLD, said[0]) if said else (Fate.HARMLESS, "")
