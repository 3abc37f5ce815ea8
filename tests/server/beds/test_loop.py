"""The owner thread: every window once, decisions with their data, nothing told before commit."""

import json
import queue
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch.alerting.notice import as_json
from legwatch.contract.press import Press, encode_press
from legwatch.contract.window import encode_window
from legwatch.engine import replay
from legwatch.events import ClockTrust, Window
from legwatch.state_codec import from_json
from legwatch.testing import ms, night, uncovering
from legwatch.text.message import text
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.crash_suspects import Suspects
from legwatch_server.beds.loop import WriterLoop
from legwatch_server.beds.status import Status
from legwatch_server.beds.writer import TICK_LAG_MS
from legwatch_server.ingest.broker import Arrival, BrokerUp, Message
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.settings import ServerSettings
from legwatch_server.store import store as stores
from legwatch_server.store.store import Store
from repository import rules

BEGIN = ms("2026-01-02T21:00Z")
REAL = "real"  # the one bed that may play no recording


class Wire:
    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self.published: list[tuple[str, bytes, bool]] = []

    def acknowledge(self, messages: list[Message]) -> None:
        self.acknowledged += [message.mid for message in messages]

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        self.published.append((topic, payload, retain))

    def last(self, topic: str) -> Any:
        payload = [p for t, p, _ in self.published if t == topic][-1]
        return json.loads(payload) if payload else None


