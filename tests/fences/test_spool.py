"""An agent's spool: what waited in it is sent in the same bytes, and let go of by the same word."""

import json
from pathlib import Path

import pytest

from fences.kept import HERE, Line, lines, unpacked
from fences.wired_agent import Bedside, held
from legwatch.testing import ms

HOME = HERE / "spool"
AN_HOUR_LATER = ms("2026-01-02T22:00Z")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a copy of the file that an agent left behind."""
    made = tmp_path / "spool.db"
    made.write_bytes(unpacked(HOME / "spool.db.gz"))
    return made


def test_the_spool_holds_windows_and_presses_of_every_sort(path: Path) -> None:
    found = held(path)
    windows = [row for row in found if row[0] == "spool"]
    assert {row[2] for row in windows} == {"0000000a", "0000000b"}
    assert {row[6] for row in windows} == {"synced", "unsynced", "played"}
    assert sum(row[0] == "presses" for row in found) == 4
    assert {row[1] for row in found if row[0] == "facts"} == {"lost", "played_to_ms"}


def test_an_agent_goes_on_with_a_spool(path: Path) -> None:
    bed = Bedside(path, "0000000c", most=30, utc_ms=AN_HOUR_LATER, mono_ms=40_000)
    for number, kept in enumerate(lines(HOME / "then.jsonl.gz")):
        bed.sent = []
        bed.do(kept["do"])
        assert [_short(line) for line in bed.sent] == [_short(line) for line in kept["sent"]], (
            number
        )
        assert bed.sent == kept["sent"], number
        bed.flush()
        assert held(path) == kept["held"], number
    bed.close()


def _short(line: Line) -> str:
    body = json.loads(line["payload"]) if line["payload"].startswith("{") else {}
    return f"{line['channel']} {body.get('boot', '')} {body.get('seq', body.get('id', ''))}"
