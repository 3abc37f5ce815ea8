"""A cover that is off is told, and what only looks like it is not: the contrast of bed and room."""

import math
from collections.abc import Callable

import pytest

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import replay
from legwatch.events import AlertKind, NoticeKind
from legwatch.testing import Level as Air
from legwatch.testing import ms, night, uncovering
from repository import rules

BEGIN = ms("2026-01-02T21:00Z")
EMPTY_MIN = 60  # before bedtime: the two thermometers are paired


def minute(notice: Notice) -> int:
    """Return the minute since bedtime."""
    return (notice.at_ms - BEGIN) // 60_000 - EMPTY_MIN


def fired(
    air: Air,
    room: Callable[[float], float] = lambda _m: 18.0,
    *,
    turns_min: int = 25,
    room_off_c: float = 0.0,
) -> list[tuple[int, NoticeKind, Reason]]:
    """Return (minute, kind, reason) of what is told of a night, in minutes since bedtime."""

    def leg(m: float) -> float | None:
        return air(m - EMPTY_MIN) if m >= EMPTY_MIN else room(m - EMPTY_MIN)

    events = night(
        minutes=EMPTY_MIN + 420,
        leg=leg,
        room=lambda m: room(m - EMPTY_MIN) + room_off_c,
        moves=lambda m: 6 if m >= EMPTY_MIN and (m - EMPTY_MIN) % turns_min < 0.1 else 0,
        mat=lambda m: m >= EMPTY_MIN,
    )
    told = [
        n
        for n in replay(events, rules())
        if n.transition is TransitionKind.FIRED and n.severity is not Severity.LOG
    ]
    return [(minute(n), n.kind, n.reason) for n in told]


def test_a_cover_that_is_lifted_for_moments_is_no_alert() -> None:
    assert fired(uncovering((150, 152), (200, 202), (250, 252))) == []


@pytest.mark.parametrize("bare_c", [22, 23, 25])
@pytest.mark.parametrize("off_c", [-1.0, 0.0, 1.0])
def test_a_cover_that_is_off_is_told_within_ten_minutes(bare_c: float, off_c: float) -> None:
    """Also by a thermometer that is off: the empty bed has shown by how much."""
    (at, kind, reason), *more = fired(uncovering((150, 240), uncovered_c=bare_c), room_off_c=off_c)
    assert 153 <= at <= 160
    assert (kind, reason, more) == (AlertKind.COLD, Reason.UNCOVERED, [])


def test_a_fall_nearly_to_the_rooms_air_waits_until_it_is_no_slipped_sensor() -> None:
    ((at, kind, _reason),) = fired(uncovering((150, 240), uncovered_c=20.5, lag_min=4))
    assert 159 <= at <= 165
    assert kind is AlertKind.COLD


def test_a_restless_sleeper_is_given_the_time_to_lower_the_cover_again() -> None:
    calm = fired(uncovering((150, 240), uncovered_c=26))
    tossing = fired(uncovering((150, 240), uncovered_c=26), turns_min=6)
    assert calm[0][0] <= 160
    assert calm[0][0] < tossing[0][0] <= 175


def test_a_bottle_that_cools_slowly_is_no_alert() -> None:
    def air(m: float) -> float:
        warm = 31 - 11 * math.exp(-m / 8)
        return round(warm + 6 * math.exp(-m / 90) * (m > 5) + 0.2 * math.sin(m / 7), 1)

    assert fired(air) == []


def test_a_window_that_is_opened_is_no_uncovering() -> None:
    """The room falls by 5 K within ten minutes, and the air under the cover by the share it has."""

    def room(m: float) -> float:
        return round(20 - 5 * min(1.0, max(0.0, (m - 150) / 10)), 2)

    def air(m: float) -> float:
        lagged = room(m - 6)
        warm = 0.85 * (33 - lagged) + lagged
        return round(warm - 11 * math.exp(-max(m, 0) / 8) + 0.1 * math.sin(m / 7), 1)

    assert fired(air, room) == []


@pytest.mark.parametrize("off_c", [-1.0, 0.0, 1.0])
def test_a_sensor_pushed_out_of_the_bed_is_told_as_that(off_c: float) -> None:
    """It is told a while after it has cooled to the room's air, whatever the two differ by."""
    pushed = uncovering((150, 900), uncovered_c=18.1, lag_min=3)
    (at, kind, reason), *more = fired(pushed, room_off_c=off_c)
    assert 155 <= at <= 170
    assert (kind, reason, more) == (AlertKind.SENSOR, Reason.DISPLACED, [])


