"""A database in the middle of a bad night: the server starts on a copy of it and goes on."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fences.bad_night import HOME, NOW_NS, SAID, configured, opened
from fences.kept import Line, lines, unpacked
from fences.reworded import as_said_then
from fences.wired_server import Server, rows, upgrade
from fences.wiring import command, told_of

pytestmark = pytest.mark.slow

CONFIG = (HOME / "server.toml").read_text()
SCHEMA = ["meta", "schema"]  # the row with the version
# Since schema 4 two rows more: up to which window the states of all beds are known to be stored.
LATER = (SCHEMA, ["meta", "states_upto"], ["meta", "states_next"], ["meta", "time"])
LIMITS = "limits:"  # a row of `meta` has the limits of noons, which were in each noon's own row
SOURCE = "  Where this limit comes from: "
# Every sort of push that a restart may find, as a condition on its row.
SORTS = {
    "planned for later": "state='decided' AND attempt=0 AND next_ms>decided_ms",
    "due while nobody was there": "state='decided' AND attempt=0 AND next_ms<={now}",
    "waits to be tried again": "state='decided' AND attempt>0",
    "in flight": "state='claimed' AND recall_ms IS NULL AND next_ms<{never}",
    "in flight, a newer word has replaced it": "state='claimed' AND next_ms>={never}",
    "in flight, to be taken back": "state='claimed' AND recall_ms IS NOT NULL",
    "sent, to be taken back": "state='sent' AND recall_ms IS NOT NULL",
    "sent, to be asked about": "state='sent' AND receipt!='' AND next_ms<{never}",
    "sent": "state='sent' AND recall_ms IS NULL",
    "answered": "state='answered'",
    "taken back": "state='withdrawn' AND sent_ms IS NOT NULL",
    "called off": "state='withdrawn' AND sent_ms IS NULL",
    "given up": "state='failed'",
    "delivered": "id IN (SELECT delivery_id FROM steps WHERE state='delivered')",
    "a try in silence": "tone='rehearsal'",
    "a tap": "tone='confirm'",
    "what was learned": "tone='info' AND notice_id=0",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "legwatch.db").write_bytes(unpacked(HOME / "legwatch.db.gz"))
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    made = opened(CONFIG, folder, NOW_NS // 1_000_000)
    yield made
    made.close()


def test_the_database_has_pushes_of_every_sort(folder: Path) -> None:
    when = {"now": NOW_NS // 1_000_000, "never": 1 << 53}
    with closing(sqlite3.connect(folder / "legwatch.db")) as db:
        missing = [
            name
            for name, sort in SORTS.items()
            if not db.execute(f"SELECT 1 FROM deliveries WHERE {sort.format(**when)}").fetchone()
        ]
    assert missing == []


def test_a_server_goes_on_after_a_restart(server: Server) -> None:
    for line in lines(HOME / "then.jsonl.gz"):
        server.do(line)
    kept = lines(HOME / "did_b.jsonl.gz")
    did = as_said_then(server.did)
    assert _told(did) == _told(kept)
    assert did == kept
    server.owner.finish()  # a state is stored with its minute; now all of them are
    columns, *after = _rows()
    after = [_beds_as_told(row) for row in after]
    kept_rows = (row for row in rows(server.path, columns) if not _is_later(row))
    found = [as_said_then(_beds_as_told(row)) for row in kept_rows]
    for table in columns:
        assert _of(table, found) == _of(table, after), table
    assert len(found) == len(after)


@pytest.mark.parametrize("file", SAID)
def test_the_command_line_says_the_same(
    file: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: NOW_NS)
    upgrade(folder)
    words = SAID[file]
    code = command([*words[:1], "--config", str(configured(CONFIG, folder)), *words[1:]])
    printed = f"{capsys.readouterr().out}exit {code}\n"
    assert _unsourced(as_said_then(printed)) == _unsourced(
        (HOME / file).read_text(encoding="utf-8")
    )


def _is_later(row: list[Any]) -> bool:
    """Return True for a row that there was not yet, and that is not compared."""
    return row[:2] in LATER or (row[0] == "meta" and str(row[1]).startswith(LIMITS))


def _unsourced(text: str) -> list[str]:
    """Leave out where a limit comes from: a profile may say more of it one day."""
    return [line for line in text.splitlines(keepends=True) if SOURCE not in line]


def _told(did: list[Line]) -> list[str]:
    """Return the pushes in short, so that a difference is seen at once."""
    sent = [line for line in did if "send" in line]
    return [f"{p['ms']} {p['send']} {p['to']} {p['tone']} {p['title']}: {p['text']}" for p in sent]


def _beds_as_told(row: list[Any]) -> list[Any]:
    """Return of a bed's state what people were told: what it knows of its sensors is another."""
    if row[0] != "beds":
        return row
    table, ident, named, state, *more = row
    return [table, ident, named, told_of(state), *more]


def _rows() -> list[Any]:
    found: list[Any] = lines(HOME / "rows_b.jsonl.gz")
    return found


def _of(table: str, found: list[Any]) -> list[str]:
    return [json.dumps(row) for row in found if row[0] == table]
