"""A bed is stored when a minute was judged; a crash at any window in between changes nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from legwatch import engine
from legwatch.alerting.notice import as_json
from legwatch.contract.action import Action
from legwatch.contract.window import encode_window
from legwatch.engine import replay
from legwatch.events import Window
from legwatch.state_codec import to_json
from legwatch.testing import night, uncovering
from legwatch.text.message import text
from legwatch_server.beds.writer import SWEEP_S
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import ActionRequested
from legwatch_server.notify.commit import commit
from legwatch_server.testing import InProcessServer
from repository import rules
from server.beds.anna import COMMIT, arriving, count, live, open_server, play, take, upto

pytestmark = pytest.mark.slow

BOOT = "00000000"
FALL = list(night(leg=uncovering((60, 90), uncovered_c=22), minutes=100))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_server(tmp_path)
    yield made
    made.close()


def wanted(windows: Sequence[Window]) -> list[str]:
    return [as_json(n, bed="anna", text=text(n)) for n in replay(windows, rules())]


ALSO = [pytest.param(each, marks=pytest.mark.slow) for each in (1, 6)]


@pytest.mark.parametrize("each", [*ALSO, 7])  # of 6 windows a minute: 7 meets each of its places
def test_a_crash_after_any_window_changes_no_notice(server: InProcessServer, each: int) -> None:
    for begin in range(0, len(FALL), each):
        play(server, FALL[begin : begin + each])
        server.restart()
    assert server.lines() == wanted(FALL)
    assert len(wanted(FALL)) >= 2
    assert count(server, "windows") == len(FALL)
    take(server, encode_window(FALL[-1]))  # a duplicate, so that the agent is told again
    assert upto(server, BOOT) == len(FALL)


def test_a_crash_at_each_window_of_the_deciding_minute(tmp_path: Path) -> None:
    """Once after each of the windows around the first alert, on a database of its own."""
    at_ms = next(n.at_ms for n in replay(FALL, rules()))
    deciding = next(i for i, w in enumerate(FALL) if w.to_ms >= at_ms)
    for number in range(deciding - 8, deciding + 3):
        (folder := tmp_path / str(number)).mkdir()
        server = open_server(folder)
        play(server, FALL[:number])
        server.restart()
        play(server, FALL[number:])
        assert server.lines() == wanted(FALL), number
        server.close()


def test_the_memory_after_a_crash_is_the_memory_before_it(server: InProcessServer) -> None:
    chance = Random(3)
    begin = 0
    while begin < len(FALL):
        begin, first = begin + chance.randint(1, 9), begin
        play(server, FALL[first:begin])
        before = server.unit.beds["anna"].state
        server.restart()
        after = server.unit.beds["anna"].state
        waiting = [w._replace(boot="", low=None) for w in before.open_windows]
        assert [w._replace(boot="", low=None) for w in after.open_windows] == waiting
        assert after._replace(open_windows=()) == before._replace(open_windows=())


def test_a_commit_that_fails_in_the_middle_of_a_minute_keeps_all(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, failing = Random(4), [0]

    def sometimes(*words: Any) -> bool:
        failing[0] += 1
        if chance.random() < 0.3:
            raise OSError(28, "No space left on device")
        return commit(*words)

    monkeypatch.setattr(COMMIT, sometimes)
    monkeypatch.setattr("legwatch_server.beds.writer.RETRY_S", (0.0,))
    for begin in range(0, len(FALL), 4):
        play(server, FALL[begin : begin + 4])
        if chance.random() < 0.2:
            monkeypatch.setattr(COMMIT, commit)
            server.restart()
            monkeypatch.setattr(COMMIT, sometimes)
    assert failing[0] > len(FALL) // 4
    assert server.lines() == wanted(FALL)


@pytest.mark.slow
def test_an_answer_within_the_minute_survives_a_crash(server: InProcessServer) -> None:
    first = next(i for i, w in enumerate(FALL) if w.to_ms == next(replay(FALL, rules())).at_ms)
    play(server, FALL[: first + 3])  # two windows into the next minute
    (ident,) = server.rows("SELECT id FROM notices WHERE what='fired'")[0]
    claims = LinkClaims(TargetKind.NOTICE, ident, Action.SEEN, 0, 0)
    server.turn([ActionRequested(claims, b"seen", "test", server.clock.now_ms, lambda _: None)])
    server.restart()
    assert server.unit.beds["anna"].state.bed.alerts.cold.acknowledged
    assert len(server.unit.beds["anna"].state.open_windows) == 2
    play(server, FALL[first + 3 :])
    assert count(server, "windows") == len(FALL)


def test_one_state_is_written_for_a_minute_and_not_for_a_window(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def counted(state: engine.BedState) -> str:
        written.append(state.at_ms)
        return to_json(state)

    monkeypatch.setattr("legwatch_server.beds.batch.to_json", counted)
    for window in FALL[:600]:
        play(server, [window])
    assert 100 <= len(written) <= 103


def test_a_clean_end_leaves_nothing_to_catch_up_with(server: InProcessServer) -> None:
    play(server, FALL[:75], each=1)
    assert len(server.store.unseen()) == 3
    server.loop.finish()
    assert server.store.unseen() == []
    server.restart()
    assert len(server.unit.beds["anna"].state.open_windows) == 3


def test_what_a_bed_left_behind_long_ago_is_not_looked_for_at_a_start(
    server: InProcessServer,
) -> None:
    """A recording that stops within a minute is never ticked; a sweep stores its state."""
    play(server, FALL[:75])
    for seq in range(1, 5):
        server.clock.advance(int(SWEEP_S * 1000))
        take_other(server, seq)
    (upto_id,) = server.rows("SELECT value+0 FROM meta WHERE key='states_upto'")[0]
    assert upto_id >= 75
    assert all(bed_id != 1 for bed_id, _ in server.store.unseen())
    server.restart()
    assert len(server.unit.beds["anna"].state.open_windows) == 3


def take_other(server: InProcessServer, seq: int) -> None:
    payload = encode_window(live(seq, server))
    server.turn([arriving(server, payload, "legwatch/v1/bert/window")])


def test_a_window_again_after_a_crash_is_a_duplicate(server: InProcessServer) -> None:
    play(server, FALL[:75])
    server.restart()
    payloads = [encode_window(window) for window in FALL[60:80]]
    take(server, *payloads)
    assert count(server, "windows") == 80
    assert server.unit.counters.duplicates == 15
    assert upto(server, BOOT) == 80
