"""A stored state that nobody can have written: the bed begins anew, and is watched."""

import pytest

from legwatch.bedside import Bedside
from legwatch.engine import BedState, advance, expect, start
from legwatch.state_codec import to_json
from legwatch.testing import night, uncovering
from legwatch_server.beds.registry import restored
from legwatch_server.store.records import StoredBed
from repository import rules

YEAR_MS = 365 * 86_400_000


def lived() -> BedState:
    state = start(trial_over=True)
    for window in night(minutes=120, leg=uncovering((60, 110))):
        state, _ = advance(state, window, rules())
    return state


def stored(text: str, seen_ms: int, *, played: bool = False) -> StoredBed:
    return StoredBed(1, "a", text, seen_ms, played, None, noon=True)


def test_a_state_comes_back_as_it_was() -> None:
    state = lived()
    assert restored(stored(to_json(state), state.at_ms), rules()).state == state
    silent = restored(stored(to_json(state), state.at_ms - 3 * 86_400_000), rules(), state.at_ms)
    assert silent.state == state  # its minutes went on without a window
    silent_for_years = restored(stored(to_json(state), state.at_ms + 3 * YEAR_MS), rules())
    assert silent_for_years.state == state


@pytest.mark.parametrize("by_ms", [4000 * YEAR_MS, 3 * 86_400_000, -40 * YEAR_MS])
def test_a_state_with_a_moment_that_cannot_be_is_not_used(
    by_ms: int, caplog: pytest.LogCaptureFixture
) -> None:
    state = lived()
    text = to_json(state)
    moment = state.open_windows[0].to_ms if state.open_windows else state.minute_end_ms
    bad = text.replace(str(moment), str(moment + by_ms), 1)
    assert bad != text
    found = restored(stored(bad, state.at_ms), rules())
    assert (found.state, found.bedside) == (expect(start(trial_over=True), state.at_ms), Bedside())
    assert "unusable" in caplog.text


def test_a_recording_has_its_own_time() -> None:
    state = lived()
    found = restored(stored(to_json(state), state.at_ms - 9 * YEAR_MS, played=True), rules())
    assert found.state == state


def test_a_state_ahead_of_the_server_is_not_used_and_the_bed_is_missed() -> None:
    state = lived()
    ended_ms = state.at_ms - 2 * 3_600_000
    found = restored(stored(to_json(state), ended_ms), rules(), ended_ms)
    assert found.state == expect(start(trial_over=True), ended_ms)