class House:
    """A server without broker and clock: what arrives is given, and when."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "legwatch.db"
        self.now_ms = BEGIN
        self.mid = self.woken = 0
        self.start()

    def start(self, suspects: Suspects | None = None) -> None:
        self.store = Store(self.path)
        self.unit = UnitOfWork(self.store, lambda _bed: rules(), lambda bed: bed != REAL)
        self.wire, self.pulse, self.stopping = Wire(), Status(), threading.Event()
        self.owner = WriterLoop(
            store=self.store,
            unit=self.unit,
            broker=self.wire,
            arrivals=queue.SimpleQueue[Arrival | None](),
            planner=DeliveryPlanner(ServerSettings()),
            wake=self._wake,
            status=self.pulse,
            stopping=self.stopping,
            suspects=suspects,
            utc_ms=lambda: self.now_ms,
        )

    def _wake(self) -> None:
        self.woken += 1

    def message(self, payload: bytes, topic: str = "legwatch/v1/anna/window") -> Message:
        self.mid += 1
        return Message(topic, payload, self.now_ms, self.mid, 1)

    def take(self, *payloads: bytes) -> None:
        self.owner.turn([self.message(payload) for payload in payloads])

    def play(self, windows: Iterable[Window], each: int = 50) -> None:
        payloads = [encode_window(window) for window in windows]
        for i in range(0, len(payloads), each):
            self.take(*payloads[i : i + each])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.path) as db:
            return db.execute(sql).fetchall()

    def count(self, table: str, where: str = "1=1") -> int:
        return int(self.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])

    def upto(self, boot: str = "0000000a") -> int:
        return int(self.rows(f"SELECT upto FROM boots WHERE boot='{boot}'")[0][0])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


def live(seq: int, house: House, **more: Any) -> Window:
    """Return a live window that ends now."""
    given = {
        "clock": ClockTrust.SYNCED.value,
        "leg_c": 31.0,
        "moves": 0,
        "in_bed": True,
        "age_ms": 0,
    }
    to_ms = house.now_ms
    base = Window("0000000a", seq, to_ms - 10_000, to_ms, seq * 10_000, "synced")
    return base._replace(**{**given, **more})


def test_a_night_gives_the_lines_of_replay(house: House) -> None:
    windows = list(night(leg=uncovering((150, 260), uncovered_c=22), minutes=400))
    house.play(windows, each=37)
    want = [as_json(n, bed="anna", text=text(n)) for n in replay(windows, rules())]
    assert [line for (line,) in house.rows("SELECT line FROM notices ORDER BY id")] == want
    assert len(want) >= 3
    assert house.count("windows") == 2400
    # Nobody sends here, so at the end of the alert nobody was told and all is called off.
    assert house.count("deliveries") == house.count("notices", "what != 'resolved'")
    assert house.count("deliveries", "state = 'withdrawn'") == house.count("deliveries")
    assert house.woken >= 1


def test_a_restart_in_the_middle_changes_nothing(house: House) -> None:
    windows = list(night(leg=uncovering((150, 260), uncovered_c=22), minutes=400))
    for begin in range(0, len(windows), 301):
        house.play(windows[begin : begin + 301])
        house.store.close()
        house.start()
    want = [as_json(n, bed="anna", text=text(n)) for n in replay(windows, rules())]
    assert [line for (line,) in house.rows("SELECT line FROM notices ORDER BY id")] == want


def test_every_message_is_acknowledged_after_its_commit(house: House) -> None:
    house.take(encode_window(live(1, house)), b"nonsense")
    assert house.wire.acknowledged == [1, 2]
    assert house.wire.last("legwatch/v1/anna/stored") == {
        "v": 1,
        "boot": "0000000a",
        "seq": 1,
        "presses": [],
    }


def test_a_failing_disk_loses_nothing_and_is_said(house: House) -> None:
    house.take(encode_window(live(1, house)))
    before = house.unit.beds["anna"].state
    house.store._db.execute("PRAGMA max_page_count=1")
    pages = house.store._db.execute("PRAGMA page_count").fetchone()[0]
    house.store._db.execute(f"PRAGMA max_page_count={pages}")
    house.stopping.set()  # one try only
    big = [
        house.message(encode_window(live(n, house)), f"legwatch/v1/b{n}/window")
        for n in range(2, 500)
    ]
    house.owner.turn(big)
    assert house.wire.acknowledged == [1]
    assert "full" in house.pulse.now().failing
    assert house.unit.beds["anna"].state == before
    assert list(house.unit.beds) == ["anna"]
    assert house.unit.counters.windows == 1
    house.store._db.execute("PRAGMA max_page_count=100000")
    house.owner.turn(big)
    assert house.count("windows") == 499
    assert house.pulse.now().failing == ""


def test_a_failing_disk_is_tried_again_with_the_same_messages(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, tries = house.store.commit, []

    def sometimes(*words: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise sqlite3.OperationalError("disk I/O error")
        commit(*words)

    monkeypatch.setattr(house.store, "commit", sometimes)
    house.take(encode_window(live(1, house)))
    assert (len(tries), house.count("windows"), house.wire.acknowledged) == (2, 1, [1])


def test_duplicates_are_counted_and_stored_once(house: House) -> None:
    payload = encode_window(live(1, house))
    house.take(payload, payload)
    house.take(payload)
    assert (house.count("windows"), house.unit.counters.duplicates) == (1, 2)
    house.store.close()
    house.start()
    house.take(payload)
    assert (house.count("windows"), house.unit.counters.duplicates) == (1, 1)


def test_only_what_is_stored_without_a_gap_is_confirmed(house: House) -> None:
    house.take(*(encode_window(live(n, house, low=1)) for n in (1, 2, 4, 5)))
    assert house.upto() == 2
    house.take(encode_window(live(3, house, low=1)))
    assert house.upto() == 5
    house.take(encode_window(live(9, house, low=9)))  # the agent holds nothing older
    assert house.upto() == 9


@settings(max_examples=40)
@given(st.permutations(list(range(1, 13))), st.lists(st.integers(0, 11), max_size=3))
def test_any_order_ends_with_all_confirmed(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], restarts: list[int]
) -> None:
    house = House(tmp_path_factory.mktemp("order"))
    for place, seq in enumerate(order):
        if place in restarts:
            house.store.close()
            house.start()
        house.take(encode_window(live(seq, house, low=1)))
    assert (house.upto(), house.count("windows")) == (12, 12)
    house.store.close()


def test_late_windows_are_history_and_wake_nobody(house: House) -> None:
    windows = list(night(leg=uncovering((60, 200), uncovered_c=22), minutes=240))
    house.now_ms = windows[-1].to_ms + 3_600_000
    house.play(w._replace(clock="synced", age_ms=0) for w in windows)
    assert house.count("windows", "late=1") == len(windows)
    assert house.count("notices") == 0


@pytest.mark.parametrize("year", ["1970-01-01T00:10Z", "2099-01-01T00:00Z"])
def test_a_clock_that_cannot_be_right_is_replaced_by_the_arrival(house: House, year: str) -> None:
    wrong = ms(year)
    window = live(1, house, age_ms=20_000)._replace(from_ms=wrong - 10_000, to_ms=wrong)
    house.take(encode_window(window))
    assert house.rows("SELECT to_ms, late FROM windows") == [(house.now_ms - 20_000, 0)]
    assert house.unit.counters.clock_wrong == 1


def test_an_unset_clock_without_age_is_late(house: House) -> None:
    house.take(encode_window(live(1, house, clock=ClockTrust.UNSYNCED.value, age_ms=None)))
    assert house.rows("SELECT to_ms, late FROM windows") == [(house.now_ms, 1)]


def test_a_boot_seen_before_goes_on_where_it_was(house: House) -> None:
    house.take(encode_window(live(1, house)))
    house.take(encode_window(live(1, house, boot="0000000b")))
    house.take(encode_window(live(2, house)))
    assert (house.upto("0000000a"), house.upto("0000000b")) == (2, 1)


def test_what_cannot_be_read_is_kept_apart_and_stops_nothing(house: House) -> None:
    good = encode_window(live(2, house, low=1))
    named = json.dumps({**json.loads(encode_window(live(3, house, low=1))), "leg_c": "warm"})
    house.take(encode_window(live(1, house, low=1)), b"{", b"x" * 1_000_000, good, named.encode())
    house.owner.turn([house.message(good, "legwatch/v1/Big Bed/window")])
    house.take(encode_window(live(4, house, low=1)))
    assert house.count("windows") == 3
    assert house.count("quarantine") == 4
    assert house.count("quarantine", "length(payload) > 4096") == 0
    assert house.rows("SELECT boot, seq, why FROM quarantine WHERE seq=3")[0][2].startswith("leg_c")
    assert house.upto() == 4


def test_a_fault_of_our_own_stays_with_its_message(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("legwatch_server.beds.batch.engine.advance", broken)
    house.take(encode_window(live(1, house)))
    monkeypatch.undo()
    house.take(encode_window(live(2, house)))
    assert house.rows("SELECT why FROM quarantine") == [("ZeroDivisionError: ours",)]
    assert house.count("windows") == 1


def test_time_passes_for_a_real_bed_and_not_for_a_played_one(house: House) -> None:
    house.take(encode_window(live(1, house)))
    played = encode_window(live(1, house, clock=ClockTrust.PLAYED.value))
    house.owner.turn([house.message(played, "legwatch/v1/demo/window")])
    house.now_ms += 20 * 60_000 + TICK_LAG_MS
    house.owner.turn([])
    assert house.rows("SELECT name, kind FROM notices JOIN beds ON beds.id=bed_id") == [
        ("anna", "agent")
    ]


def test_alerts_are_published_while_they_stand_and_again_on_connect(house: House) -> None:
    windows = list(night(leg=uncovering((60, 120), uncovered_c=25.4), minutes=240))
    house.play(windows[: 110 * 6])
    assert house.wire.last("legwatch/v1/anna/alert/cold")["state"] == "firing"
    assert house.wire.last("legwatch/v1/anna/state")["legs"] == "cold"
    house.wire.published.clear()
    house.owner.turn([BrokerUp(2)])
    assert house.wire.last("legwatch/v1/anna/alert/cold")["level"] == "warning"
    house.play(windows[110 * 6 :])
    assert house.wire.last("legwatch/v1/anna/alert/cold") is None
    retained = {t.rsplit("/", 2)[-1] for t, _, keep in house.wire.published if keep}
    assert "state" not in retained


def test_what_is_over_is_unsaid_after_a_crash_between_commit_and_word(house: House) -> None:
    windows = list(night(leg=uncovering((60, 120), uncovered_c=25.4), minutes=240))
    house.play(windows)
    house.store.close()
    house.start()
    house.owner.turn([BrokerUp(1)])
    assert house.wire.last("legwatch/v1/anna/alert/cold") is None


def test_a_press_acknowledges_once(house: House) -> None:
    windows = list(night(leg=uncovering((60, 120), uncovered_c=25.4), minutes=100))
    house.play(windows)
    press = encode_press(Press("p1", "ack", windows[-1].to_ms))
    for _ in range(2):
        house.owner.turn([house.message(press, "legwatch/v1/anna/event")])
    assert house.count("presses") == 1
    assert house.count("notices", "what='acknowledged'") == 1


def test_a_stored_state_that_cannot_be_read_is_not_used(house: House) -> None:
    house.take(encode_window(live(1, house)))
    with sqlite3.connect(house.path) as db:
        db.execute("UPDATE beds SET state='[0]'")
    house.store.close()
    house.start()
    house.take(encode_window(live(2, house)))
    assert from_json(house.rows("SELECT state FROM beds")[0][0]).minute_end_ms > 0


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value='99'")
    db.close()
    with pytest.raises(database.StoreError, match="another version"):
        Store(path)
