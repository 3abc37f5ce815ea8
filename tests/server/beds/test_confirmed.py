"""What the server confirms to an agent, and which time lines it takes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.contract.confirmation import decode_stored
from legwatch.contract.press import MOST_PRESSES, Press, encode_press
from legwatch.contract.window import encode_window
from legwatch.events import ClockTrust
from legwatch.testing import ms
from legwatch_server.beds.recording_leaps import MINUTES_A_S, MOST_MINUTES, LeapAllowance
from legwatch_server.notify.commit import commit
from legwatch_server.testing import InProcessServer
from server.beds.anna import (
    COMMIT,
    EVENT,
    REAL,
    STORED,
    arriving,
    count,
    live,
    open_server,
    take,
    upto,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_server(tmp_path)
    yield made
    made.close()


def press(server: InProcessServer, *idents: str) -> None:
    server.turn(
        [
            arriving(server, encode_press(Press(i, "ack", server.clock.now_ms)), EVENT)
            for i in idents
        ]
    )


def confirmed(server: InProcessServer) -> list[str]:
    (payload,) = [json.dumps(server.broker.last(STORED)).encode()]
    return list(decode_stored(payload).presses or ())


def test_a_press_is_confirmed_by_its_id_once_it_is_committed(server: InProcessServer) -> None:
    take(server, encode_window(live(1, server)))
    press(server, "p1", "p2")
    assert server.broker.last(STORED) == {
        "v": 1, "boot": "0000000a", "seq": 1, "presses": ["p1", "p2"]
    }  # fmt: skip


def test_a_press_of_a_bed_without_a_window_is_confirmed_too(server: InProcessServer) -> None:
    press(server, "p1")
    assert confirmed(server) == ["p1"]


def test_after_a_restart_the_presses_are_still_confirmed(server: InProcessServer) -> None:
    press(server, "p1", "p2")
    server.restart()
    take(server, encode_window(live(1, server)))
    assert confirmed(server) == ["p1", "p2"]


def test_more_presses_than_one_word_holds_are_confirmed_when_they_come_again(
    server: InProcessServer,
) -> None:
    waiting = [f"p{n}" for n in range(100)]
    for _ in range(4):  # 32, 32, 32 and 4
        press(server, *waiting)
        said = confirmed(server)
        assert len(said) <= MOST_PRESSES
        waiting = [ident for ident in waiting if ident not in said]
    assert waiting == []
    assert count(server, "presses") == 100


def test_a_press_that_was_not_committed_is_not_confirmed(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(server, "p1")

    def full(*_: Any) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(COMMIT, full)
    server.stopping.set()  # one try only
    press(server, "p2")
    assert confirmed(server) == ["p1"]
    monkeypatch.undo()
    press(server, "p2")
    assert confirmed(server) == ["p1", "p2"]


TENTH = MOST_MINUTES // 10


@pytest.fixture
def tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a recording leap by a tenth only: to judge all these minutes takes long."""
    monkeypatch.setattr("legwatch_server.beds.recording_leaps.MOST_MINUTES", TENTH)


def played(server: InProcessServer, seq: int, to_ms: int, bed: str = "anna") -> None:
    window = live(seq, server, clock=ClockTrust.PLAYED.value, low=1)
    moved = window._replace(from_ms=to_ms - 10_000, to_ms=to_ms)
    server.turn([arriving(server, encode_window(moved), f"legwatch/v1/{bed}/window")])


def test_a_recording_of_a_bed_that_is_not_declared_so_is_set_aside(
    server: InProcessServer, caplog: pytest.LogCaptureFixture
) -> None:
    real = encode_window(live(1, server, low=1))
    server.turn([arriving(server, real, f"legwatch/v1/{REAL}/window")])
    before = server.unit.beds[REAL].state
    for seq, year in enumerate((1971, 2099, 1971), start=2):
        played(server, seq, ms(f"{year}-01-02T00:00Z"), REAL)
    assert server.unit.beds[REAL].state == before
    assert not server.unit.beds[REAL].played
    (why,) = {why for (why,) in server.rows("SELECT why FROM quarantine")}
    assert why == "clock: a recording; declare it with beds.real.played = true"
    assert count(server, "windows") == 1
    assert upto(server) == 4  # its agent does not send them for ever
    assert count(server, "notices") == 0
    said = [r.getMessage() for r in caplog.records if r.getMessage().startswith("refused windows")]
    assert said == [
        (
            "refused windows of bed real: the agent plays a recording;"
            " declare it with beds.real.played = true"
        )
    ]


def minutes_judged(server: InProcessServer) -> int:
    return server.unit.beds["anna"].state.minutes


