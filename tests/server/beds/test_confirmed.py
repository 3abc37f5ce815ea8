"""What the server confirms to an agent, and which time lines it takes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.contract.press import MOST_PRESSES, Press, encode_press
from legwatch.contract.stored import decode_stored
from legwatch.contract.window import encode_window
from legwatch.events import ClockTrust
from legwatch.testing import ms
from legwatch_server.beds.leaps import MINUTES_A_S, MOST_MINUTES
from server.beds.test_loop import REAL, House, live

EVENT, STORED = "legwatch/v1/anna/event", "legwatch/v1/anna/stored"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


def press(house: House, *idents: str) -> None:
    house.owner.turn(
        [house.message(encode_press(Press(i, "ack", house.now_ms)), EVENT) for i in idents]
    )


def confirmed(house: House) -> list[str]:
    (payload,) = [json.dumps(house.wire.last(STORED)).encode()]
    return list(decode_stored(payload).presses or ())


def test_a_press_is_confirmed_by_its_id_once_it_is_committed(house: House) -> None:
    house.take(encode_window(live(1, house)))
    press(house, "p1", "p2")
    assert house.wire.last(STORED) == {
        "v": 1, "boot": "0000000a", "seq": 1, "presses": ["p1", "p2"]
    }  # fmt: skip


def test_a_press_of_a_bed_without_a_window_is_confirmed_too(house: House) -> None:
    press(house, "p1")
    assert confirmed(house) == ["p1"]


def test_after_a_restart_the_presses_are_still_confirmed(house: House) -> None:
    press(house, "p1", "p2")
    house.store.close()
    house.start()
    house.take(encode_window(live(1, house)))
    assert confirmed(house) == ["p1", "p2"]


def test_more_presses_than_one_word_holds_are_confirmed_when_they_come_again(house: House) -> None:
    waiting = [f"p{n}" for n in range(100)]
    for _ in range(4):  # 32, 32, 32 and 4
        press(house, *waiting)
        said = confirmed(house)
        assert len(said) <= MOST_PRESSES
        waiting = [ident for ident in waiting if ident not in said]
    assert waiting == []
    assert house.count("presses") == 100


def test_a_press_that_was_not_committed_is_not_confirmed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(house, "p1")

    def full(*_: Any) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(house.store, "commit", full)
    house.stopping.set()  # one try only
    press(house, "p2")
    assert confirmed(house) == ["p1"]
    monkeypatch.undo()
    press(house, "p2")
    assert confirmed(house) == ["p1", "p2"]


def played(house: House, seq: int, to_ms: int, bed: str = "anna") -> None:
    window = live(seq, house, clock=ClockTrust.PLAYED.value, low=1)
    moved = window._replace(from_ms=to_ms - 10_000, to_ms=to_ms)
    house.owner.turn([house.message(encode_window(moved), f"legwatch/v1/{bed}/window")])


def test_a_recording_of_a_bed_that_is_not_declared_so_is_set_aside(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    real = encode_window(live(1, house, low=1))
    house.owner.turn([house.message(real, f"legwatch/v1/{REAL}/window")])
    before = house.unit.beds[REAL].state
    for seq, year in enumerate((1971, 2099, 1971), start=2):
        played(house, seq, ms(f"{year}-01-02T00:00Z"), REAL)
    assert house.unit.beds[REAL].state == before
    assert not house.unit.beds[REAL].played
    (why,) = {why for (why,) in house.rows("SELECT why FROM quarantine")}
    assert why == "clock: a recording; declare it with beds.real.played = true"
    assert house.count("windows") == 1
    assert house.upto() == 4  # its agent does not send them for ever
    assert house.count("notices") == 0
    said = [r.getMessage() for r in caplog.records if "refused windows" in r.getMessage()]
    assert said == [
        (
            "refused windows of bed real: the agent plays a recording;"
            " declare it with beds.real.played = true"
        )
    ]


def minutes_judged(house: House) -> int:
    return house.unit.beds["anna"].state.bed.observation.minutes


def test_a_declared_recording_may_leap_but_not_for_ever(house: House) -> None:
    """Forward by 36 h and on, or between 1970 and 2099: what it costs is bounded."""
    at_ms, seq, judged = ms("1971-01-01T00:00Z"), 0, 0
    for _ in range(70):  # 46 of them are allowed at once
        seq += 1
        at_ms += 36 * 3_600_000
        before = minutes_judged(house) if "anna" in house.unit.beds else 0
        played(house, seq, at_ms)
        judged += max(0, minutes_judged(house) - before)
    assert judged <= MOST_MINUTES
    assert house.count("quarantine", "why LIKE 'this recording leaps%'") > 20
    assert house.upto() == 70
    house.now_ms += 60_000
    before = minutes_judged(house)
    for _ in range(10):
        seq += 1
        at_ms += 36 * 3_600_000
        played(house, seq, at_ms)
    assert 0 < minutes_judged(house) - before <= 60 * MINUTES_A_S


def test_a_recordings_presses_leap_no_more_freely(house: House) -> None:
    played(house, 1, house.now_ms)
    for number in range(1, 71):
        body = encode_press(Press(f"p{number}", "ack", house.now_ms + number * 37 * 3_600_000))
        house.owner.turn([house.message(body, EVENT)])
    assert minutes_judged(house) <= MOST_MINUTES
    assert house.count("quarantine", "why LIKE 'this recording leaps%'") > 20
    assert len(confirmed(house)) == MOST_PRESSES  # its agent does not send them for ever


def test_what_is_undone_takes_nothing_from_the_allowance(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(house, 1, house.now_ms)
    commit, tries = house.store.commit, []

    def full(*words: Any) -> bool:
        tries.append(1)
        if len(tries) <= 75:  # a day for each would be too much
            raise OSError(28, "No space left on device")
        return commit(*words)

    monkeypatch.setattr(house.store, "commit", full)
    monkeypatch.setattr(house.stopping, "wait", lambda _s: False)
    played(house, 2, house.now_ms + 86_400_000)
    assert (house.count("windows"), house.count("quarantine")) == (2, 0)


def test_what_comes_again_or_out_of_order_is_no_leap(house: House) -> None:
    for seq in range(1, 40):
        played(house, seq, house.now_ms + seq * 10_000)
    for _ in range(100):  # an agent sends a night's windows again
        for seq in range(1, 40):
            played(house, seq, house.now_ms + seq * 10_000)
    played(house, 40, house.now_ms + 90 * 86_400_000)
    assert (house.count("windows"), house.count("quarantine")) == (40, 0)


def test_what_is_set_aside_does_not_fill_the_disk(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legwatch_server.store.database.MOST_KEPT", 50)
    for n in range(40):
        house.take(*(b"junk %d" % (n * 3 + m) for m in range(3)))
    kept = house.rows("SELECT CAST(payload AS TEXT) FROM quarantine ORDER BY id")
    assert [text for (text,) in kept] == [f"junk {n}" for n in range(70, 120)]


def test_nights_of_a_year_on_one_recording_are_all_taken(house: House) -> None:
    seq = 0
    for night in range(60):
        for minute in range(3):
            seq += 1
            played(house, seq, ms("2026-01-01T21:00Z") + night * 86_400_000 + minute * 60_000)
    assert (house.count("windows"), house.count("quarantine")) == (180, 0)


def test_another_bed_is_taken_in_while_a_recording_leaps(house: House) -> None:
    for seq in range(1, 60):
        year = 1971 if seq % 2 else 2098
        played(house, seq, ms(f"{year}-01-02T00:00Z"))
    other = encode_window(live(1, house))
    house.owner.turn([house.message(other, f"legwatch/v1/{REAL}/window")])
    assert house.count("windows", "bed_id=(SELECT id FROM beds WHERE name='real')") == 1
    assert house.count("notices") < 3000
