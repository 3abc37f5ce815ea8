"""The first nights of a new bed: the body's alerts are decided and stored, and told nobody."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.test_engine_properties import nights
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.alerting.trial_nights import MOST_NIGHTS, is_over, night_number
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import BedState, advance, replay, start, view
from legwatch.events import Ack, AlertKind, Event, Snooze, Tick, Window
from legwatch.limits.rules import Rules
from legwatch.observation import Signals
from legwatch.state_codec import from_json, to_json
from legwatch.testing import drive, ms, night, uncovering, wobbling
from older_states import as_v1
from repository import rules

DAY_MS = 86_400_000
BEGIN = ms("2026-01-02T21:00Z")
COLD = uncovering(
    (120, 200), uncovered_c=25.4
)  # a warning, and nobody answers it for more than 45 min
FREEZING = uncovering((120, 240), uncovered_c=18.0)
RULES = rules(stillness__joint_s=0)
MINUTE_MS = 60_000


def live(number: int = 0, *, minutes: int = 300, **sleeper: Any) -> Iterator[Window]:
    """Yield live windows, one a minute, of one of the nights that follow each other."""
    sleeper.setdefault("leg", COLD)
    for window in islice(night(minutes=minutes, **sleeper), 0, None, 6):
        later = number * DAY_MS
        yield window._replace(
            clock="synced",
            seq=window.seq + number * 100_000,
            from_ms=window.from_ms + later,
            to_ms=window.to_ms + later,
        )


def after(
    state: BedState, events: Iterable[Event], of: Rules = RULES
) -> tuple[BedState, list[Notice]]:
    return drive(state, events, of)


def learnt(count: int, of: Rules = RULES, **sleeper: Any) -> BedState:
    """Return a bed after so many quiet warm nights."""
    sleeper = {"leg": wobbling(31), "minutes": 200, **sleeper}
    state = start()
    for number in range(count):
        state, _ = after(state, live(number, **sleeper), of)
    return state


def evening(number: int) -> int:
    return BEGIN + number * DAY_MS


def cold(said: Iterable[Notice]) -> list[tuple[TransitionKind, SuppressedBy | None]]:
    return [(n.transition, n.suppressed_by) for n in said if n.kind is AlertKind.COLD]


def test_in_the_first_night_a_warning_is_stored_once_and_nothing_waits_or_escalates() -> None:
    state, said = after(start(), live())
    assert cold(said) == [
        (TransitionKind.FIRED, SuppressedBy.TRIAL),
        (TransitionKind.RESOLVED, SuppressedBy.LOG_ONLY),
    ]
    assert said[0].severity is Severity.WARNING
    assert state.bed.budget.used == 0


def test_what_stands_is_shown_while_it_is_told_nobody() -> None:
    state, _ = after(start(), live(minutes=170))
    seen = view(state)
    assert seen is not None
    assert seen.legs == "cold"
    assert [(alert.kind, alert.severity, alert.judged) for alert in seen.alerts] == [
        (AlertKind.COLD, Severity.WARNING, True)
    ]


def test_the_eighth_night_is_told_as_every_night_after() -> None:
    state = learnt(6)
    state, seventh = after(state, live(6))
    assert {held for what, held in cold(seventh) if what is TransitionKind.FIRED} == {
        SuppressedBy.TRIAL
    }
    assert not is_over(state.bed.trial, RULES)
    state, eighth = after(state, live(7))
    assert is_over(state.bed.trial, RULES)
    _, always = after(start(trial_over=True), live(7))
    assert cold(eighth) == cold(always)
    assert (TransitionKind.RENOTIFIED, None) in cold(eighth)
    assert TransitionKind.ESCALATED in [what for what, _ in cold(eighth)]


def test_a_night_counts_from_three_hours_in_bed_on() -> None:
    for minutes, number in ((175, 1), (185, 2)):
        state = learnt(1, minutes=minutes)
        assert night_number(state.bed.trial, evening(0), RULES) == 1
        assert night_number(state.bed.trial, evening(1), RULES) == number


def test_an_empty_bed_is_not_learned_and_the_quiet_ends_all_the_same() -> None:
    state = learnt(3, mat=lambda _m: False, leg=wobbling(18.2))
    assert night_number(state.bed.trial, evening(3), RULES) == 1
    state, said = after(state, live(MOST_NIGHTS - 1))
    assert cold(said)[0] == (TransitionKind.FIRED, SuppressedBy.TRIAL)
    assert not is_over(state.bed.trial, RULES)
    state, said = after(state, live(MOST_NIGHTS))
    assert cold(said)[0] == (TransitionKind.FIRED, SuppressedBy.HOLD)
    assert is_over(state.bed.trial, RULES)


def test_midnight_begins_no_night_and_noon_does() -> None:
    state = learnt(1)
    assert night_number(state.bed.trial, ms("2026-01-03T10:59Z"), RULES) == 1
    assert night_number(state.bed.trial, ms("2026-01-03T11:00Z"), RULES) == 2  # 12 in Berlin


def test_what_legwatch_cannot_see_is_told_from_the_first_night_on() -> None:
    broken = live(leg=lambda m: None if m > 120 else wobbling(31)(m))
    _, said = after(start(), [*broken, Tick(BEGIN + 330 * MINUTE_MS)])
    assert [(n.kind, n.suppressed_by) for n in said if n.transition is TransitionKind.FIRED] == [
        (AlertKind.SENSOR, None),
        (AlertKind.AGENT, None),
    ]


def test_stillness_is_quiet_too() -> None:
    own = rules(stillness__warn_s=7200, stillness__first_cycle_s=0)
    still = live(leg=wobbling(31), moves=lambda m: 1 if m < 1 else 0, minutes=280)
    _, said = after(start(), still, own)
    assert [
        (n.severity, n.suppressed_by)
        for n in said
        if n.kind is AlertKind.STILL and n.transition is TransitionKind.ESCALATED
    ] == [
        (Severity.WARNING, SuppressedBy.TRIAL),
    ]


@pytest.mark.parametrize(("loud", "held"), [(0, SuppressedBy.TRIAL), (1, None)])
def test_urgent_cold_is_told_only_when_the_owner_wants_it(
    loud: int, held: SuppressedBy | None
) -> None:
    own = rules(stillness__joint_s=0, alerts__learn_urgent=loud)
    _, said = after(start(), live(leg=FREEZING, room=wobbling(16)), own)
    urgent = [n for n in said if n.severity is Severity.URGENT]
    assert [n.reason for n in urgent][:1] != [Reason.NOT_ANSWERED]
    assert [n.suppressed_by for n in urgent if n.transition is TransitionKind.ESCALATED] == [held]
    repeats = [n.suppressed_by for n in urgent if n.transition is TransitionKind.RENOTIFIED]
    assert repeats == ([None] if loud else [])
    warned = [
        n.suppressed_by
        for n in said
        if n.severity is Severity.WARNING and n.transition is TransitionKind.FIRED
    ]
    assert warned == [SuppressedBy.TRIAL]


def test_an_answer_and_a_snooze_are_taken_in_the_first_night() -> None:
    at_ms = BEGIN + 150 * MINUTE_MS
    snoozed = [Snooze(at_ms, AlertKind.COLD, at_ms + 15 * MINUTE_MS)]
    for answers in ([Ack(at_ms)], snoozed):
        events = sorted([*live(), *answers], key=lambda event: event.at_ms)
        _, said = after(start(), events)
        what = TransitionKind.ACKNOWLEDGED if answers is not snoozed else TransitionKind.SNOOZED
        assert cold(said) == [
            (TransitionKind.FIRED, SuppressedBy.TRIAL),
            (what, SuppressedBy.LOG_ONLY),
            (TransitionKind.RESOLVED, SuppressedBy.LOG_ONLY),
        ]


def test_what_stands_when_the_quiet_ends_is_told_and_can_be_answered_first() -> None:
    """The legs are bare from before noon until after it, on the last morning of learning."""
    shift_ms = 10 * 3_600_000
    early = [
        w._replace(from_ms=w.from_ms + shift_ms, to_ms=w.to_ms + shift_ms)
        for w in live(6, leg=uncovering((200, 300), uncovered_c=25.4), minutes=360)
    ]
    _, said = after(learnt(6), early)
    fired, told, raised, *_ = (n for n in said if n.kind is AlertKind.COLD)
    assert (fired.transition, fired.suppressed_by) == (TransitionKind.FIRED, SuppressedBy.TRIAL)
    assert (told.transition, told.suppressed_by) == (TransitionKind.RENOTIFIED, None)
    assert told.at_ms == ms("2026-01-09T11:00Z")
    assert (raised.transition, raised.reason) == (TransitionKind.ESCALATED, Reason.NOT_ANSWERED)
    assert 45 * MINUTE_MS <= raised.at_ms - told.at_ms <= 50 * MINUTE_MS, "once it is sure"


def test_a_restart_within_the_first_nights_changes_nothing() -> None:
    state, said = start(), list[Notice]()
    for number in range(8):
        for i, window in enumerate(live(number)):
            if i % 101 == 0:
                state = from_json(to_json(state))
            state, notices = advance(state, window, RULES)
            said += notices
    held = [
        n.suppressed_by
        for n in said
        if n.kind is AlertKind.COLD and n.transition is TransitionKind.FIRED
    ]
    assert held == [SuppressedBy.TRIAL] * 7 + [SuppressedBy.HOLD]


def test_a_bed_of_before_learning_has_learned() -> None:
    """States that were stored before there was learning have one part less."""
    state, _ = after(start(), live(leg=wobbling(31), minutes=30))
    version, (bed, *rest) = as_v1(to_json(state))
    old = from_json(json.dumps([version, [bed[:4], *rest]]))
    bed = state.bed
    signals = Signals(*old.bed.signals[:9], *bed.signals[9:])
    known = old.bed._replace(trial=bed.trial, found=bed.found, signals=signals, cold=bed.cold)
    known = known._replace(facts=bed.facts)
    assert known == bed
    assert night_number(old.bed.trial, evening(0), RULES) is None
    _, said = after(old, live(1))
    assert cold(said)[0] == (TransitionKind.FIRED, SuppressedBy.HOLD)


def test_a_corrected_clock_does_not_begin_the_learning_again() -> None:
    state = learnt(3)
    back = [
        w._replace(from_ms=w.from_ms - 3_600_000, to_ms=w.to_ms - 3_600_000)
        for w in live(2, minutes=100)
    ]
    state, _ = after(state, back)
    assert night_number(state.bed.trial, evening(3), RULES) == 4


def test_a_recording_never_learns_not_even_in_a_new_live_bed() -> None:
    def played(number: int) -> list[Window]:
        return [window._replace(clock="played") for window in live(number)]

    recorded = list(replay(played(0), RULES))
    assert cold(recorded)[0] == (TransitionKind.FIRED, SuppressedBy.HOLD)
    state, said = after(start(), played(0))
    assert night_number(state.bed.trial, evening(0), RULES) is None
    state, said = after(learnt(2), played(2))
    assert cold(said)[0] == (TransitionKind.FIRED, SuppressedBy.HOLD)
    _, said = after(state, live(3))
    assert cold(said)[0] == (TransitionKind.FIRED, SuppressedBy.TRIAL)


def test_the_owner_ends_the_quiet_at_once_and_for_good() -> None:
    off = rules(stillness__joint_s=0, alerts__learn_nights=0)
    state, said = after(learnt(2), live(2), off)
    assert cold(said)[0] == (TransitionKind.FIRED, SuppressedBy.HOLD)
    _, said = after(state, live(3))
    assert cold(said)[0] == (TransitionKind.FIRED, SuppressedBy.HOLD)


@settings(max_examples=10)
@given(nights())
def test_without_nights_to_learn_live_says_what_a_bed_that_has_learned_says(
    events: list[Event],
) -> None:
    off, on = rules(alerts__learn_nights=0), rules()
    living = [e._replace(clock="synced") if isinstance(e, Window) else e for e in events]
    _, said = after(start(), living, off)
    assert said == after(start(trial_over=True), living, on)[1] == list(replay(events, on))


@settings(max_examples=10)
@given(nights(), st.integers(1, 14))
def test_learning_changes_what_is_told_of_the_body_and_nothing_of_what_is_seen(
    events: list[Event], count: int
) -> None:
    own = rules(alerts__learn_nights=count, warmth__not_answered_s=7200)
    living = [e._replace(clock="synced") if isinstance(e, Window) else e for e in events]
    state, said = after(start(), living, own)
    other, always = after(start(trial_over=True), living, own)
    assert (state.bed.signals, state.bed.cold) == (other.bed.signals, other.bed.cold)
    health = (AlertKind.SENSOR, AlertKind.AGENT)
    assert [n for n in said if n.kind in health] == [n for n in always if n.kind in health]
    fired = [(n.at_ms, n.kind, n.reason) for n in always if n.transition is TransitionKind.FIRED]
    assert [
        (n.at_ms, n.kind, n.reason) for n in said if n.transition is TransitionKind.FIRED
    ] == fired


def test_an_evening_without_the_quiet_gives_the_nights_back() -> None:
    """Somebody tries a real push on the first evening, and takes the setting back."""
    off = rules(stillness__joint_s=0, alerts__learn_nights=0)
    windows = list(live())
    state, _ = after(start(), windows[:100], RULES)
    state, _ = after(state, windows[100:110], off)
    assert night_number(state.bed.trial, state.at_ms, off) is None
    state, _ = after(state, windows[110:], RULES)
    assert night_number(state.bed.trial, state.at_ms, RULES) == 1
