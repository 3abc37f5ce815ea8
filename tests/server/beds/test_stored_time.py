"""What the store says of the time is looked at before it is believed."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from legwatch.state_codec import from_json, to_json
from server.beds.night_watch import HOUR_MS, MINUTE_MS, NightWatch
from server.ward import open_ward

DAY_MS = 24 * HOUR_MS
FIELDS = ("boot", "zero_ms", "at_ms", "doubt_ms")


def change(path: Path, name: str, by_ms: int) -> None:
    """Change a number of the noted time line."""
    with closing(sqlite3.connect(path)) as db:
        (text,) = db.execute("SELECT value FROM meta WHERE key='time'").fetchone()
        noted = dict(zip(FIELDS, json.loads(text), strict=True))
        noted[name] += by_ms
        db.execute("UPDATE meta SET value=? WHERE key='time'", (json.dumps([*noted.values()]),))
        db.commit()


@pytest.mark.parametrize("by_ms", [10**12, -(10**12), 10**10])
@pytest.mark.parametrize("name", FIELDS[1:])
def test_a_digit_that_has_changed_delays_no_alert_and_wakes_nobody(
    tmp_path: Path, name: str, by_ms: int
) -> None:
    ward = open_ward(tmp_path)
    watch = NightWatch(ward)
    watch.well(4)
    ward.close()
    change(ward.path, name, by_ms)
    ward.start()
    watch.well(4)
    assert not watch.loud()
    assert 14 <= watch.told_min() <= 16.5
    watch.pass_by(25 * HOUR_MS)
    ward.turn()
    assert ward.loop.clock.report()["trusted"]
    ward.close()


@pytest.mark.parametrize("ahead_ms", [40 * MINUTE_MS, 40 * HOUR_MS])
def test_a_bed_whose_memory_is_ahead_is_missed_in_time_once_its_windows_come(
    tmp_path: Path, ahead_ms: int
) -> None:
    ward = open_ward(tmp_path)
    watch = NightWatch(ward)
    watch.well(4)
    ward.close()
    with closing(sqlite3.connect(ward.path)) as db:
        state = from_json(db.execute("SELECT state FROM beds").fetchone()[0])
        ahead = state._replace(
            minute_end_ms=state.minute_end_ms + ahead_ms, at_ms=state.at_ms + ahead_ms
        )
        db.execute("UPDATE beds SET state=?", (to_json(ahead),))
        db.commit()
    ward.start()
    watch.well(10)
    assert 14 <= watch.told_min() <= 16.5
    ward.close()
