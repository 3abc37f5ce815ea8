"""A state whose wall clock was set: every moment in it moves, and nothing else changes."""

import typing
from collections.abc import Iterator
from typing import Any

import pytest

from legwatch.bedside import Bedside
from legwatch.engine import BedState, advance, start
from legwatch.events import AlertKind, Snooze, Window
from legwatch.moments import NAMES, SPANS, is_moment, moments, moved, shifted
from legwatch.named_tuples import parts_of
from legwatch.night import night_of
from legwatch.testing import drive, night, uncovering
from repository import rules

DAY_MS = 86_400_000
# Every field of a state that has milliseconds. A new one is put here by hand: is it a moment, by
# which others must find it again after a step of the clock, or a span, or a name?
MOMENTS = """all_snoozed_until_ms answered_ms at_ms at_room_air_since_ms back_ms bad_sensor_ms
before_ms begin_ms begun_ms below_ms blind_said_ms caught_up_ms cold_room_ms contrast_ms
displaced_since_ms doubted_ms draught_ms dropped_ms early_sign_ms edge_ms empty_ms
end_ms ended_ms entered_ms exit_or_entry_ms fallen_ms fell_ms fired_ms first_ms from_ms
gone_ms gone_said_ms good_ms good_since_ms heard_ms heard_since_ms hold_until_ms last_ms
last_notified_ms left_ms less_urgent_ms lit_ms lost_ms lost_said_ms low_ms
mat_doubted_ms mat_ms mat_since_ms minute_end_ms most_ms moved_ms mute_said_ms
on_skin_ms onset_ms outlasting_until_ms outside_ms over_ms peak_ms plain_ms rested_ms
rivals_said_ms room_ms same_since_ms settled_ms sign_ms silence_ended_ms since_ms
skin_ms slipped_ms snoozed_until_ms stay_ms stayed_ms still_since_ms stuck_ms to_ms
told_ms turned_ms turning_ms turns_ms unknown_since_ms unread_said_ms unseen_ms
urgent_ms warm_ms warming_ms window_ms""".split()  # noqa: SIM905 - words are read faster


def fields(shape: Any) -> Iterator[str]:
    for name, hint in typing.get_type_hints(shape).items():
        yield name
        for part in parts_of(hint):
            if hasattr(part, "_fields"):
                yield from fields(part)


def test_every_field_with_milliseconds_is_a_moment_a_span_or_a_name() -> None:
    found = {name for shape in (BedState, Bedside) for name in fields(shape) if "_ms" in name}
    assert sorted(name for name in found if is_moment(name)) == MOMENTS
    assert found - set(MOMENTS) == SPANS | NAMES


def numbers(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every number of a state with the name of its field."""
    if hasattr(value, "_fields"):
        for inner, one in zip(value._fields, value, strict=True):
            yield from numbers(one, inner)
    elif isinstance(value, tuple):
        for one in value:
            yield from numbers(one, name)
    else:
        yield name, value


def busy(minutes: int) -> BedState:
    """Return a state in which an alert is firing and snoozed, in the middle of a minute."""
    windows = list(night(minutes=minutes, leg=uncovering((200, 300)), rh=lambda m: 50 + m % 3))
    state, _ = drive(start(), windows[:-2], rules())
    at_ms = windows[-3].to_ms
    state, _ = advance(state, Snooze(at_ms, AlertKind.COLD, at_ms + 600_000), rules())
    assert state.bed.alerts.cold.severity is not None
    assert state.open_windows
    return state


@pytest.mark.parametrize("by_ms", [-DAY_MS, -7_200_000, 60_000, 3_600_000, DAY_MS])
def test_moments_move_and_all_else_stays(by_ms: int) -> None:
    state = busy(220)
    zone = rules().zone
    nights = (night_of(state.at_ms + by_ms, zone) - night_of(state.at_ms, zone)).days
    for (name, was), (_, now) in zip(
        numbers(state), numbers(shifted(state, by_ms, rules())), strict=True
    ):
        moved = by_ms if is_moment(name) else 0
        if name in ("night", "first"):
            moved = nights
        assert now == (was + moved if was and moved else was), name


@pytest.mark.parametrize("by_ms", [-DAY_MS, -3_600_000, 20_000, 7_200_000])
def test_what_was_moved_there_and_back_is_as_before(by_ms: int) -> None:
    state = busy(220)
    assert shifted(shifted(state, by_ms, rules()), -by_ms, rules()) == state


def test_less_than_half_a_minute_moves_nothing_and_a_new_bed_has_no_moments() -> None:
    state = busy(220)
    assert shifted(state, 29_000, rules()) is state
    assert shifted(start(), DAY_MS, rules()) == start()
    assert moved(Bedside(), DAY_MS) == Bedside()


@pytest.mark.parametrize("minute", [30, 205, 222, 250])
@pytest.mark.parametrize("by_ms", [-DAY_MS, 2 * DAY_MS])
def test_the_rest_of_the_night_is_the_same_as_if_the_clock_had_always_been_so(
    minute: int, by_ms: int
) -> None:
    windows = list(night(minutes=420, leg=uncovering((200, 300)), rh=lambda m: 50 + m % 3))
    cut = minute * 6 + 3
    _, right = drive(start(), windows, rules())
    state, before = drive(start(), windows[:cut], rules())
    later = [w._replace(from_ms=w.from_ms + by_ms, to_ms=w.to_ms + by_ms) for w in windows[cut:]]
    _, after = drive(shifted(state, by_ms, rules()), later, rules())
    told = [(n.at_ms, n.kind, n.transition, n.suppressed_by, n.figures) for n in before]
    told += [(n.at_ms - by_ms, n.kind, n.transition, n.suppressed_by, n.figures) for n in after]
    assert told == [(n.at_ms, n.kind, n.transition, n.suppressed_by, n.figures) for n in right]
    assert all(isinstance(window, Window) for window in later)


def test_what_is_known_of_an_agent_moves_but_for_the_name_of_its_report() -> None:
    was = Bedside(gone_ms=5_000_000, reported_ms=6_000_000, lost_said_ms=0)
    now = moved(was, 3_600_500)
    assert now == was._replace(gone_ms=8_600_500)


def test_all_moments_of_a_state_are_found() -> None:
    state = busy(222)
    found = sorted(moments(state))
    assert {state.at_ms, state.minute_end_ms} <= set(found)
    assert sorted(moments(shifted(state, DAY_MS, rules()))) == [ms + DAY_MS for ms in found]
    assert sorted(moments(Bedside(gone_ms=5, reported_ms=6, lost_said_ms=0))) == [5]
