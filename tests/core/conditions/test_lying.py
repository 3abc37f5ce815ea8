"""Without a mat, a sleeper whose cover is off is told from a bed that was left."""

import math
from collections.abc import Callable

import pytest

from bare_bed import BED_MIN, OFF_MIN, air, leaves, sleeper
from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.lying_features import LETTERS, LyingFeatures
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import replay
from legwatch.events import AlertKind
from legwatch.testing import ms, night, wobbling
from repository import rules

RULES = rules("standard", zone="UTC", alerts__learn_nights=0)
BEGIN = ms("2026-01-02T20:00Z")


def said(
    moves: Callable[[float], int], minutes: int = 400, *, leg: Callable[[float], float] = air
) -> list[Notice]:
    course = night(
        begin="2026-01-02T20:00Z",
        minutes=minutes,
        leg=leg,
        room=lambda _m: None,
        moves=moves,
        mat=lambda _m: None,
    )
    return [n for n in replay(course, RULES) if n.kind is AlertKind.COLD and _loud(n)]


def _loud(notice: Notice) -> bool:
    loud = notice.suppressed_by is None and notice.severity is not Severity.LOG
    return loud and notice.transition is not TransitionKind.RESOLVED


def test_the_cover_off_is_told_by_a_thermometer_and_a_movement_sensor_alone() -> None:
    first = said(sleeper)[0]
    assert OFF_MIN < (first.at_ms - BEGIN) / 60_000 < OFF_MIN + 30


@pytest.mark.parametrize(
    ("mat", "floor_c", "urgent"), [(None, 24.4, 0), (True, 24.4, 0), (None, 22.0, 1)]
)
def test_what_cools_slowly_is_urgent_only_by_how_cold_it_is(
    mat: bool | None, floor_c: float, urgent: int
) -> None:
    """No cover is off; nobody's rest is worth more than that the legs are told once."""

    def cools(m: float) -> float:
        return (wobbling(max(floor_c, 31.0 - max(0.0, m - 60) * 0.8 / 60))(m)) or 0.0

    course = night(leg=cools, minutes=700, moves=lambda m: int(m % 30 < 0.2), mat=lambda _m: mat)
    told = [n for n in replay(course, RULES) if n.kind is AlertKind.COLD and _loud(n)]
    assert [n.severity for n in told][:1] == [Severity.WARNING]
    raised = [n for n in told if n.transition is TransitionKind.ESCALATED]
    assert [n.reason for n in raised] == [Reason.COOLED] * urgent


def test_a_bed_that_was_left_makes_no_sound() -> None:
    assert said(leaves) == []


def test_who_comes_back_to_a_cold_bed_hears_nothing() -> None:
    def returns(m: float) -> int:
        return leaves(m) if m < OFF_MIN + 45 else sleeper(m - 45 - OFF_MIN + BED_MIN)

    def cools_and_warms(m: float) -> float:
        cold = air(OFF_MIN + 45)
        back = max(0.0, m - OFF_MIN - 45)
        return air(m) if not back else cold + (air(OFF_MIN) - cold) * (1 - math.exp(-back / 15))

    assert said(returns, 480, leg=cools_and_warms) == []


def test_each_feature_has_a_letter_of_its_own() -> None:
    assert len(set(LETTERS)) == len(LETTERS) == len(LyingFeatures._fields)


@pytest.mark.parametrize("m", [OFF_MIN + 5, OFF_MIN + 60])
def test_the_course_of_these_tests_falls(m: float) -> None:
    assert air(m) < air(OFF_MIN) - 2


def slips_and_is_put_back(m: float) -> float:
    """Return the air by a sensor that lies in the room's air for an hour, under no cover."""
    warm = air(min(m, OFF_MIN - 0.1))
    room_c = wobbling(17.5)(m) or 0.0
    away = 1 - math.exp(-max(0.0, m - OFF_MIN) / 4)
    if m > OFF_MIN + 60:
        away *= math.exp(-(m - OFF_MIN - 60) / 4)
    return warm + away * (room_c - warm)


def test_beside_a_mat_a_sensor_that_comes_back_from_the_room_is_nothing_urgent() -> None:
    course = night(
        begin="2026-01-02T20:00Z",
        minutes=460,
        leg=slips_and_is_put_back,
        room=wobbling(17.5),
        moves=sleeper,
        mat=lambda m: m >= BED_MIN,
    )
    found = [n for n in replay(course, RULES) if n.kind is AlertKind.COLD and _loud(n)]
    assert [n for n in found if n.severity is Severity.URGENT] == []
