"""Bare legs or a sensor outside: what one minute of a fall says, and how sure it is."""

import json
import math

import pytest

from legwatch import engine
from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions import displaced
from legwatch.conditions.displaced import FallMinute
from legwatch.conditions.displaced_model import DISPLACED
from legwatch.conditions.features import Features, features
from legwatch.conditions.verdict import Severity
from legwatch.events import AlertKind
from legwatch.signals.contrast import ContrastBaseline
from legwatch.signals.contrast_fall import KEPT, Fall
from legwatch.state_codec import from_json, to_json
from legwatch.testing import night, uncovering
from older_states import as_v1
from repository import rules

MINUTE = 60_000
LIMITS = rules().warmth
USUAL = ContrastBaseline(11.5, 12.0)


def falling(*shares: float, before_c: float = 12.0) -> Fall:
    """Return a contrast that lay still and then fell by these shares, one a minute."""
    covered = (before_c,) * (KEPT - len(shares))
    course_c = (*covered, *(round(before_c * (1 - share), 2) for share in shares))
    return Fall(course_c, before_c, shares[-1], 0, max(shares))


def slips(fall: Fall, at_ms: int) -> bool:
    return displaced.may_be_displaced(FallMinute(fall, USUAL, 0, at_ms), 1.0, LIMITS)


def two_lags(air_min: float, sensor_min: float, deep: float, minutes: int) -> list[float]:
    """Return the shares of a fall of bed air that a sensor follows, each with its own lag."""
    a, b = 1 / air_min, 1 / sensor_min
    at = [m + 0.5 for m in range(minutes)]
    return [deep * (1 - (b * math.exp(-a * t) - a * math.exp(-b * t)) / (b - a)) for t in at]


def test_the_signs_are_shares_of_what_the_contrast_was() -> None:
    seen = features(falling(0.05, 0.15, 0.30), USUAL, -MINUTE, 2 * MINUTE)
    assert seen is not None
    assert [round(sign, 2) for sign in seen] == [0.30, 0.25, 0.20, 1.0, 2, 3, 12.0, 0.27, 0.30]


def test_where_no_sensor_can_say_a_fall_began_with_a_turn() -> None:
    seen = features(falling(0.05, 0.15, 0.30), None, None, 2 * MINUTE)
    assert seen is not None
    assert (seen.age_min, seen.turn_min) == (2, 3)


def test_no_turn_lies_in_the_future_of_a_minute_that_is_looked_at_again() -> None:
    seen = features(falling(0.05, 0.15, 0.30), USUAL, 2 * MINUTE, MINUTE)
    assert seen is not None
    assert seen.turn_min == 0


def test_while_nothing_is_usual_yet_a_fall_is_from_what_it_was_before() -> None:
    seen = features(falling(0.05, 0.15, 0.30), None, 0, 2 * MINUTE)
    assert seen is not None
    assert (seen.lower, seen.middle) == (0.30, 0.30)


@pytest.mark.parametrize("short", [Fall(), Fall((12.0, 7.5), 12.0, 0.4, 0, 0.4)])
def test_too_little_is_no_sign(short: Fall) -> None:
    assert features(short, USUAL, 0, MINUTE) is None
    assert not slips(short, MINUTE)


@pytest.mark.parametrize("lag_min", [2.0, 4.0, 8.0])
def test_a_sensor_that_cools_to_the_rooms_air_at_its_own_pace_may_be_outside(
    lag_min: float,
) -> None:
    shares = [0.99 * (1 - math.exp(-(m + 0.5) / lag_min)) for m in range(12)]
    for n in range(4, 13):
        assert slips(falling(*shares[:n]), (n - 1) * MINUTE), n


def test_what_is_likely_outside_but_keeps_above_the_rooms_air_is_in_the_bed_after_all() -> None:
    deep = falling(*(0.85 * (1 - math.exp(-(m + 0.5) / 2)) for m in range(12)))
    waits, ends = (slips(deep, m * MINUTE) for m in (11, 30))
    assert (waits, ends) == (True, False)


def test_a_fall_that_ends_far_above_the_rooms_air_is_no_sensor_outside() -> None:
    shares = two_lags(7, 2, 0.5, 14)
    assert not slips(falling(*shares), 13 * MINUTE)


def test_signs_are_told_apart_by_their_first_letters() -> None:
    letters = {name[0] for name in Features._fields}
    assert len(letters) == len(Features._fields)
    asked = {word[0] for word in DISPLACED.split() if word[0].isalpha()}
    assert asked
    assert asked <= letters


def test_a_minute_as_cool_as_the_room_mutes_nothing_for_long() -> None:
    """Three minutes within 0.7 C of the room are no sensor that was told to be outside."""

    def leg(m: float) -> float:
        fallen = 15.1 + 15.9 * math.exp(-max(0.0, m - 200) / 8)
        near = 14.6 if 230 <= m < 233 else fallen
        return near + 0.05 * math.sin(m)

    turns = night(minutes=330, leg=leg, room=lambda _m: 14.0, moves=lambda m: 6 * (m % 20 < 0.1))
    said = engine.replay(turns, rules())
    told = [(n.kind, n.severity) for n in said if n.transition is not TransitionKind.UNKNOWN]
    assert (AlertKind.COLD, Severity.URGENT) in told


@pytest.mark.parametrize("bare_c", [24.0, 26.0])
@pytest.mark.parametrize("cut_min", [225, 240])
def test_a_state_that_told_the_contrast_otherwise_goes_on(bare_c: float, cut_min: int) -> None:
    """An alert that stands then is over when the legs are warm again, and no sooner."""
    windows = list(
        night(
            minutes=450,
            leg=uncovering((200, 400), uncovered_c=bare_c),
            moves=lambda m: 6 if m % 25 < 0.1 else 0,
        )
    )
    state, said = engine.start(), list[Notice]()
    for n, window in enumerate(windows):
        if n == 6 * cut_min:
            state = from_json(_older(to_json(state)))
            assert state.bed.cold.fall == Fall()
        state, notices = engine.advance(state, window, rules())
        said += notices
    cold = [
        (n.transition, (n.at_ms - said[0].at_ms) // MINUTE)
        for n in said
        if n.kind is AlertKind.COLD
    ]
    assert [at for what, at in cold if what is TransitionKind.FIRED] == [0]
    (over,) = [at for what, at in cold if what is TransitionKind.RESOLVED]
    assert over > 180


def _older(text: str) -> str:
    """Return a state as it was written while the contrast was a share of the way to skin."""
    version, written = as_v1(text)
    warmth = written[0][0][7]
    del warmth[15:]
    warmth[13] = [[0.8, 0.5], 0.8, 0.4, 0, 0.4, True, False]
    return json.dumps([version, written])