def test_a_room_sensor_that_dies_after_the_room_has_cooled_is_no_change() -> None:
    """From then on the room is what it was last, and not what it was in the evening."""

    def room(m: float) -> float:
        return 24.0 - 8.0 * min(1.0, max(0.0, m - 60) / 120)

    def covered(m: float) -> float:
        return room(m) + 0.8 * (33.0 - room(m))

    events = night(
        minutes=EMPTY_MIN + 420,
        leg=lambda m: round(covered(m - EMPTY_MIN) if m >= EMPTY_MIN else 24.0, 1),
        room=lambda m: room(m - EMPTY_MIN) if m - EMPTY_MIN < 230 else None,
        moves=lambda m: 6 if m >= EMPTY_MIN and m % 25 < 0.1 else 0,
        mat=lambda m: m >= EMPTY_MIN,
    )
    told = [n.kind for n in replay(events, rules()) if n.transition is TransitionKind.FIRED]
    assert AlertKind.SENSOR in told
    assert AlertKind.COLD not in told


@pytest.mark.parametrize("upon_c", [33.2, 34.0, 36.0])
@pytest.mark.parametrize("under_c", [28.5, 30.0])
@pytest.mark.parametrize("lag_min", [4, 8, 14])
def test_a_leg_that_lay_upon_the_sensor_all_evening_and_then_moves_away_is_no_alert(
    upon_c: float, under_c: float, lag_min: float
) -> None:
    """Nothing else was usual on this night: under the cover it is cooler than a leg is."""

    def air(m: float) -> float:
        wavers = 0.1 * math.sin(m / 7)
        if m < 150:
            return round(upon_c - 12 * math.exp(-m / 8) + wavers, 1)
        return round(under_c + (upon_c - under_c) * math.exp(-(m - 150) / lag_min) + wavers, 1)

    assert fired(air) == []


def test_a_leg_that_lay_upon_the_sensor_and_then_lies_bare_is_told() -> None:
    def air(m: float) -> float:
        bared = uncovering((150, 400), uncovered_c=23)(m) or 0.0
        return round(bared + 2.5 * math.exp(-max(0.0, m - 150) / 4), 1)

    ((at, kind, _reason),) = fired(air)
    assert kind is AlertKind.COLD
    assert 155 <= at <= 165


@pytest.mark.parametrize("back_min", [140, 200])
def test_a_room_sensor_that_comes_back_late_and_warmer_is_no_fall(back_min: int) -> None:
    def room(m: float) -> float | None:
        if m < -20:
            return 18.0
        return 23.0 if m >= back_min else None

    events = night(
        minutes=EMPTY_MIN + 300,
        leg=lambda m: round(31 - 13 * math.exp(-max(0, m - EMPTY_MIN) / 8), 1) + 0.1 * (m // 5 % 3),
        room=lambda m: room(m - EMPTY_MIN),
        moves=lambda m: 6 if m >= EMPTY_MIN and m % 25 < 0.1 else 0,
        mat=lambda m: m >= EMPTY_MIN,
    )
    told = [n.kind for n in replay(events, rules()) if n.transition is TransitionKind.FIRED]
    assert AlertKind.SENSOR in told
    assert AlertKind.COLD not in told


def test_an_alert_of_air_that_is_still_warm_is_over_only_when_it_stays_so() -> None:
    """From 32.4 to 28.4 C: what was warm before the alert does not end it a minute later."""

    def air(m: float) -> float:
        fell = 4.0 * (1 - math.exp(-max(0.0, m - 150) / 7))
        return round(32.4 - 12 * math.exp(-max(m, 0) / 8) - fell, 1) + 0.1 * (m // 5 % 2)

    events = night(
        minutes=EMPTY_MIN + 300,
        leg=lambda m: air(m - EMPTY_MIN) if m >= EMPTY_MIN else 24.0,
        room=lambda _m: 24.0,
        moves=lambda m: 6 if m >= EMPTY_MIN and m % 25 < 0.1 else 0,
        mat=lambda m: m >= EMPTY_MIN,
    )
    cold = [n for n in replay(events, rules()) if n.kind is AlertKind.COLD]
    begun = next(n for n in cold if n.transition is TransitionKind.FIRED)
    ends = [n.at_ms for n in cold if n.transition is TransitionKind.RESOLVED]
    assert all(at_ms - begun.at_ms >= rules().warmth.clear_hold_s * 1000 for at_ms in ends)
