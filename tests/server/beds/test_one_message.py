"""One message never stops the server: it is set aside, and every other one is taken in."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legwatch.contract.action import Action
from legwatch.contract.window import encode_window
from legwatch_server.beds.crash_suspects import MOST_ALONE, MOST_CRASHES, Suspects
from legwatch_server.beds.registry import BedRecord
from legwatch_server.beds.writer import SKIPPED_MS, START_S, TICK_LAG_MS
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import ActionRequested, Message, Work
from legwatch_server.ingest.decode import decode
from legwatch_server.notify.commit import commit
from legwatch_server.store.errors import StoreError, ValuesRefused
from legwatch_server.testing import InProcessServer
from server.beds.anna import COMMIT, arriving, count, live, open_server, take, upto

pytestmark = pytest.mark.slow

ODD = '"\\ud800"'  # half a character: JSON takes it, no database does


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_server(tmp_path)
    yield made
    made.close()


def with_value(server: InProcessServer, seq: int, key: str, value: str) -> bytes:
    """Return a live window in which one key's JSON is another one."""
    body = json.loads(encode_window(live(seq, server, low=1)))
    body.pop(key, None)
    return json.dumps(body)[:-1].encode() + f',"{key}":{value}}}'.encode()


def test_half_a_character_in_a_fault_is_stored_as_a_question_mark(server: InProcessServer) -> None:
    take(
        server, with_value(server, 1, "faults", f'{{"leg":{ODD}}}'), encode_window(live(2, server))
    )
    assert server.rows("SELECT seq, faults FROM windows") == [(1, "leg:?"), (2, None)]


@pytest.mark.parametrize("key", ["leg_c", "seq", "boot", "moves", "clock", "v", "faults"])
def test_half_a_character_in_any_value_is_set_aside_and_the_rest_is_stored(
    server: InProcessServer, key: str
) -> None:
    take(server, with_value(server, 1, key, ODD), encode_window(live(2, server)))
    assert count(server, "windows") == 1
    ((why, payload),) = server.rows("SELECT why, payload FROM quarantine")
    assert why.isprintable()
    assert b"ud800" in payload
    assert server.broker.acknowledged == [1, 2]


