"""Of one sensor people hear at most twice a night with a sound, and once that it is back."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from legwatch.alerting.notice import TransitionKind
from legwatch.alerting.told_sensors import ToldSensors, allows, count, subject, subject_of_end
from legwatch.conditions.verdict import Reason
from legwatch.engine import replay
from legwatch.events import AlertKind
from legwatch.testing import ms, night
from repository import rules

RULES = rules()
NIGHT = ms("2026-01-02T23:00Z")
DAY_MS = 24 * 3_600_000
FIRED, BACK = TransitionKind.FIRED, TransitionKind.RESOLVED


def after(*kinds: TransitionKind, sensor: str = "leg") -> ToldSensors:
    told = ToldSensors()
    for kind in kinds:
        assert allows(told, sensor, kind, NIGHT, RULES), kind
        told = count(told, sensor, kind, NIGHT, RULES)
    return told


def test_a_second_time_is_said_and_a_third_is_not() -> None:
    told = after(FIRED, BACK, FIRED)
    assert not allows(told, "leg", BACK, NIGHT, RULES), "it will come and go"
    assert not allows(told, "leg", FIRED, NIGHT, RULES)


def test_each_sensor_and_each_night_is_counted_by_itself() -> None:
    told = after(FIRED, FIRED)
    assert allows(told, "movement", FIRED, NIGHT, RULES)
    assert not allows(told, "leg", FIRED, NIGHT, RULES)
    assert allows(told, "leg", FIRED, NIGHT + DAY_MS, RULES)


def test_what_a_notice_is_about() -> None:
    assert subject(AlertKind.AGENT, Reason.AGENT_SILENT, ()) == "agent"
    assert subject(AlertKind.SENSOR, Reason.NO_READINGS, (("sensor", "room"),)) == "room"
    assert subject(AlertKind.SENSOR, Reason.MOVEMENT_NOISY, ()) == "movement"
    assert subject(AlertKind.SENSOR, Reason.MAT_MISSING, ()) == "presence"
    assert subject(AlertKind.SENSOR, Reason.STUCK, ()) == "leg"


def test_a_bad_network_all_night_is_three_pushes_at_most() -> None:
    events = night(minutes=700, silent=lambda m: m > 60 and m % 60 < 20)
    said = [
        n for n in replay(events, RULES) if n.kind is AlertKind.AGENT and n.suppressed_by is None
    ]
    assert [n.transition for n in said] == [FIRED, BACK, FIRED]


@pytest.mark.parametrize("again", [95, 110, 140])
def test_what_gives_nothing_again_soon_after_it_was_back_is_told_as_soon_as_at_first(
    again: int,
) -> None:
    events = night(
        minutes=220, leg=lambda m: None if 60 <= m < 75 or m >= again else 31 + m % 3 / 10
    )
    told = [n for n in replay(events, RULES) if n.kind is AlertKind.SENSOR]
    begin_ms = ms("2026-01-02T21:00Z")
    at = [((n.at_ms - begin_ms) // 60_000, n.transition) for n in told]
    assert [kind for _, kind in at] == [FIRED, BACK, FIRED]
    assert 68 <= at[0][0] <= 69
    assert at[1][0] < again + 9 <= at[2][0] + 1 <= again + 10


def test_the_end_is_about_the_thermometer_that_was_told_last() -> None:
    of_room = after(FIRED, sensor="room")
    assert subject_of_end(of_room, Reason.NO_READINGS, NIGHT, RULES) == "room"
    both = count(count(of_room, "room", BACK, NIGHT, RULES), "leg", FIRED, NIGHT, RULES)
    assert subject_of_end(both, Reason.NO_READINGS, NIGHT, RULES) == "leg"
    assert subject_of_end(of_room, Reason.MOVEMENT_SILENT, NIGHT, RULES) == "movement"
    assert subject_of_end(of_room, Reason.NO_READINGS, NIGHT + DAY_MS, RULES) == "leg"


def last_good_c(**night_is: Any) -> Sequence[object]:
    """Return the last good value of the notices on sensors, the first and its end."""
    notices = replay(night(minutes=400, **night_is), RULES)
    told = [n for n in notices if n.kind is AlertKind.SENSOR]
    return [dict(n.figures)["last_good_c"] for n in told][:2]


def test_the_last_good_value_is_that_of_the_sensor_that_a_notice_is_about() -> None:
    def lives(around_c: int) -> Callable[[float], float]:
        return lambda minute: around_c + minute % 3 / 10

    def dies(around_c: int) -> Callable[[float], float | None]:
        return lambda minute: None if 120 <= minute < 145 else around_c + minute % 3 / 10

    for leg, room, around_c in ((lives(31), dies(18), 18), (dies(31), lives(18), 31)):
        assert [int(str(c)[:2]) for c in last_good_c(leg=leg, room=room)] == [around_c] * 2
    assert last_good_c(leg=lives(31), moves=lambda _minute: 0)[:1] == [None]


def test_each_of_two_thermometers_that_failed_is_said_to_be_back() -> None:
    def reads(since: int) -> Callable[[float], float | None]:
        return lambda minute: None if since <= minute < since + 25 else 20.0 + minute % 3 / 10

    leg, room = reads(260), reads(120)
    events = night(minutes=400, leg=lambda m: leg(m) and 31.0 + m % 3 / 10, room=room)
    told = [n for n in replay(events, RULES) if n.kind is AlertKind.SENSOR]
    assert [(n.transition, dict(n.figures).get("sensor"), n.suppressed_by) for n in told] == [
        (FIRED, "room", None),
        (BACK, None, None),
        (FIRED, "leg", None),
        (BACK, None, None),
    ]
