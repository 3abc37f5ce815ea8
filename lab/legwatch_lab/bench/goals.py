"""The goals of the project, and whether a figure reaches its goal."""

from collections.abc import Mapping
from typing import Any, NamedTuple

# Rule of three: what never happened in n nights may happen in up to 3 of n (95 %).
NEVER = 3
GoalFigure = Mapping[str, float | None]


class Goal(NamedTuple):
    """One measure, its place in the reports, and its goal; `least` and `most` None: no goal."""

    label: str
    look: str
    key: str
    least: float | None = None  # lowest value that reaches the goal
    most: float | None = None  # highest value that reaches the goal


GOALS = (
    Goal("uncoverings of 30 min or longer caught, with a mat", "mat", "caught", least=95),
    Goal("delay of these, median", "mat", "delay", most=8),
    Goal("delay of these, 90th percentile", "mat", "delay_p90", most=18),
    Goal("false cold alerts, with a mat", "mat", "false_cold", most=0.005),
    Goal("uncoverings of 30 min or longer caught, without a mat", "no_mat", "caught", least=88),
    Goal("false cold alerts, without a mat", "no_mat", "false_cold", most=0.02),
    Goal("still alerts, normal sleepers aged 65 to 80", "mat", "still_normal", most=0.03),
    Goal("fault nights with a body alert that the fault caused", "mat", "fault_nights", most=0),
    Goal("sensor faults of 30 min or longer reported, sensor worked before", "mat", "faults_long"),
    Goal("of these, reported within 10 min", "mat", "faults_long_soon", least=100),
    Goal(
        "nights with a dead or stuck sensor reported within 10 min", "mat", "dead_nights", least=100
    ),
)


def reached(goal: Goal, value: float | None) -> str:
    """Compare the unrounded figure with the goal: yes, no, not measured, or - without a goal."""
    if goal.least is None and goal.most is None:
        return "-"
    if value is None:
        return "not measured"
    low = goal.least is not None and value < goal.least
    high = goal.most is not None and value > goal.most
    return "no" if low or high else "yes"


def wanted(goal: Goal, unit: str) -> str:
    """Return a goal as text."""
    if goal.least is not None:
        return "all" if goal.least == 100 and unit == "%" else f"≥ {goal.least:g} {unit}"
    if goal.most is not None:
        return "none" if goal.most == 0 else f"≤ {goal.most:g} {unit}"
    return "-"


def measured(figure: GoalFigure, unit: str, goal: Goal | None = None) -> str:
    """Return a figure as text, with its denominator and its interval.

    With a goal, the figure has enough decimals to show whether it reaches the goal.
    """
    value = figure["value"]
    if value is None:
        return "-"
    decimals = _decimals(unit)
    while goal and decimals < 9 and reached(goal, round(value, decimals)) != reached(goal, value):
        decimals += 1
    of = f" of {figure['of']:.0f}" if unit == "%" else ""
    return f"{shown(value, unit, decimals)}{of} ({between(figure, unit)})"


def between(figure: GoalFigure, unit: str) -> str:
    """Return a figure's interval; by the rule of three if all nights are alike."""
    value, low, high, of = (figure[key] for key in ("value", "low", "high", "of"))
    assert value is not None
    assert low is not None
    assert high is not None
    if low == high == value and unit != "min" and of:
        share = min(1.0, NEVER / of) * (100 if unit == "%" else 1)
        low, high = (0.0, share) if value == 0 else (max(0.0, value - share), value)
    decimals = _decimals(unit)
    return f"{low:.{decimals}f} to {high:.{decimals}f}"


def shown(value: float | None, unit: str, decimals: int | None = None) -> str:
    """Return a value with its unit; - if there was nothing to measure."""
    if value is None:
        return "-"
    decimals = _decimals(unit) if decimals is None else decimals
    return f"{value:.{decimals}f} {unit}"


def _decimals(unit: str) -> int:
    return 4 if unit == "a night" else 1


def measure(report: Mapping[str, Any], key: str) -> tuple[GoalFigure, GoalFigure, str]:
    """Return a measure of a report: legwatch's figure, the simple automation's, the unit."""
    found = report["measures"][key]
    return found["legwatch"], found["simple"], found["unit"]
