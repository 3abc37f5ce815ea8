"""Intervals count runs of the body model, and not the nights that share one."""

from dataclasses import replace
from datetime import UTC

from legwatch_lab.score.cold import ColdSkin
from legwatch_lab.score.interval import Estimate, estimates
from legwatch_lab.score.measure import of
from legwatch_lab.score.night import ScoredNight, SystemResult

NOTHING = SystemResult(
    alerts=(),
    uncoverings=(),
    feet=(),
    skin=ColdSkin(0.0, 0.0, 0.0, 0.0, ()),
    faults=(),
    wakes=(),
    signs=(),
    sign_leads_min=(),
)


def night(wakes: int, run: str = "") -> ScoredNight:
    sides = {"legwatch": replace(NOTHING, wakes=tuple(range(wakes)))}
    return ScoredNight("n", "plain", UTC, faulty=False, normal=True, sides=sides, run=run)


def wakes(nights: list[ScoredNight]) -> Estimate:
    return estimates([of("wakes")], nights, ["legwatch"])["wakes", "legwatch"]


def width(figure: Estimate) -> float:
    assert figure.low is not None
    assert figure.high is not None
    return figure.high - figure.low


def test_ten_nights_of_a_run_say_no_more_than_one() -> None:
    counts = (0, 1, 3, 0, 2, 5)
    alone = wakes([night(count) for count in counts])
    shared = wakes([night(count, f"run {i}") for i, count in enumerate(counts) for _ in range(10)])
    assert shared.value == alone.value
    assert (shared.low, shared.high) == (alone.low, alone.high)
    apart = wakes([night(count) for count in counts for _ in range(10)])
    assert width(apart) < width(shared) / 2


def test_nights_of_one_run_have_no_interval() -> None:
    figure = wakes([night(count, "one") for count in (0, 1, 4)])
    assert (figure.low, figure.high) == (figure.value, figure.value)
