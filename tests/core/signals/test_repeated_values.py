"""A thermometer that tells the same temperature and humidity for too long is told of."""

from collections.abc import Callable

import pytest

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason, Rule
from legwatch.engine import replay
from legwatch.events import AlertKind
from legwatch.signals.repeated_values import RepeatedPair, is_repeated_pair
from legwatch.testing import ms, night
from repository import rules

BEGIN = ms("2026-01-02T21:00Z")
FROZEN_MIN = 240


def stuck(every_min: int, *, humid: bool = True, lost_min: float = 0) -> Notice | None:
    """Return what is told of a sensor that changes every so often, until it freezes.

    Of the frozen readings the first ones may be lost.
    """

    def value(low: float) -> Callable[[float], float | None]:
        def told(m: float) -> float | None:
            lost = FROZEN_MIN <= m < FROZEN_MIN + lost_min
            return None if lost else low + (min(m, FROZEN_MIN) // every_min) % 5 / 10

        return told

    rh = value(45) if humid else lambda _m: None
    events = night(minutes=FROZEN_MIN + 150, leg=value(31), rh=rh)
    found = [n for n in replay(events, rules()) if n.kind is AlertKind.SENSOR]
    assert [(n.transition, n.reason) for n in found] in ([], [(TransitionKind.FIRED, Reason.STUCK)])
    return found[0] if found else None


def minute(notice: Notice | None) -> int:
    assert notice is not None
    return (notice.at_ms - BEGIN) // 60_000 - FROZEN_MIN


@pytest.mark.parametrize("lost_min", [0, 1, 2])
def test_it_is_told_within_ten_minutes_and_why(lost_min: float) -> None:
    notice = stuck(1, lost_min=lost_min)
    assert 7 <= minute(notice) <= 10
    assert notice is not None
    assert notice.rule == Rule("health.frozen_s", 420)


def test_a_sensor_that_keeps_its_values_for_long_is_given_longer() -> None:
    assert 19 <= minute(stuck(5)) <= 25


def test_without_a_humidity_it_takes_as_long_as_air_beside_a_sleeper_is_never_the_same() -> None:
    notice = stuck(1, humid=False)
    assert 40 <= minute(notice) <= 41
    assert notice is not None
    assert notice.rule is None


def test_a_sensor_of_coarse_steps_is_given_hours() -> None:
    """It truly shows one value for long, and in an empty bed all day."""

    def leg(m: float) -> float:
        return 21.0 if m < 180 else 30.0 if m < 240 and m % 40 < 20 else 30.5

    events = night(minutes=620, leg=leg, mat=lambda m: m >= 180)
    found = [n for n in replay(events, rules()) if n.kind is AlertKind.SENSOR]
    assert [(n.reason, (n.at_ms - BEGIN) // 60_000) for n in found][:1] in (
        [(Reason.STUCK, 460)],
        [(Reason.STUCK, 461)],
    )
    assert found[0].rule == Rule("health.stuck_s", 7200)


def test_a_sensor_heard_for_less_than_an_hour_is_given_the_time_to_show_itself() -> None:
    events = night(minutes=50, leg=lambda m: 31 + min(m, 20) // 1 % 5 / 10, rh=lambda _m: 45.0)
    found = [(n.at_ms - BEGIN) // 60_000 for n in replay(events, rules())]
    assert [20 + 24 <= at <= 20 + 27 for at in found] == [True]


def test_a_sensor_that_hangs_again_and_again_is_not_measured_by_how_long_it_hangs() -> None:
    def held(low: float, bed: float) -> Callable[[float], float]:
        return lambda m: (bed if m >= 160 else low) + m // 40 % 3 * 0.3

    events = night(minutes=480, leg=held(20, 29), rh=held(45, 52), mat=lambda m: m >= 150)
    found = [n for n in replay(events, rules()) if n.kind is AlertKind.SENSOR]
    fired = [n for n in found if n.transition is TransitionKind.FIRED]
    assert {n.reason for n in fired} == {Reason.STUCK}
    assert any(185 <= (n.at_ms - BEGIN) // 60_000 <= 260 for n in fired)


@pytest.mark.parametrize(("celsius", "stuck"), [(29.3, True), (29.0, False)])
def test_whole_degrees_and_percents_may_stay_for_long(celsius: float, stuck: bool) -> None:
    minute_ms = 60_000
    now = RepeatedPair(celsius, 52.0, 0, 39 * minute_ms, 200, 40 * minute_ms, -600 * minute_ms)
    assert is_repeated_pair(now, 420, in_bed=True) is stuck
    assert not is_repeated_pair(now, 420)


def hanging(minutes: float, celsius: Callable[[float], float]) -> list[Notice]:
    """Return what is told of a bed whose sensor has no humidity and hangs so long each time."""

    def leg(m: float) -> float:
        return celsius(m if m < FROZEN_MIN else m - m % minutes)

    def moves(m: float) -> int:
        return 4 if m % 25 < 1 else 0

    events = night(minutes=560, leg=leg, moves=moves, mat=lambda m: m >= 60)
    return list(replay(events, rules()))


def bed(m: float) -> float:
    """Return the air of a bed that warms, and cools from 330 to 390 min as under no cover."""
    if m < 60:
        return 18.0
    bare = min(1.0, max(0.0, (m - 330) / 15)) if m < 390 else max(0.0, 1 - (m - 390) / 15)
    return 30.5 + int(m) % 4 / 10 - 9 * bare


def test_what_it_jumps_to_after_it_has_hung_is_not_believed_until_it_changes_as_air_does() -> None:
    """Else the moment of bare legs that it shows stands for 40 min, and an urgent alert sounds."""
    kinds = {n.kind for n in hanging(40, bed)}
    assert AlertKind.SENSOR in kinds
    assert AlertKind.COLD not in kinds


def test_the_same_fall_in_a_sensor_that_does_not_hang_is_told() -> None:
    kinds = {n.kind for n in hanging(1, bed)}
    assert AlertKind.COLD in kinds
    assert AlertKind.SENSOR not in kinds


def test_one_that_has_hung_is_not_back_before_its_value_changes_soon() -> None:
    """It jumps by little here, which tells nothing; but it has been told of."""

    def stepping(m: float) -> float:
        return bed(m) if m < 300 else 30.5 + m // 45 % 2 / 10

    told = [n for n in hanging(1, stepping) if n.kind is AlertKind.SENSOR]
    assert [n.transition for n in told] == [TransitionKind.FIRED]
