"""A bedside's own watch: from what the server hands over it comes to the server's own state."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch import engine, own_watch
from legwatch.engine import BedState
from legwatch.events import ClockTrust, Window
from legwatch.own_watch import Handed, OwnWatch
from legwatch.testing import live_window, ms, uncovering
from repository import rules

RULES = rules(zone="UTC", alerts__learn_nights=0)
BEGIN = ms("2026-01-02T21:00Z")
MINUTE_MS, STEP_MS = 60_000, 20_000
LEG = uncovering((45, 400))
MINUTES = 70


def windows(offset_ms: int = 0, *, synced: bool = True, count: int = 3 * MINUTES) -> list[Window]:
    """Return windows as a bedside makes them; `offset_ms`: by which its wall clock is wrong."""
    made = []
    for seq in range(1, count + 1):
        minute, to_ms = seq / 3, BEGIN + 7_000 + seq * STEP_MS + offset_ms
        seen: dict[str, Any] = {"leg_c": LEG(minute), "room_c": 18.0, "in_bed": True}
        window = live_window(seq, to_ms, length_ms=STEP_MS, moves=2 * (seq % 60 == 0), **seen)
        clock = ClockTrust.SYNCED if synced else ClockTrust.UNSYNCED
        made.append(window._replace(clock=clock.value, mono_ms=5_000 + seq * STEP_MS))
    return made


def server(upto: int) -> BedState:
    """Return the state of a server that knows the right time, after so many windows."""
    state = engine.start()
    for window in windows(count=upto):
        state, _ = engine.advance(state, window, RULES)
    return state


def handed(upto: int, *, named: bool = True) -> Handed:
    state = server(upto)
    last = engine.newest(state)
    seen = (last.boot, last.seq) if last is not None and named else ("", 0)
    return Handed(RULES, state, engine.newest_ms(state), *seen)


def own(made: Sequence[Window]) -> OwnWatch:
    watch = own_watch.begun(RULES)
    for window in made:
        watch, _ = own_watch.judge(watch, window)
    return watch


def alike(one: BedState, other: BedState) -> bool:
    """Return True if two states differ in nothing but the names of the windows they keep."""
    return one.bed == other.bed and one.minute_end_ms == other.minute_end_ms


def test_alone_it_judges_as_the_server_does() -> None:
    watch = own(windows())
    assert watch.state == server(3 * MINUTES)
    assert watch.state.bed.alerts.cold.severity is not None


@settings(max_examples=15, deadline=None)
@given(
    st.integers(30, 3 * MINUTES - 1),
    st.integers(0, 12),
    st.sampled_from([0, -3 * 3_600_000, 86_400_000 * 400]),
    st.booleans(),
)
def test_from_a_state_of_any_time_it_comes_to_the_servers_own(
    upto: int, behind: int, offset_ms: int, synced: bool
) -> None:
    """Also with a clock that is wrong or not set: the last window says where it stands."""
    made = windows(offset_ms, synced=synced)
    upto = max(1, upto - behind)
    watch, _ = own_watch.take_over(own(made[: upto + behind]), handed(upto), made[: upto + behind])
    if engine.newest(server(upto)) is None:
        return  # its minute was complete: the next test
    for window in made[upto + behind :]:
        watch, _ = own_watch.judge(watch, window)
    assert alike(watch.state, server(3 * MINUTES))


def test_without_the_name_of_its_last_window_the_time_places_it() -> None:
    made = windows()
    watch, _ = own_watch.take_over(own(made[:100]), handed(90, named=False), made[:100])
    assert watch.state == server(100)


def test_by_a_clock_that_is_not_set_nothing_can_be_placed() -> None:
    made = windows(synced=False)
    before = own(made[:100])
    watch, _ = own_watch.take_over(before, handed(90, named=False), made[:100])
    assert watch.state.bed.signals == before.state.bed.signals
    assert watch.state.bed.trial == server(90).bed.trial


def test_what_was_handed_over_before_the_first_window_is_gone_on_from() -> None:
    watch = own_watch.from_then(own_watch.begun(RULES), handed(150))
    watch, _ = own_watch.judge(watch, windows()[159])
    assert watch.state.bed.cold.baseline_c == server(150).bed.cold.baseline_c
    assert watch.state.bed.alerts.agent.severity is None  # the time between is nobody's fault


@pytest.mark.parametrize(("hours", "synced"), [(13, True), (-2, True), (1, False)])
def test_a_state_that_is_too_old_or_of_unknown_age_leaves_its_trial_nights(
    hours: int, synced: bool
) -> None:
    known = handed(200)
    trial = known.state.bed.trial._replace(nights=5)
    known = known._replace(state=known.state._replace(bed=known.state.bed._replace(trial=trial)))
    watch = own_watch.from_then(own_watch.begun(RULES, ("leg",)), known)
    first = windows(hours * 3_600_000, synced=synced)[200]
    watch, _ = own_watch.judge(watch, first)
    assert watch.state.bed.cold.baseline_c is None
    assert watch.state.bed.trial.nights == 5
    assert engine.sensors(watch.state) >= {"leg"}


def test_a_bedside_that_did_not_measure_does_not_miss_its_own_windows() -> None:
    made = windows()
    watch = own(made[:90])
    for window in made[180:]:  # half an hour later
        watch, notices = own_watch.judge(watch, window)
        assert [one for one in notices if one.kind == "agent"] == []


def test_a_clock_that_is_set_moves_all_moments() -> None:
    right, wrong = own(windows()), windows(-7_200_000 - 11_000, synced=False)
    watch = own(wrong[:-30])
    assert watch.rules.night.to_h - watch.rules.night.from_h == 24
    for window in windows()[-30:]:
        watch, _ = own_watch.judge(watch, window)
    assert watch.timed
    assert abs(watch.state.at_ms - right.state.at_ms) <= MINUTE_MS / 2
    assert watch.state.bed.alerts.cold.severity is right.state.bed.alerts.cold.severity