@pytest.mark.usefixtures("tenth")
def test_a_declared_recording_may_leap_but_not_for_ever(server: InProcessServer) -> None:
    """Forward by 36 h and on, or between 1970 and 2099: what it costs is bounded."""
    at_ms, seq, judged = ms("1971-01-01T00:00Z"), 0, 0
    for _ in range(30):  # 4 of them are allowed at once
        seq += 1
        at_ms += 36 * 3_600_000
        before = minutes_judged(server) if "anna" in server.unit.beds else 0
        played(server, seq, at_ms)
        judged += max(0, minutes_judged(server) - before)
    assert 0 < judged <= TENTH
    assert count(server, "quarantine", "why LIKE 'this recording leaps%'") > 20
    assert upto(server) == 30
    server.clock.advance(60_000)
    before = minutes_judged(server)
    for _ in range(10):
        seq += 1
        at_ms += 36 * 3_600_000
        played(server, seq, at_ms)
    assert 0 < minutes_judged(server) - before <= 60 * MINUTES_A_S


def test_windows_without_a_leap_change_no_allowance_and_give_back_what_time_does() -> None:
    spent = LeapAllowance(0.0, 0)
    assert spent.after(0, 60_000, 500_000) is spent
    assert spent.after(0, 31 * 60_000, 300) is None
    again = spent.after(0, 31 * 60_000, 320)
    assert again is not None
    assert again.left == pytest.approx(0.32 * MINUTES_A_S - 31)


@pytest.mark.usefixtures("tenth")
def test_a_recordings_presses_leap_no_more_freely(server: InProcessServer) -> None:
    played(server, 1, server.clock.now_ms)
    for number in range(1, 41):
        body = encode_press(
            Press(f"p{number}", "ack", server.clock.now_ms + number * 37 * 3_600_000)
        )
        server.turn([arriving(server, body, EVENT)])
    assert minutes_judged(server) <= TENTH
    assert count(server, "quarantine", "why LIKE 'this recording leaps%'") > 20
    assert len(confirmed(server)) == MOST_PRESSES  # its agent does not send them for ever


@pytest.mark.usefixtures("tenth")
def test_what_is_undone_takes_nothing_from_the_allowance(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(server, 1, server.clock.now_ms)
    tries: list[int] = []

    def full(*words: Any) -> bool:
        tries.append(1)
        if len(tries) <= 10:  # a day for each would be too much
            raise OSError(28, "No space left on device")
        return commit(*words)

    monkeypatch.setattr(COMMIT, full)
    monkeypatch.setattr(server.stopping, "wait", lambda _s: False)
    played(server, 2, server.clock.now_ms + 86_400_000)
    assert (count(server, "windows"), count(server, "quarantine")) == (2, 0)


def test_what_comes_again_or_out_of_order_is_no_leap(server: InProcessServer) -> None:
    for seq in range(1, 40):
        played(server, seq, server.clock.now_ms + seq * 10_000)
    for _ in range(100):  # an agent sends a night's windows again
        for seq in range(1, 40):
            played(server, seq, server.clock.now_ms + seq * 10_000)
    played(server, 40, server.clock.now_ms + 90 * 86_400_000)
    assert (count(server, "windows"), count(server, "quarantine")) == (40, 0)


def test_what_is_set_aside_does_not_fill_the_disk(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legwatch_server.store.quarantine.MOST_KEPT", 50)
    for n in range(40):
        take(server, *(b"junk %d" % (n * 3 + m) for m in range(3)))
    kept = server.rows("SELECT CAST(payload AS TEXT) FROM quarantine ORDER BY id")
    assert [text for (text,) in kept] == [f"junk {n}" for n in range(70, 120)]


def test_two_months_of_nights_on_one_recording_are_allowed_at_once() -> None:
    left: LeapAllowance | None = LeapAllowance()
    for night in range(60):
        assert left is not None
        left = left.after(night * 86_400_000, (night + 1) * 86_400_000, 0)
    assert left is not None


@pytest.mark.usefixtures("tenth")
def test_nights_on_one_recording_are_all_taken(server: InProcessServer) -> None:
    seq = 0
    for night in range(5):
        for minute in range(3):
            seq += 1
            played(server, seq, ms("2026-01-01T21:00Z") + night * 86_400_000 + minute * 60_000)
    assert (count(server, "windows"), count(server, "quarantine")) == (15, 0)


@pytest.mark.usefixtures("tenth")
def test_another_bed_is_taken_in_while_a_recording_leaps(server: InProcessServer) -> None:
    for seq in range(1, 60):
        year = 1971 if seq % 2 else 2098
        played(server, seq, ms(f"{year}-01-02T00:00Z"))
    other = encode_window(live(1, server))
    server.turn([arriving(server, other, f"legwatch/v1/{REAL}/window")])
    assert count(server, "windows", "bed_id=(SELECT id FROM beds WHERE name='real')") == 1
    assert count(server, "notices") < 3000
