"""The room's thermometer is doubted when it becomes warm as no room does, and only then."""

import math
from collections.abc import Callable

from legwatch.signals.room_warmth import RoomWarmth, update

MINUTE_MS = 60_000


def doubted(course: Callable[[int], float], minutes: int) -> list[int]:
    """Return the minutes in which it is doubted."""
    found, was = [], RoomWarmth()
    for m in range(minutes):
        was = update(was, round(course(m), 1), m * MINUTE_MS, back=False)
        if was.doubted_ms is not None:
            found.append(m)
    return found


def test_a_thermometer_that_comes_into_a_bed_is_doubted_until_it_is_back() -> None:
    def course(m: int) -> float:
        return 18 + (13 * (1 - math.exp(-(m - 100) / 10)) if 100 < m < 300 else 0)

    found = doubted(course, 400)
    assert found[0] < 110
    assert found[-1] <= 300


def test_a_room_that_is_heated_in_the_morning_is_a_room() -> None:
    assert doubted(lambda m: 15 + min(6.0, max(0, m - 60) * 0.1), 300) == []


def test_a_room_that_is_aired_and_warm_again_is_a_room() -> None:
    def course(m: int) -> float:
        cold = 8 * (1 - math.exp(-max(0, m - 60) / 5)) if m < 90 else 8 * math.exp(-(m - 90) / 12)
        return 20 - cold

    assert doubted(course, 240) == []


def test_a_room_that_stays_warm_is_believed_again() -> None:
    found = doubted(lambda m: 18.0 if m < 60 else 23.0, 600)
    assert found
    assert found[-1] < 400


def test_a_hole_changes_nothing() -> None:
    was = update(RoomWarmth(), 18.0, 0, back=False)
    assert update(was, None, MINUTE_MS, back=False) == was


def test_a_thermometer_in_the_sun_is_doubted() -> None:
    """Four degrees more within some minutes, for two hours, is the sun and not the room."""

    def course(m: int) -> float:
        return 18 + (4 * (1 - math.exp(-(m - 60) / 4)) if 60 < m < 180 else 0)

    found = doubted(course, 240)
    assert found[0] <= 70
    assert set(range(found[0], 180)) <= set(found)


def test_a_thermometer_above_a_heater_is_doubted_each_time_it_heats() -> None:
    """What is doubted does not count as the room's warmth when it heats again."""

    def course(m: int) -> float:
        into = m % 60
        return 23 + 6 * (1 - math.exp(-into / 5) if into < 20 else math.exp(-(into - 20) / 10))

    found = doubted(course, 600)
    assert {minute // 60 for minute in found} == set(range(10))
    assert all(hour * 60 + 10 in found for hour in range(1, 10))


def test_after_a_hole_the_room_may_have_any_warmth() -> None:
    was = update(RoomWarmth(), 18.0, 0, back=False)
    assert update(was, 23.0, 600 * MINUTE_MS, back=True).doubted_ms is None
    assert update(was, 23.0, 600 * MINUTE_MS, back=False).doubted_ms is not None
