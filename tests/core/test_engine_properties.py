"""What holds for every night, however strange."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch.engine import advance, due, from_json, replay, start, to_json
from legwatch.events import Ack, Event, Kind, Snooze, Tick, Window
from legwatch.notice import Notice, What
from nightly import TEN_S, ms, rules

BEGIN = ms("2026-01-02T20:00Z")
AIR = st.one_of(st.none(), st.floats(-60, 130, allow_nan=False), st.sampled_from([0.0, 85.0, 31.0]))


@st.composite
def nights(draw: st.DrawFn) -> list[Event]:
    """Blocks of steady air and movement, holes between them, answers in between."""
    events: list[Event] = []
    at, seq = BEGIN, 0
    for _ in range(draw(st.integers(1, 8))):
        at += draw(st.sampled_from([0, 0, 60_000, 400_000, 1_900_000, 50 * 3_600_000]))
        leg, room = draw(AIR), draw(AIR)
        drift = draw(st.floats(-0.02, 0.02))
        every = draw(st.sampled_from([None, 0, 3, 60]))
        mat = draw(st.sampled_from([None, True, False]))
        for i in range(draw(st.integers(1, 500))):
            seq += 1
            moves = None if every is None else int(bool(every) and i % every == 0)
            air = None if leg is None else max(-55.0, min(125.0, leg + drift * i))
            events.append(
                Window(
                    "00000000",
                    seq,
                    at,
                    at + TEN_S,
                    seq,
                    "played",
                    air,
                    None,
                    room,
                    None,
                    moves,
                    mat,
                )
            )
            at += TEN_S
        if draw(st.booleans()):
            kind = draw(st.sampled_from(Kind))
            answer = draw(st.sampled_from(["ack", "snooze"]))
            events.append(Ack(at, kind) if answer == "ack" else Snooze(at, kind, at + 60_000 * 30))
    return events


@settings(max_examples=25, deadline=None)
@given(nights())
def test_the_same_night_twice_gives_the_same(events: list[Event]) -> None:
    assert list(replay(events, rules())) == list(replay(events, rules()))


@settings(max_examples=25, deadline=None)
@given(nights(), st.lists(st.integers(0, 20 * 3_600_000), max_size=60))
def test_looking_at_the_clock_changes_nothing(events: list[Event], looks: list[int]) -> None:
    ticks = [Tick(BEGIN + look) for look in looks if BEGIN + look < events[-1].at_ms]
    both = sorted([*events, *ticks], key=lambda e: e.at_ms)
    assert list(replay(both, rules())) == list(replay(events, rules()))


@settings(max_examples=25, deadline=None)
@given(nights(), st.data())
def test_stopping_and_restoring_changes_nothing(events: list[Event], data: st.DataObject) -> None:
    stops = set(data.draw(st.lists(st.integers(0, len(events) - 1), max_size=8)))
    state, said = start(), list[Notice]()
    for i, event in enumerate(events):
        if i in stops:
            state = from_json(to_json(state))
        state, notices = advance(state, event, rules())
        said += notices
    assert said == list(replay(events, rules()))


@settings(max_examples=25, deadline=None)
@given(nights())
def test_an_alert_lives_in_order(events: list[Event]) -> None:
    firing: dict[Kind, bool] = {}
    said = list(replay(events, rules()))
    for notice in said:
        on = firing.get(notice.kind, False)
        if notice.what is What.FIRED:
            assert not on
            firing[notice.kind] = True
        elif notice.what is What.RESOLVED:
            assert on
            firing[notice.kind] = False
        elif notice.what is not What.SNOOZED:
            assert on
    assert all(a.at_ms <= b.at_ms for a, b in pairwise(said))


@settings(max_examples=25, deadline=None)
@given(nights(), st.integers(0, 25_000))
def test_a_shell_that_wakes_late_says_what_replay_says(events: list[Event], late: int) -> None:
    """A live shell sleeps until `due`, wakes a little late, and is fed at each event's time."""
    state, said = start(), list[Notice]()
    for event in events:
        while (when := due(state, rules())) is not None and when + late < event.at_ms:
            state, notices = advance(state, Tick(when + late), rules())
            said += notices
        state, notices = advance(state, event, rules())
        said += notices
    assert said == list(replay(events, rules()))


@settings(max_examples=25, deadline=None)
@given(nights())
def test_the_state_stays_small(events: list[Event]) -> None:
    state = start()
    for event in events:
        state, _ = advance(state, event, rules())
    assert len(to_json(state)) < 4096