def failing_for(
    server: InProcessServer, seq: int, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let every commit fail that holds this window."""

    def picky(store: Any, batch: Any, *more: Any) -> bool:
        if any(new.window.seq == seq for new in batch.windows):
            raise error
        return commit(store, batch, *more)

    monkeypatch.setattr(COMMIT, picky)


VALUES = [
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    OverflowError("Python int too large to convert to SQLite INTEGER"),
    ValuesRefused("Error binding parameter 3"),
    ZeroDivisionError("ours"),
]


@pytest.mark.parametrize("error", VALUES, ids=lambda error: type(error).__name__)
def test_a_message_that_cannot_be_committed_is_set_aside_alone(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failing_for(server, 4, error, monkeypatch)
    take(server, *(encode_window(live(n, server, low=1)) for n in range(1, 8)))
    assert server.rows("SELECT seq FROM windows ORDER BY id") == [(n,) for n in (1, 2, 3, 5, 6, 7)]
    assert server.rows("SELECT seq, length(payload) > 99 FROM quarantine") == [(4, 1)]
    assert sorted(server.broker.acknowledged) == [1, 2, 3, 4, 5, 6, 7]
    assert upto(server) == 7  # the agent lets go of it, too
    assert server.status.now().failing == ""


def test_a_message_is_not_to_blame_when_nothing_else_passes(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> bool:
        raise ZeroDivisionError("ours, whatever comes")

    monkeypatch.setattr(COMMIT, broken)
    with pytest.raises(ZeroDivisionError):  # ends, and is started anew: nothing is thrown away
        take(server, *(encode_window(live(n, server)) for n in (1, 2)))
    assert server.broker.acknowledged == []
    monkeypatch.undo()
    take(server, *(encode_window(live(n, server)) for n in (1, 2)))
    assert (count(server, "windows"), count(server, "quarantine")) == (2, 0)


STORE = [
    StoreError("database or disk is full"),
    OSError(5, "Input/output error"),
]


@pytest.mark.parametrize("error", STORE, ids=str)
@pytest.mark.parametrize("place", ["transaction", "boot", "pressed"])
def test_an_error_of_the_store_is_never_put_on_a_message(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch, error: Exception, place: str
) -> None:
    take(server, encode_window(live(1, server)))
    server.restart()  # the boots of a bed that is new now are not asked for
    works, failed = getattr(server.store, place), list[int]()

    def sometimes(*words: Any) -> Any:
        if not failed:
            failed.append(1)
            raise error
        return works(*words)

    monkeypatch.setattr(server.store, place, sometimes)
    press = b'{"v":1,"id":"p1","button":"ack","at_ms":1767390000000}'
    server.turn(
        [
            arriving(server, encode_window(live(2, server))),
            arriving(server, press, "legwatch/v1/anna/event"),
        ]
    )
    assert failed
    assert (count(server, "windows"), count(server, "presses"), count(server, "quarantine")) == (
        2,
        1,
        0,
    )
    assert server.broker.acknowledged == [2, 3]


def test_a_bed_whose_minute_cannot_be_judged_stops_no_other_bed(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = encode_window(live(1, server))
    for bed in ("anna", "bert"):
        server.turn([arriving(server, first, f"legwatch/v1/{bed}/window")])
    tick = server.unit.tick

    def picky(bed: BedRecord, at_ms: int) -> None:
        tick(bed, at_ms)
        if bed.name == "anna":
            raise ZeroDivisionError("ours")

    monkeypatch.setattr(server.unit, "tick", picky)
    server.idle(int(START_S * 1000) + 20 * 60_000)
    told = "SELECT name, kind FROM notices n JOIN beds b ON b.id=bed_id ORDER BY n.id"
    assert server.rows(told) == [("bert", "agent")]
    assert "bed anna cannot be judged" in caplog.text
    monkeypatch.undo()
    server.clock.advance(SKIPPED_MS + TICK_LAG_MS)
    server.turn()  # tried again a minute later
    assert server.rows(told) == [("bert", "agent"), ("anna", "agent")]


def messages(count: int) -> list[Work]:
    return [decode(Message("legwatch/v1/anna/window", b"%d" % n, 0, n)) for n in range(count)]


def test_what_was_there_at_a_crash_is_tried_alone_and_set_aside_after_three(tmp_path: Path) -> None:
    file, (bad, *good) = tmp_path / "at_work", messages(5)
    Suspects(file).begin([bad, *good[:2]])  # and here the process ends
    for _ in range(MOST_CRASHES):
        suspects = Suspects(file)
        groups = list(suspects.groups([good[3], bad, good[0], good[3]]))
        # Of the first crash all three are suspected, afterwards only who was alone.
        assert [bad] in groups
        assert suspects.begin([bad])
    suspects = Suspects(file)
    assert not suspects.begin([bad])
    suspects.done([bad])
    assert list(Suspects(file).groups([bad, *good])) == [[bad, *good]]


def test_what_was_done_is_suspected_no_more(tmp_path: Path) -> None:
    suspects, (one, two, three) = Suspects(tmp_path / "at_work"), messages(3)
    assert suspects.begin([one, two])
    suspects.done([one, two])
    assert list(Suspects(tmp_path / "at_work").groups([one, two, three])) == [[one, two, three]]


def test_a_crash_in_a_long_backlog_does_not_make_each_wait_alone(tmp_path: Path) -> None:
    many = messages(1000)
    Suspects(tmp_path / "at_work").begin(many)
    groups = list(Suspects(tmp_path / "at_work").groups(many))
    assert [message for group in groups for message in group] == many
    assert {len(group) for group in groups[:-1]} == {MOST_ALONE}


def test_a_message_with_which_the_server_ended_again_and_again_is_set_aside(
    server: InProcessServer,
) -> None:
    bad, good = encode_window(live(2, server, low=1)), encode_window(live(1, server, low=1))
    take(server, good)
    message = arriving(server, bad)
    for _ in range(1 + MOST_CRASHES):
        suspects = Suspects(server.path.with_name("at_work"))
        list(suspects.groups([message]))
        suspects.begin([message])
    server.restart(Suspects(server.path.with_name("at_work")))
    server.turn([message, arriving(server, encode_window(live(3, server, low=1)))])
    assert server.rows("SELECT seq FROM windows ORDER BY id") == [(1,), (3,)]
    assert server.rows("SELECT seq, why FROM quarantine") == [
        (2, "the server crashed several times on this message")
    ]
    assert upto(server) == 3


def crashed_with(server: InProcessServer, *taken: Work) -> None:
    """End the server while it takes these in, and start it again."""
    server.close()
    file = server.path.with_name("at_work")
    Suspects(file).begin(taken)
    server.start(Suspects(file))


TOLD = "SELECT name, kind FROM notices JOIN beds ON beds.id=bed_id"


def test_a_suspect_that_never_comes_back_does_not_stop_the_clock(server: InProcessServer) -> None:
    take(server, encode_window(live(1, server)))
    crashed_with(server, *messages(1))
    server.idle(int(START_S * 1000) + 20 * 60_000)
    assert server.rows(TOLD) == [("anna", "agent")]
    assert server.loop._writer.wait_s(1.0) > 0  # and nothing turns in a circle


def test_an_answer_at_work_is_no_suspect(tmp_path: Path) -> None:
    answer = ActionRequested(
        LinkClaims(TargetKind.BED, 1, Action.SEEN, 0, 0), b"t", "link", 0, lambda _: None
    )
    Suspects(tmp_path / "at_work").begin([answer])
    assert (tmp_path / "at_work").read_bytes() == b""


def test_ends_while_the_store_is_full_put_no_blame_on_a_message(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(server, encode_window(live(1, server, low=1)))
    message = arriving(server, encode_window(live(2, server, low=1)))
    file = server.path.with_name("at_work")

    def full(*_: Any) -> bool:
        raise StoreError("database or disk is full")

    for _ in range(2 + MOST_CRASHES):
        server.restart(Suspects(file))
        monkeypatch.setattr(COMMIT, full)
        server.stopping.set()  # asked to end while it waits
        server.turn([message])
        assert file.read_bytes() == b""
    monkeypatch.undo()
    server.restart(Suspects(file))
    server.turn([message])
    assert (count(server, "windows"), count(server, "quarantine")) == (2, 0)


def test_more_copies_of_a_guilty_message_cost_no_more_crashes(tmp_path: Path) -> None:
    file, copies = tmp_path / "at_work", [messages(1)[0] for _ in range(3)]
    bad = copies[0]
    Suspects(file).begin([bad])
    for _ in range(MOST_CRASHES):
        assert Suspects(file).begin([bad])
    suspects = Suspects(file)
    for group in suspects.groups(copies):
        assert len(group) == 1
        assert not suspects.begin(group)
        suspects.done(group)


def test_a_press_that_is_set_aside_is_confirmed_so_that_it_does_not_come_for_ever(
    server: InProcessServer,
) -> None:
    take(server, encode_window(live(1, server)))
    newer = b'{"v":1,"id":"p1","button":"wave","at_ms":1767390000000}'
    server.turn([arriving(server, newer, "legwatch/v1/anna/event")])
    assert count(server, "quarantine") == 1
    assert server.broker.last("legwatch/v1/anna/stored")["presses"] == ["p1"]


def test_a_bed_that_cannot_be_judged_is_no_sign_of_life(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(server, encode_window(live(1, server)))
    assert server.status.now().well == server.clock.instant()
    tick = server.unit.tick

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(server.unit, "tick", broken)
    server.idle(int(START_S * 1000) + 20 * 60_000)
    assert server.status.now().unjudged == {"anna"}
    assert server.status.now().well is None
    monkeypatch.setattr(server.unit, "tick", tick)
    take(server, encode_window(live(2, server)))
    assert server.status.now().unjudged == frozenset()


# ---- whatever comes: JSON that is nearly right, and bytes that are not
dirt = st.sampled_from(["\ud800", "\x00", "a\x1b["])
texts = st.text(st.characters(codec=None), max_size=20) | dirt
edges = st.sampled_from([0, -1, 2**53, 2**63, 10**400, 4102444800000])
numbers = st.integers() | st.floats() | edges
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
WINDOW_KEYS = (
    *("v", "boot", "seq", "from_ms", "to_ms", "mono_ms", "clock", "low", "age_ms", "faults"),
    *("leg_c", "leg_rh", "room_c", "room_rh", "moves", "moved_s", "active_s", "in_bed"),
)
KEYS = (*WINDOW_KEYS, "id", "button", "at_ms", "kind", "minutes")
SOUND = {"v": 1, "boot": "0000000b", "seq": 7, "mono_ms": 1, "clock": "synced", "age_ms": 0}
PRESS = {"v": 1, "id": "p", "button": "ack"}
changes = st.dictionaries(st.sampled_from(KEYS), values, max_size=3)
beds = st.sampled_from(
    ["legwatch/v1/bert", "legwatch/v1/anna", "legwatch/v1/" + "x" * 40, "odd/\u2028"]
)
topics = st.builds("{}/{}".format, beds, st.sampled_from(["window", "event", "status", "x/y"]))


def payloads(at_ms: int) -> st.SearchStrategy[bytes]:
    window = SOUND | {"from_ms": at_ms - 10_000, "to_ms": at_ms}
    base = st.sampled_from([window, PRESS | {"at_ms": at_ms}, {}])
    near = st.builds(lambda b, c: json.dumps({**b, **c}).encode(), base, changes)
    cut = st.builds(lambda p, n: p[:n], near, st.integers(0, 200))
    return near | near | near | cut | st.binary(max_size=60)


MANY = int(os.environ.get("LEGWATCH_FUZZ", "0"))
FEW = 80 if MANY else 1


@settings(max_examples=MANY or 40, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_whatever_comes_the_other_beds_windows_are_stored(data: st.DataObject) -> None:
    """Wire, intake and commit together. LEGWATCH_FUZZ=N: N batches of 80-100 messages each."""
    with TemporaryDirectory() as folder, closing(open_server(Path(folder))) as server:
        stored_of_the_others(server, data)


def stored_of_the_others(server: InProcessServer, data: st.DataObject) -> None:
    odd = data.draw(
        st.lists(st.tuples(topics, payloads(server.clock.now_ms)), min_size=FEW, max_size=100)
    )
    arrivals = [arriving(server, payload, topic) for topic, payload in odd]
    arrivals.insert(
        len(arrivals) // 2, arriving(server, encode_window(live(1, server)), GOOD_TOPIC)
    )
    server.turn(arrivals)
    good = "boot_id IN (SELECT o.id FROM boots o JOIN beds b ON b.id=bed_id WHERE name='good')"
    assert server.rows(f"SELECT seq FROM windows WHERE {good}") == [(1,)]
    assert sorted(server.broker.acknowledged) == list(range(1, len(arrivals) + 1))
    for (why,) in server.rows("SELECT why FROM quarantine"):
        assert why.isprintable()
        assert not why.startswith(("UnicodeEncodeError", "the server has ended"))


GOOD_TOPIC = "legwatch/v1/good/window"
