"""The owner thread: every window once, decisions with their data, nothing told before commit."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch.alerting.notice import as_json
from legwatch.contract.press import Press, encode_press
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.engine import replay
from legwatch.events import ClockTrust
from legwatch.state_codec import from_json
from legwatch.testing import ms, night, uncovering
from legwatch.text.message import text
from legwatch_server.beds.loop import LISTEN_S
from legwatch_server.beds.writer import MOST_BEDS, TICK_LAG_MS
from legwatch_server.inbox import Connected
from legwatch_server.notify.commit import commit
from legwatch_server.store.batch import Batch
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.errors import StoreError
from legwatch_server.supervisor.supervisor import SHOWN
from legwatch_server.testing import InProcessServer
from repository import rules
from server.beds.anna import COMMIT, arriving, count, live, open_server, play, take, upto


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_server(tmp_path)
    yield made
    made.close()


def test_a_night_gives_the_lines_of_replay(server: InProcessServer) -> None:
    windows = list(night(leg=uncovering((150, 260), uncovered_c=22), minutes=400))
    play(server, windows, each=37)
    want = [as_json(n, bed="anna", text=text(n)) for n in replay(windows, rules())]
    assert server.lines() == want
    assert len(want) >= 3
    assert count(server, "windows") == 2400
    # Nobody sends here, so at the end of the alert nobody was told and all is called off.
    assert count(server, "deliveries") == count(
        server, "notices", "what NOT IN ('warming', 'resolved')"
    )
    assert count(server, "deliveries", "state = 'withdrawn'") == count(server, "deliveries")
    assert server.woken >= 1


def test_what_comes_behind_a_first_alert_does_not_delay_it(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alert is committed, and its push called for, before the rest of the batch is decided."""
    windows = list(night(leg=uncovering((150, 260), uncovered_c=22), minutes=300))
    commits: list[tuple[int, int, int]] = []  # windows, notices, and the wakes before it

    def counted(store: Any, batch: Batch, *more: Any) -> bool:
        commits.append((len(batch.windows), len(batch.notices), server.woken))
        return commit(store, batch, *more)

    monkeypatch.setattr(COMMIT, counted)
    play(server, windows, each=len(windows))
    (first, alerts, asleep), (rest, others, awake) = [one for one in commits if one[0]]
    assert (alerts, asleep, awake) == (1, 0, 1)
    assert others > 1
    assert 150 * 6 < first < 200 * 6
    assert first + rest == len(windows) == count(server, "windows")
    want = [as_json(n, bed="anna", text=text(n)) for n in replay(windows, rules())]
    assert server.lines() == want


