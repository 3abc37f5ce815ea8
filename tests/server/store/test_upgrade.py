"""A database of version 1, with an alert that stands: it can be answered, and its end is said."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from legwatch.alerting.notice import as_json
from legwatch.contract.action import Action
from legwatch.text.message import title
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import Outcome
from legwatch_server.store.reader import SqliteReader
from legwatch_server.testing import InProcessServer
from older_states import as_v1
from server.notify.test_escalation import BERT, cold, cold_on
from server.store.older import made
from server.ward import open_ward

OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0}
V1_ALARM = 16  # fields of an alarm of version 1; the newer ones came behind
NOTICE = "id, bed_id, at_ms, kind, what, level, reason, held"
DELIVERY = "id, notice_id, channel, state, attempt, next_ms, decided_ms, claimed_ms, sent_ms, error"
SAME = ("meta", "beds", "boots", "windows")


def of_version_1(path: Path) -> None:
    """Write what a server has stored into the tables of version 1, as that one would have."""
    old = path.with_name("old.db")
    with closing(SqliteReader(path)) as reader:
        lines = [
            (title(one.notice), as_json(one.notice, bed=one.bed, text=one.text), one.id)
            for one in reader.notices_after(0, 1000)
        ]
    with closing(made(old, 1)) as db:
        db.execute("ATTACH ? AS new", (str(path),))
        for table in SAME:
            columns = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table}")
        db.execute("DELETE FROM meta WHERE key='schema'")
        columns = f"{NOTICE}, title, line"
        db.execute(f"INSERT INTO notices ({columns}) SELECT {NOTICE}, '', '' FROM new.notices")
        db.executemany("UPDATE notices SET title=?, line=? WHERE id=?", lines)
        db.execute(f"INSERT INTO deliveries ({DELIVERY}) SELECT {DELIVERY} FROM new.deliveries")
        for ident, text in db.execute("SELECT id, state FROM beds").fetchall():
            db.execute("UPDATE beds SET state=? WHERE id=?", (shorter(text), ident))
        db.commit()
    for rest in path.parent.glob(f"{path.name}*"):
        rest.unlink()
    old.rename(path)


def shorter(text: str) -> str:
    """Return a state as version 1 wrote it."""
    version, (bed, *rest) = as_v1(text)
    bed[2] = [alarm[:V1_ALARM] for alarm in bed[2]]
    return json.dumps([version, [bed, *rest]])


@pytest.fixture
def upgraded(tmp_path: Path) -> Any:
    ward = open_ward(tmp_path, rules=OWN)  # version 1 knew one person: whoever has the channel
    ward.play_until_loud("b", cold_on)
    ward.close()
    of_version_1(ward.path)
    ward.start()
    yield ward
    ward.close()


def test_what_belongs_together_is_known_after_the_upgrade(upgraded: InProcessServer) -> None:
    (notice,) = upgraded.rows("SELECT at_ms, episode_ms, kind FROM notices")
    assert notice[0] == notice[1]
    rows = upgraded.rows("SELECT DISTINCT bed_id, kind, episode_ms FROM deliveries")
    assert rows == [(1, "cold", notice[0])]


def test_an_alert_that_stood_at_the_upgrade_can_be_answered(upgraded: InProcessServer) -> None:
    push = upgraded.pushes.arrived[-1].push
    quiet = LinkClaims(TargetKind.DELIVERY, push.id, Action.SNOOZE, 15, 0)
    assert upgraded.answer(quiet, b"one") is Outcome.DONE
    assert upgraded.answer(quiet._replace(action=Action.SEEN), b"two") is Outcome.DONE
    assert upgraded.transitions() == ["fired", "snoozed", "acknowledged"]


def test_and_its_end_is_said_to_who_had_heard_it(upgraded: InProcessServer) -> None:
    upgraded.play("b", 110, cold)
    assert "resolved" in upgraded.transitions()
    assert upgraded.notified("info")[-1][3] == "resolved"


def test_an_answer_after_the_end_belongs_to_no_episode(tmp_path: Path) -> None:
    """As when quiet was asked for while all was well."""
    ward = open_ward(tmp_path, people={"bert": BERT}, rules=OWN)
    ward.close()
    of_version_1(ward.path)
    row = (1, "cold", "warning", "cooled", "title", "{}")
    with closing(sqlite3.connect(ward.path)) as db:
        db.executemany(
            "INSERT INTO notices (bed_id, at_ms, kind, what, level, reason, title, line)"
            " VALUES (?,?,?,?,?,?,?,?)",
            [
                (1, at_ms, "cold", what, *row[2:])
                for at_ms, what in ((1, "snoozed"), (2, "fired"), (3, "resolved"), (4, "snoozed"))
            ],
        )
        db.commit()
    ward.start()
    assert ward.rows("SELECT at_ms, episode_ms FROM notices") == [
        (1, None),
        (2, 2),
        (3, 2),
        (4, None),
    ]
    ward.close()
