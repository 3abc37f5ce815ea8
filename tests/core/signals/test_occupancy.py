"""Without a mat an empty bed and a sleeper who lies bare cool alike; movements tell them apart."""

import math

import pytest

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.engine import replay, start
from legwatch.events import BODY_KINDS, AlertKind
from legwatch.testing import Level as Air
from legwatch.testing import drive, ms, night, uncovering
from repository import rules

BEGIN = ms("2026-01-02T21:00Z")
IN_MIN, STAND = 60, 20  # bedtime, and what a sensor counts when somebody gets in or out


def told(
    leg: Air, *stood: int, away: tuple[int, int] = (999, 999), mat: bool = False
) -> list[Notice]:
    """Return the body alerts of a night; a sleeper turns each 25 min when not away."""

    def moves(m: float) -> int:
        if math.floor(m) in (IN_MIN, *stood):
            return STAND // 4 if m % 1 < 0.6 else 0
        asleep = m > IN_MIN and not away[0] <= m < away[1]
        return 6 if asleep and m % 25 < 0.1 else 0

    def in_bed(m: float) -> bool | None:
        return (m >= IN_MIN and not away[0] <= m < away[1]) if mat else None

    events = night(minutes=420, leg=leg, moves=moves, mat=in_bed)
    said = replay(events, rules())
    return [
        n
        for n in said
        if n.kind in BODY_KINDS
        and n.transition is not TransitionKind.RESOLVED
        and n.severity is not Severity.LOG
    ]


def slept(*spans: tuple[float, float], bare_c: float, lag_min: float = 6.0) -> Air:
    """Return the air of an empty bed until bedtime, then that of `bare` (minutes from bedtime)."""
    air = uncovering(*spans, uncovered_c=bare_c, lag_min=lag_min)
    return lambda m: air(m - IN_MIN) if m >= IN_MIN else 18.0


def test_getting_up_is_no_body_alert() -> None:
    empty = slept((150, 900), bare_c=18.5, lag_min=12)
    assert told(empty, IN_MIN + 150, away=(IN_MIN + 150, 999)) == []


def test_an_uncovering_is_told() -> None:
    (first, *_) = told(slept((150, 240), bare_c=23))
    assert (first.kind, first.transition) == (AlertKind.COLD, TransitionKind.FIRED)
    assert 150 < (first.at_ms - BEGIN) // 60_000 - IN_MIN <= 170


def test_a_walk_to_the_bathroom_is_no_alert_with_or_without_a_mat() -> None:
    out, back = IN_MIN + 150, IN_MIN + 160
    leg = slept((150, 160), bare_c=19, lag_min=12)
    for mat in (False, True):
        assert told(leg, out, back, away=(out, back), mat=mat) == []


@pytest.mark.parametrize("mat", [False, True])
def test_who_was_in_bed_when_the_agent_went_off_comes_to_a_new_stay_the_next_evening(
    mat: bool,
) -> None:
    """It is not known when they left: not when the agent came back and saw an empty bed."""
    off, on, back = 300, 1200, 1230

    def moves(m: float) -> int:
        if math.floor(m) in (IN_MIN, back):
            return STAND // 4 if m % 1 < 0.6 else 0
        asleep = IN_MIN < m < off or m > back
        return 6 if asleep and m % 25 < 0.1 else 0

    asleep_air = uncovering()

    def leg(m: float) -> float | None:
        if m >= back:
            return asleep_air(m - back)
        return asleep_air(m - IN_MIN) if IN_MIN <= m < on else 18.0

    windows = night(
        minutes=1290,
        leg=leg,
        moves=moves,
        mat=lambda m: (IN_MIN <= m < off or m >= back) if mat else None,
        silent=lambda m: off <= m < on,
    )
    state, _ = drive(start(), windows, rules())
    occupancy = state.bed.signals.occupancy
    assert occupancy.entered_ms is not None
    assert (occupancy.entered_ms - BEGIN) // 60_000 in (back, back + 1)
    assert occupancy.settled_ms - occupancy.entered_ms == rules().warmth.settle_s * 1000