def test_a_fault_behind_a_first_alert_sets_one_message_aside_and_the_alert_stays(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = list(night(leg=uncovering((150, 260), uncovered_c=22), minutes=260))

    def picky(store: Any, batch: Batch, *more: Any) -> bool:
        if any(new.window.seq == len(windows) for new in batch.windows):
            raise RuntimeError("a fault of one message")
        return commit(store, batch, *more)

    monkeypatch.setattr(COMMIT, picky)
    play(server, windows, each=len(windows))
    assert count(server, "quarantine") == 1
    assert count(server, "windows") == len(windows) - 1
    assert count(server, "notices", "what = 'fired'") == 1


def test_the_windows_of_many_beds_are_committed_in_parts_and_in_their_order(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit keeps the old states of all its beds, so it has only so many of them."""
    names = [f"bed-{number}" for number in range(2 * MOST_BEDS + 20)]
    commits: list[list[int]] = []

    def counted(store: Any, batch: Batch, *more: Any) -> bool:
        commits.append([new.bed_id for new in batch.windows])
        return commit(store, batch, *more)

    monkeypatch.setattr(COMMIT, counted)
    payloads = [encode_window(live(seq, server)) for seq in (1, 2)]
    server.turn([server.message(topic(n, Channel.WINDOW), p) for p in payloads for n in names])
    assert all(len(set(beds)) <= MOST_BEDS for beds in commits)
    assert [len(beds) for beds in commits] == [MOST_BEDS] * 4 + [40]
    assert [bed for beds in commits for bed in beds] == 2 * list(range(1, len(names) + 1))
    assert server.broker.acknowledged == list(range(1, 2 * len(names) + 1))
    assert count(server, "windows") == 2 * len(names)


def test_a_restart_in_the_middle_changes_nothing(server: InProcessServer) -> None:
    windows = list(night(leg=uncovering((150, 260), uncovered_c=22), minutes=400))
    for begin in range(0, len(windows), 301):
        play(server, windows[begin : begin + 301])
        server.restart()
    want = [as_json(n, bed="anna", text=text(n)) for n in replay(windows, rules())]
    assert server.lines() == want


def test_every_message_is_acknowledged_after_its_commit(server: InProcessServer) -> None:
    take(server, encode_window(live(1, server)), b"nonsense")
    assert server.broker.acknowledged == [1, 2]
    assert server.broker.last("legwatch/v1/anna/stored") == {
        "v": 1,
        "boot": "0000000a",
        "seq": 1,
        "presses": [],
    }


def test_a_failing_disk_loses_nothing_and_is_said(server: InProcessServer) -> None:
    take(server, encode_window(live(1, server)))
    before = server.unit.beds["anna"].state
    server.store._db.execute("PRAGMA max_page_count=1")
    pages = server.store._db.execute("PRAGMA page_count").fetchone()[0]
    server.store._db.execute(f"PRAGMA max_page_count={pages}")
    server.stopping.set()  # one try only
    big = [
        arriving(server, encode_window(live(n, server)), f"legwatch/v1/b{n}/window")
        for n in range(2, 500)
    ]
    server.turn(big)
    assert server.broker.acknowledged == [1]
    assert "full" in server.status.now().failing
    assert server.unit.beds["anna"].state == before
    assert list(server.unit.beds) == ["anna"]
    assert server.unit.counters.windows == 1
    server.store._db.execute("PRAGMA max_page_count=100000")
    server.turn(big)
    assert count(server, "windows") == 499
    assert server.status.now().failing == ""


def test_a_failing_disk_is_tried_again_with_the_same_messages(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def sometimes(*words: Any) -> bool:
        tries.append(1)
        if len(tries) == 1:
            raise StoreError("disk I/O error")
        return commit(*words)

    monkeypatch.setattr(COMMIT, sometimes)
    take(server, encode_window(live(1, server)))
    assert (len(tries), count(server, "windows"), server.broker.acknowledged) == (2, 1, [1])
    (end,) = [one for one in caplog.records if "accepts writes again" in one.getMessage()]
    assert end.levelname in SHOWN  # else a terminal would show the beginning only


@pytest.mark.parametrize("error", [RuntimeError, RecursionError, MemoryError, StoreError])
@pytest.mark.parametrize("windows", [0, 1, 4])
def test_a_failure_of_one_commit_is_said_also_when_the_next_try_works(
    server: InProcessServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
    windows: int,
) -> None:
    whole = server.unit.finish
    failed: list[type[Exception]] = []

    def once() -> Batch:
        if not failed:
            failed.append(error)
            raise error
        return whole()

    monkeypatch.setattr(server.unit, "finish", once)
    take(server, *(encode_window(live(n + 1, server)) for n in range(windows)))
    assert failed == [error]
    assert count(server, "windows") == windows
    assert count(server, "quarantine") == 0
    assert error.__name__ in caplog.text


def test_duplicates_are_counted_and_stored_once(server: InProcessServer) -> None:
    payload = encode_window(live(1, server))
    take(server, payload, payload)
    take(server, payload)
    assert (count(server, "windows"), server.unit.counters.duplicates) == (1, 2)
    server.restart()
    take(server, payload)
    assert (count(server, "windows"), server.unit.counters.duplicates) == (1, 1)


def test_only_what_is_stored_without_a_gap_is_confirmed(server: InProcessServer) -> None:
    take(server, *(encode_window(live(n, server, low=1)) for n in (1, 2, 4, 5)))
    assert upto(server) == 2
    take(server, encode_window(live(3, server, low=1)))
    assert upto(server) == 5
    take(server, encode_window(live(9, server, low=9)))  # the agent holds nothing older
    assert upto(server) == 9


@settings(max_examples=40)
@given(st.permutations(list(range(1, 13))), st.lists(st.integers(0, 11), max_size=3))
def test_any_order_ends_with_all_confirmed(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], restarts: list[int]
) -> None:
    server = open_server(tmp_path_factory.mktemp("order"))
    for place, seq in enumerate(order):
        if place in restarts:
            server.restart()
        take(server, encode_window(live(seq, server, low=1)))
    assert (upto(server), count(server, "windows")) == (12, 12)
    server.close()


def test_late_windows_are_history_and_wake_nobody(server: InProcessServer) -> None:
    windows = list(night(leg=uncovering((60, 200), uncovered_c=22), minutes=240))
    server.clock.advance(windows[-1].to_ms + 3_600_000 - server.clock.now_ms)
    play(server, (w._replace(clock="synced", age_ms=0) for w in windows))
    assert count(server, "windows", "late=1") == len(windows)
    assert count(server, "notices") == 0


@pytest.mark.parametrize("year", ["1970-01-01T00:10Z", "2099-01-01T00:00Z"])
def test_a_clock_that_cannot_be_right_is_replaced_by_the_arrival(
    server: InProcessServer, year: str
) -> None:
    wrong = ms(year)
    window = live(1, server, age_ms=20_000)._replace(from_ms=wrong - 10_000, to_ms=wrong)
    take(server, encode_window(window))
    assert server.rows("SELECT to_ms, late FROM windows") == [(server.clock.now_ms - 20_000, 0)]
    assert server.unit.counters.clock_wrong == 1


def test_an_unset_clock_without_age_is_late(server: InProcessServer) -> None:
    take(server, encode_window(live(1, server, clock=ClockTrust.UNSYNCED.value, age_ms=None)))
    assert server.rows("SELECT to_ms, late FROM windows") == [(server.clock.now_ms, 1)]


def test_a_boot_seen_before_goes_on_where_it_was(server: InProcessServer) -> None:
    take(server, encode_window(live(1, server)))
    take(server, encode_window(live(1, server, boot="0000000b")))
    take(server, encode_window(live(2, server)))
    assert (upto(server, "0000000a"), upto(server, "0000000b")) == (2, 1)


def test_what_cannot_be_read_is_kept_apart_and_stops_nothing(server: InProcessServer) -> None:
    good = encode_window(live(2, server, low=1))
    named = json.dumps({**json.loads(encode_window(live(3, server, low=1))), "leg_c": "warm"})
    take(
        server, encode_window(live(1, server, low=1)), b"{", b"x" * 1_000_000, good, named.encode()
    )
    server.turn([arriving(server, good, "legwatch/v1/Big Bed/window")])
    take(server, encode_window(live(4, server, low=1)))
    assert count(server, "windows") == 3
    assert count(server, "quarantine") == 4
    assert count(server, "quarantine", "length(payload) > 4096") == 0
    assert server.rows("SELECT boot, seq, why FROM quarantine WHERE seq=3")[0][2].startswith(
        "leg_c"
    )
    assert upto(server) == 4


def test_a_fault_of_our_own_stays_with_its_message(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("legwatch_server.beds.decisions.engine.advance", broken)
    take(server, encode_window(live(1, server)))
    monkeypatch.undo()
    take(server, encode_window(live(2, server)))
    assert server.rows("SELECT why FROM quarantine") == [("ZeroDivisionError: ours",)]
    assert count(server, "windows") == 1


def test_time_passes_for_a_real_bed_and_not_for_a_played_one(server: InProcessServer) -> None:
    take(server, encode_window(live(1, server)))
    played = encode_window(live(1, server, clock=ClockTrust.PLAYED.value))
    server.turn([arriving(server, played, "legwatch/v1/demo/window")])
    server.idle(20 * 60_000 + TICK_LAG_MS)
    assert server.rows("SELECT name, kind FROM notices JOIN beds ON beds.id=bed_id") == [
        ("anna", "agent")
    ]


def test_alerts_are_published_while_they_stand_and_again_on_connect(
    server: InProcessServer,
) -> None:
    windows = list(night(leg=uncovering((60, 120), uncovered_c=25.4), minutes=240))
    play(server, windows[: 110 * 6])
    assert server.broker.last("legwatch/v1/anna/alert/cold")["state"] == "firing"
    assert server.broker.last("legwatch/v1/anna/state")["legs"] == "cold"
    server.broker.published.clear()
    server.turn([Connected()])
    assert server.broker.last("legwatch/v1/anna/alert/cold")["level"] == "warning"
    play(server, windows[110 * 6 :])
    assert server.broker.last("legwatch/v1/anna/alert/cold") is None
    retained = {t.rsplit("/", 2)[-1] for t, _, keep in server.broker.published if keep}
    assert "state" not in retained


def test_while_windows_wait_beds_are_published_a_few_times_a_second(
    server: InProcessServer,
) -> None:
    server.inbox.put(Connected())  # something waits
    for seq in range(1, 4):
        take(server, encode_window(live(seq, server)))
        assert upto(server) == 0
    server.clock.advance(int(LISTEN_S * 1000))
    take(server, encode_window(live(4, server)))
    assert upto(server) == 4
    take(server, encode_window(live(5, server)))
    server.inbox.take(0, 1)  # and nothing waits any more
    server.clock.advance(5000)
    server.turn()
    assert upto(server) == 5


def test_what_is_over_is_unsaid_after_a_crash_between_commit_and_word(
    server: InProcessServer,
) -> None:
    windows = list(night(leg=uncovering((60, 120), uncovered_c=25.4), minutes=240))
    play(server, windows)
    server.restart()
    server.turn([Connected()])
    assert server.broker.last("legwatch/v1/anna/alert/cold") is None


def test_a_press_acknowledges_once(server: InProcessServer) -> None:
    windows = list(night(leg=uncovering((60, 120), uncovered_c=25.4), minutes=100))
    play(server, windows)
    press = encode_press(Press("p1", "ack", windows[-1].to_ms))
    for _ in range(2):
        server.turn([arriving(server, press, "legwatch/v1/anna/event")])
    assert count(server, "presses") == 1
    assert count(server, "notices", "what='acknowledged'") == 1


def test_a_stored_state_that_cannot_be_read_is_not_used(server: InProcessServer) -> None:
    take(server, encode_window(live(1, server)))
    with closing(sqlite3.connect(server.path)) as db, db:
        db.execute("UPDATE beds SET state='[0]'")
    server.restart()
    take(server, encode_window(live(2, server)))
    assert from_json(server.rows("SELECT state FROM beds")[0][0]).minute_end_ms > 0


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE meta SET value='99'")
    with pytest.raises(StoreError, match="newer legwatch"):
        SqliteStore(path)
