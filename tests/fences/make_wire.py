"""Write messages of the wire: good ones with what is written of them again, and bad ones."""

import base64
import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

from fences.kept import HERE, NIGHTS, Line, as_lines, limits, save
from fences.wiring import Refused, again, command

HOME = HERE / "wire"
REPLAY = ("--format", "jsonl", "--bed", "anna", "--tz", "Europe/Berlin")
WINDOW: Line = {
    "v": 1, "boot": "9f2c41d0", "seq": 17, "from_ms": 1763769600000, "to_ms": 1763769610000,
    "mono_ms": 170000, "clock": "synced",
}  # fmt: skip
SEEN: Line = {
    "leg_c": 31.2, "leg_rh": 44.0, "room_c": 18.5, "room_rh": 51.0, "moves": 2, "in_bed": True,
    "faults": {"leg": "no answer"}, "low": 12, "age_ms": 40, "moved_s": 0.4, "active_s": 1.25,
}  # fmt: skip
PRESS: Line = {"v": 1, "id": "a-1", "button": "ack", "at_ms": 1763769600000}
STORED: Line = {"v": 1, "boot": "9f2c41d0", "seq": 17}
COMMAND: Line = {"v": 1, "id": "n-1", "cmd": "nudge", "tone": "loud"}
RESULT: Line = {"v": 1, "id": "n-1", "ok": False, "why": "there is no lamp"}
BASE = {
    "window": {**WINDOW, **SEEN},
    "event": PRESS,
    "stored": STORED,
    "cmd": COMMAND,
    "cmd/result": RESULT,
}
MOST = 2**53
END_MS = 4_102_444_800_000
SENSORS = ("room", "movement", "leg", "in_bed", "agent")
AN_ID = "a-Z9" * 16
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 0.5, -0.0, "", "x", "1", [], {}, [1], {"a": 1}, MOST,
    MOST + 1, 10**400, "x" * 64, "x" * 65, "x" * 201, "\ud800", "a b", "a\n", "ü", "\x1b[2J",
    -55, -55.1, 125, 125.1, 100, 100.1, 600, 600.1, 100_000, 100_001, END_MS, END_MS + 1,
    240, 241, "cold", "loud",
)  # fmt: skip
GOOD: dict[str, tuple[Line, ...]] = {
    "window": (
        WINDOW,
        {**WINDOW, "leg_c": None, "moves": None, "in_bed": None, "faults": None},
        {**WINDOW, "to_ms": WINDOW["from_ms"] + 1},
        {**WINDOW, "to_ms": WINDOW["from_ms"] + 600_000},
        {**WINDOW, "from_ms": 0, "to_ms": 1, "mono_ms": 0, "seq": 1},
        {**WINDOW, "from_ms": END_MS - 1, "to_ms": END_MS, "mono_ms": MOST, "seq": MOST},
        {**WINDOW, "clock": "unsynced"},
        {**WINDOW, "clock": "played"},
        {**WINDOW, "leg_c": -55, "leg_rh": 0, "room_c": 125, "room_rh": 100},
        {**WINDOW, "moves": 0, "in_bed": False, "moved_s": 0, "active_s": 0, "age_ms": 0},
        {**WINDOW, "moves": 100_000, "moved_s": 600, "active_s": 600.0, "age_ms": MOST},
        {**WINDOW, "low": 1, "leg_c": 1e-7, "room_c": 30.123456789012345},
        {**WINDOW, "faults": dict.fromkeys(SENSORS, "x" * 64)},
        {**WINDOW, "faults": {"leg": "two\nlines\x1b[2J \u2028 ü \U0001f321"}},
        {**WINDOW, "faults": {}, "a key of later": [1, {"a": None}]},
    ),
    "event": (
        *({**PRESS, "button": b} for b in ("ack", "snooze", "not_useful", "cramp")),
        *({**PRESS, "kind": k} for k in ("cold", "still", "sensor", "agent", None)),
        {**PRESS, "button": "snooze", "minutes": 1},
        {**PRESS, "button": "snooze", "minutes": 240, "kind": "cold"},
        {**PRESS, "id": AN_ID, "at_ms": 0, "clock": "unsynced", "age_ms": 0},
        {**PRESS, "id": "-", "at_ms": END_MS, "clock": "played", "age_ms": MOST},
        {**PRESS, "a key of later": 1},
    ),
    "stored": (
        {**STORED, "seq": 0},
        {**STORED, "seq": MOST, "presses": []},
        {**STORED, "presses": ["p1", AN_ID], "a key of later": 1},
        {**STORED, "presses": [f"p-{n}" for n in range(32)]},
        {**STORED, "presses": None},
    ),
    "cmd": (
        *({**COMMAND, "cmd": c, "tone": "quiet"} for c in ("nudge", "calm", "identify")),
        {"v": 1, "id": AN_ID, "cmd": "nudge"},
        {**COMMAND, "thread": "a" * 40, "a key of later": 1},
        {**COMMAND, "thread": ""},
    ),
    "cmd/result": (
        {"v": 1, "id": AN_ID, "ok": True},
        {**RESULT, "ok": True, "why": ""},
        {**RESULT, "why": "ä" * 200, "a key of later": 1},
    ),
}  # fmt: skip
TOPICS = (
    *(f"legwatch/v1/{bed}/window" for bed in ("a", "a-1", "0" * 32, "-", "", "A", "a_b", "ä", "+")),
    *(f"legwatch/v1/{bed}/window" for bed in ("a" * 33, "a b", "a\n", "#")),
    *(f"legwatch/v1/b/{rest}" for rest in ("event", "cmd/result", "alert/cold", "", "later/new")),
    "legwatch/v1/b", "legwatch/v2/b/window", "legwatch/window", "other/v1/b/window", "", "/",
)  # fmt: skip
NO_JSON = (
    b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"{}", b"1e999", b"[" * 4000, b" " * 5000,
    b'{"v":1,"leg_c":NaN}', b'{"v":1,"leg_c":-Infinity}', b'{"v":1}', b'{"v":2}', b"\x00",
)  # fmt: skip


