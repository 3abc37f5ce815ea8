"""Write a server's database in the middle of a bad night, and what happens after its restart."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from tomlkit import dumps as dump

from fences.bad_night import HOME, NOW_NS, SAID, configured, opened
from fences.kept import Line, as_lines, limits, save, unpacked
from fences.wired_server import Server, rows, tables
from fences.wiring import command
from legwatch.testing import ms, uncovering

MINUTE_MS = 60_000
FIRST = ms("2026-01-02T21:00Z")  # a Friday
SECOND = FIRST + 24 * 60 * MINUTE_MS
COPIED_MIN = 124  # of the second night
AWAY_MIN = 7
SETTINGS: dict[str, Any] = {
    "state_dir": "STATE_DIR",
    "zone": "UTC",
    "answers": {"url": "https://legs.example"},
    "rehearsal": {"at": "20:30", "confirm": "sat"},
    "rules": {"warmth.early_s": 600, "stillness.joint_s": 0},
    "people": {
        "anna": {
            "role": "sleeper",
            "channels": ["phone"],
            "quiet": ["lamp"],
            "address": {"phone": "anna"},
            "beds": ["north", "south"],
        },
        "bert": {"channels": ["phone", "sms"], "address": {"phone": "bert", "sms": "0123"}},
        "cleo": {"channels": ["pager"], "language": "de", "woken_for": {"still": "never"}},
        "dora": {"channels": ["sms", "pager"], "beds": ["north", "south"]},
        "emil": {"channels": ["phone"], "woken_for": {"cold": "urgent"}},
    },
    "roster": [
        {"people": ["anna", "bert", "cleo", "dora", "emil"]},
        {"people": ["cleo", "bert"], "nights": ["fri"], "beds": ["attic"]},
    ],
    "beds": {
        "north": {"rules": {"alerts.learn_nights": 0}},
        "south": {"rules": {"alerts.learn_nights": 1}},
        "attic": {"zone": "Europe/Berlin"},
        "demo": {"played": True, "rules": {"alerts.learn_nights": 0}},
    },
}
UNCOVERED = {"north": (62, 175), "south": (55, 300), "attic": (70, 160), "demo": (50, 90)}
AIR = {bed: uncovering(span, uncovered_c=25.4) for bed, span in UNCOVERED.items()}
BOOTS = {"north": "0000000a", "south": "0000000b", "attic": "0000000c", "demo": "0000000d"}


def window(bed: str, to_ms: int, length_s: int, **seen: Any) -> Line:
    """Return one window as it comes; a number counts up with time."""
    seq = (to_ms - FIRST) // 10_000
    body = {
        "v": 1,
        "boot": BOOTS[bed],
        "seq": seq,
        "from_ms": to_ms - length_s * 1000,
        "to_ms": to_ms,
        "mono_ms": seq * 10_000,
        "clock": "played" if bed == "demo" else "synced",
        "low": seq,
        "age_ms": 0,
        **seen,
    }
    return message(to_ms, f"{bed}/window", body)


def message(at_ms: int, place: str, body: Line | str) -> Line:
    payload = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    return {"ms": at_ms, "topic": f"legwatch/v1/{place}", "payload": payload}


def press(minute: float, bed: str, ident: str, button: str, **more: Any) -> Line:
    at_ms = at(minute)
    body = {"v": 1, "id": ident, "button": button, "at_ms": at_ms, **more}
    return message(at_ms, f"{bed}/event", body)


def at(minute: float) -> int:
    return SECOND + int(minute * MINUTE_MS)


def first_night() -> Iterator[Line]:
    """Two beds are slept in for long enough to learn from, and are watched through the day."""
    for m in range(0, 1420, 5):
        for bed in ("south", "attic"):
            seen = {"leg_c": 30.0 + m % 3 / 10, "room_c": 18.0, "moves": 1, "in_bed": True}
            if m > 240:
                seen = {"leg_c": 18.5 + m % 4 / 10, "room_c": 18.0, "moves": 0, "in_bed": False}
            yield window(bed, FIRST + (m + 5) * MINUTE_MS, 300, **seen)


def sleep(first_min: int, last_min: int, beds: tuple[str, ...]) -> Iterator[Line]:
    """The second night: covers slip off, and nobody moves then."""
    for n in range(first_min * 3, last_min * 3):
        m = (n + 1) / 3
        for bed in beds:
            turned = m < UNCOVERED[bed][0] - 5 or m > UNCOVERED[bed][1]
            seen: dict[str, Any] = {
                "leg_c": AIR[bed](m),
                "room_c": 18.0,
                "moves": 1 if n % 45 == 0 and turned else 0,
                "in_bed": True,
                "moved_s": 0.4 if n % 45 == 0 and turned else 0.0,
            }
            if bed == "attic":
                seen |= {"leg_rh": 41.5, "room_rh": 38.0, "active_s": 1.5}
            if bed == "demo" and m > 100:
                seen |= {"leg_c": None, "faults": {"leg": "no answer"}}
            yield window(bed, at(m), 20, **seen)


def bad() -> Iterator[Line]:
    """What is set aside."""
    yield message(at(3.1), "north/window", "no JSON")
    yield message(at(3.2), "north/window", '{"v":1,"boot":"0000000a","seq":3}')
    yield message(at(3.3), "north/event", '{"v":1,"id":"odd","button":"what","at_ms":1}')
    yield message(at(3.4), "NORTH/window", "{}")
    lying = {"v": 1, "boot": "0000000e", "seq": 1, "from_ms": at(2), "to_ms": at(3), "mono_ms": 9}
    yield message(at(3.5), "attic/window", {**lying, "clock": "played"})
    yield message(at(3.6), "attic/window", {**lying, "clock": "unsynced", "age_ms": 60_000})
    yield message(at(3.7), "attic/window", {**lying, "seq": 2, "clock": "unsynced"})


def before() -> list[Line]:
    """Return what happens until the copy is taken."""
    return [
        *first_night(),
        {"ms": SECOND - 29 * MINUTE_MS},
        *sleep(0, COPIED_MIN, tuple(BOOTS)),
        *list(sleep(COPIED_MIN, COPIED_MIN + 1, ("north",)))[:2],  # in the middle of a minute
        *bad(),
        press(20.1, "south", "p-1", "snooze", minutes=15, kind="still"),
        press(21.1, "north", "p-2", "cramp"),
        press(22.1, "demo", "p-3", "ack"),
        press(23.1, "attic", "p-4", "not_useful", clock="unsynced", age_ms=20_000),
        *steering(),
    ]


def steering() -> Iterator[Line]:
    """How the services behave, so that the outbox has rows of every sort."""
    yield {"ms": FIRST - MINUTE_MS, "service": "sms", "says": ["never"]}
    yield {"ms": FIRST + MINUTE_MS, "service": "sms", "says": ["later"]}
    yield {"ms": at(-20), "service": "sms", "says": ["taken"]}
    yield {"ms": at(50), "service": "sms", "says": ["later"]}
    yield {"ms": at(61.9), "crash": "lamp"}
    yield {"ms": at(76.9), "service": "pager", "says": ["delivered", "taken"]}
    yield {"ms": at(92.2), "service": "pager", "says": ["never", "taken"]}
    yield {"ms": at(93.2), "service": "pager", "far": ["delivered", "waiting"]}
    yield {"ms": at(99.9), "service": "pager", "back": "later"}
    yield {"ms": at(100.2), "tap_of": ("bert", "south", 0)}
    yield {"ms": at(-25), "tap_of": ("bert", "", 0)}
    yield {"ms": at(97.9), "crash": "sms"}
    yield {"ms": at(112.9), "service": "phone", "says": ["later"]}
    yield {"ms": at(122.9), "crash": "phone"}


def after() -> list[Line]:
    """Return what happens after the restart; the taps are put in when their links are known."""
    begin = COPIED_MIN + AWAY_MIN
    waited = [_waited(line, begin) for line in sleep(COPIED_MIN, begin, ("north", "south"))]
    beds = ("north", "south", "demo")  # of the attic no word comes any more
    return [
        {"ms": at(begin), "connected": 1},
        {"ms": at(begin), "service": "pager", "far": ["waiting", "waiting", "answered", "over"]},
        {"ms": at(begin), "service": "pager", "back": "later"},
        {"ms": at(begin - 0.1), "service": "phone", "says": ["later", "later", "taken"]},
        {"ms": at(begin + 2.6), "service": "pager", "back": "taken"},
        *waited,
        *sleep(begin, begin + 62, beds),
        press(begin + 1.1, "south", "p-1", "snooze", minutes=15, kind="still"),
        press(begin + 2.1, "south", "p-5", "not_useful", kind="cold"),
        message(at(begin + 3.1), "south/window", "[]"),
        message(at(begin + 4.1), "west/event", {"v": 1, "id": "w", "button": "ack", "at_ms": 5}),
        {"ms": at(begin + 4.6), "service": "sms", "says": ["later", "never", "taken"]},
        {"ms": at(begin + 11.1), "tap_of": ("anna", "north", 1)},
        {"ms": at(begin + 11.3), "tap_of": ("anna", "north", 1)},
        {"ms": at(begin + 14.1), "tap_of": ("anna", "north", 1)},
        {"ms": at(begin + 15.1), "tap_of": ("bert", "demo", 1)},
        {"ms": at(begin + 16.1), "tap": "https://legs.example/answer/AAAA"},
        {"ms": at(begin + 28.1), "tap_of": ("bert", "north", 2)},
        {"ms": at(begin + 40.1), "connected": 2},
        *_odd_clocks(begin + 5),
        {"ms": at(23.6 * 60)},  # the next evening
    ]


def _odd_clocks(minute: float) -> Iterator[Line]:
    """Windows of a start that does not know the time, or does not know it well."""
    clocks: tuple[Line, ...] = (
        {"clock": "unsynced"},
        {"clock": "unsynced", "age_ms": 20_000},
        {"clock": "unsynced", "age_ms": 300_000},
        {"clock": "synced", "from_ms": at(minute + 60), "to_ms": at(minute + 61)},
        {"clock": "synced", "from_ms": 1000, "to_ms": 61_000, "age_ms": 1000},
    )
    for number, more in enumerate(clocks):
        at_ms = at(minute + number / 10)
        body = {"v": 1, "boot": "0000000f", "seq": number + 1, "from_ms": 0, "to_ms": 60_000}
        yield message(at_ms, "attic/window", {**body, "mono_ms": number, "leg_c": 20.0, **more})


def _waited(line: Line, begin: int) -> Line:
    """Return a window that came to a server that was away."""
    body = json.loads(line["payload"])
    body["age_ms"] = at(begin) - line["ms"]
    return {**line, "ms": at(begin), "payload": json.dumps(body, separators=(",", ":"))}


def play(server: Server, script: list[Line], links: list[Line]) -> list[Line]:
    """Let a script happen; return it with the addresses that are tapped."""
    played = []
    for line in sorted(script, key=lambda line: line["ms"]):
        found = dict(line)
        if "tap_of" in found:
            to, bed, number = found.pop("tap_of")
            sent = next(p for p in (*links, *server.did) if _asks(p, to, bed))
            found["tap"] = sent["buttons"][number][1]
        server.do(found)
        played.append(found)
    return played


def _asks(line: Line, to: str, bed: str) -> bool:
    return "send" in line and bool(line["buttons"]) and (line["to"], line["bed"]) == (to, bed)


def make() -> None:
    rules = {**limits("standard"), **SETTINGS["rules"]}
    config = dump({**SETTINGS, "rules": rules})
    save(HOME / "server.toml", config.encode())
    with TemporaryDirectory() as folder:
        server = opened(config, Path(folder), FIRST - MINUTE_MS)
        play(server, before(), [])
        server.close()
        save(HOME / "legwatch.db.gz", server.path.read_bytes())
        links = server.did
    with TemporaryDirectory() as folder:
        (Path(folder) / "legwatch.db").write_bytes(unpacked(HOME / "legwatch.db.gz"))
        server = opened(config, Path(folder), at(COPIED_MIN + AWAY_MIN))
        script = play(server, after(), links)
        save(HOME / "then.jsonl.gz", as_lines(script))
        save(HOME / "did_b.jsonl.gz", as_lines(server.did))
        columns = tables(server.path)
        save(HOME / "rows_b.jsonl.gz", as_lines([columns, *rows(server.path, columns)]))
        server.close()
    _say(config)


def _say(config: str) -> None:
    """Write down what the command line says of the copy."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "legwatch.db").write_bytes(unpacked(HOME / "legwatch.db.gz"))
        path = configured(config, folder)
        for file, words in SAID.items():
            with redirect_stdout(io.StringIO()) as out, patch("time.time_ns", lambda: NOW_NS):
                code = command([*words[:1], "--config", str(path), *words[1:]])
            save(HOME / file, f"{out.getvalue()}exit {code}\n".encode())