def candidates(channel: str) -> Iterator[bytes]:
    """Return good messages, and each of their values in turn replaced by odd ones, or left out."""
    if channel == "topic":
        yield from (name.encode() for name in TOPICS)
        return
    base = BASE[channel]
    for body in (base, *GOOD[channel]):
        yield json.dumps(body, separators=(",", ":")).encode()
    yield json.dumps(base, indent=1).encode()
    raw = json.dumps(base).encode()
    yield raw + b" " * (4096 - len(raw))
    yield raw + b" " * (4097 - len(raw))
    yield raw.replace(b": 1,", b": 1e0,", 1)
    yield from NO_JSON
    more = {"event": ("kind", "minutes", "clock", "age_ms"), "stored": ("presses",)}
    keys = (*base, *more.get(channel, ()), *(("thread",) if channel == "cmd" else ()))
    for key in keys:
        yield json.dumps({k: v for k, v in base.items() if k != key}).encode()
        for odd in ODD:
            yield json.dumps({**base, key: odd}).encode()


def make() -> None:
    good: list[Line] = []
    bad: list[Line] = []
    for channel in (*BASE, "topic"):
        for payload in dict.fromkeys(candidates(channel)):
            line = {"channel": channel, **kept(payload)}
            try:
                good.append({**line, "again": again(channel, payload).decode()})
            except Refused:
                bad.append(line)
    save(HOME / "good.jsonl.gz", as_lines(good))
    save(HOME / "bad.jsonl.gz", as_lines(bad))
    night = str(NIGHTS / "body/body-3-0001-uncovered_both.csv.gz")
    own = [f"--set={key}={value}" for key, value in limits("standard").items()]
    with redirect_stdout(io.StringIO()) as out:
        command(["replay", night, *REPLAY, *own])
    save(HOME / "replay.jsonl", out.getvalue().encode())


def kept(payload: bytes) -> Line:
    """Return a payload as text, or in base64 where it is none."""
    try:
        return {"payload": payload.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(payload).decode()}
