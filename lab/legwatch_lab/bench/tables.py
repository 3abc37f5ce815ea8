"""The tables of detection.md."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from legwatch_lab.bench.goals import (
    GOALS,
    Goal,
    GoalFigure,
    measure,
    measured,
    reached,
    shown,
    wanted,
)
from legwatch_lab.bench.markdown import table
from legwatch_lab.bench.moved_alerts import HEADS as MOVED_HEADS
from legwatch_lab.bench.runs import CURVE, LOOKS
from legwatch_lab.bench.sample import NightsSample
from legwatch_lab.bench.scenario_texts import KINDS

SIDE = ("caught", "delay", "delay_p90", "false_cold", "still_normal", "fault_nights", "dead_nights")
HEADS = {
    "caught": "caught",
    "delay": "delay, median",
    "delay_p90": "delay, P90",
    "false_cold": "false cold a night",
    "still_normal": "still a night, normal sleepers",
    "fault_nights": "fault nights with a body alert",
    "dead_nights": "dead or stuck: told in 10 min",
}
OTHERS = (
    ("sound", "uncovered legs: delay to the first sound, median"),
    ("feet", "feet alone bare: caught (the sensor is at the calf)"),
    ("crossings", "falls of leg skin below 28 °C told within 60 min"),
    ("false_still", "still alerts, false, all sleepers"),
    ("displaced", "leg sensor out of the bed: told"),
    ("agent", "agent silent for 30 min or longer: told"),
    ("false_health", "sensor and agent alerts without a fault"),
    ("wakes", "sounds made"),
    ("quiet", "nights without a sound"),
)
COUNTED = (
    "nights",
    "counted",
    "caught",
    "delay, median",
    "cold",
    "false cold",
    "still",
    "wake-ups",
    "faults told",
)
SIGNS = ("signs", "sign_hits", "sign_misses", "sign_lead")
Table = Callable[["Found"], Iterator[str]]


class Found(NamedTuple):
    """All that the page is written from."""

    seed: int
    reports: Mapping[str, Mapping[str, Any]]  # of `legwatch score`, by the name of their look
    curves: Mapping[str, Mapping[str, Any]]
    sample: NightsSample
    limits: Mapping[str, float]  # of the standard profile
    sources: str = ""  # digests of what the figures follow from
    notes: str = ""
    moved: Sequence[Sequence[str]] = ()  # rows of moved_alerts.py
    picture: str = "detection.png"


def goals(found: Found) -> Iterator[str]:
    """Yield the table of goals."""
    yield "## The goals"
    yield ""
    yield from table(
        ("measure", "simple automation", "goal", "legwatch (95 %)", "reached"),
        (_goal(found, goal) for goal in GOALS),
    )
    yield ""
    yield (
        '"Reached" compares the figure itself, not its interval and not rounded, with the goal. '
        "Fault nights are those with an empty bed, a dead, stuck or displaced sensor, or a silent "
        "agent; a body alert is the fault's when it is false or rests on a sensor that is faulty "
        "then."
    )


def _goal(found: Found, goal: Goal) -> Sequence[str]:
    mine, simple, unit = measure(found.reports[goal.look], goal.key)
    return (
        goal.label,
        shown(simple["value"], unit),
        wanted(goal, unit),
        measured(mine, unit, goal),
        reached(goal, mine["value"]),
    )


def others(found: Found) -> Iterator[str]:
    """Yield the figures that have no goal."""
    yield "## Beside the goals"
    yield ""
    rows = ((label, *measure(found.reports["mat"], key)) for key, label in OTHERS)
    yield from table(
        ("measure, with a mat", "simple automation", "legwatch (95 %)"),
        (
            (label, shown(simple["value"], unit), measured(mine, unit))
            for label, mine, simple, unit in rows
        ),
    )


def robustness(found: Found) -> Iterator[str]:
    """Yield the table of the same nights seen otherwise."""
    yield "## The same nights, seen otherwise"
    yield ""
    yield (
        "One thing is changed in each row; bodies and nights stay the same. Errors of the leg "
        "sensor come on top of those that were drawn."
    )
    yield ""
    yield from table(("sensors", *HEADS.values()), _looks(found))


def _looks(found: Found) -> Iterator[Sequence[str]]:
    for name, look in LOOKS.items():
        told = [measure(found.reports[name], key) for key in SIDE]
        yield look.label, *(_row(mine, unit) for mine, _, unit in told)
    told = [measure(found.reports["mat"], key) for key in SIDE]
    yield "simple automation, as drawn", *(_row(simple, unit) for _, simple, unit in told)


def _row(figure: GoalFigure, unit: str) -> str:
    """Return a figure for a column that names its rate itself."""
    return shown(figure["value"], unit).removesuffix(" a night")


def tradeoff(found: Found) -> Iterator[str]:
    """Yield the table of what is caught against what is false."""
    yield "## What is caught against what is false"
    yield ""
    yield (
        f"`{CURVE}` is how sure it must be that a cover is off and not only lifted: less tells "
        "sooner, and is wrong more often."
    )
    yield ""
    yield f"![What is caught against what is false, with a mat and without]({found.picture})"
    yield ""
    heads = ("caught", "false cold a night", "delay, median")
    yield from table(
        (
            f"`{CURVE.partition('.')[2]}`",
            *(f"{head}, with a mat" for head in heads),
            *(f"{head}, without" for head in heads),
        ),
        ((word, *_points(found, name)) for name, word in steps(found)),
    )


def steps(found: Found) -> Iterator[tuple[str | None, str]]:
    """Yield each value of the limit as the curve names it (None: standard) and its word."""
    standard = found.limits[CURVE]
    names = [name for name in found.curves["mat"]["values"] if name != "simple"]
    others = [(float(name), name) for name in names if float(name) != standard]
    for value, name in sorted([*others, (standard, "")]):
        yield name or None, f"{value:g}" if name else f"**{value:g}** (standard)"
    yield "simple", "simple automation"


def point(found: Found, look: str, name: str | None, key: str) -> GoalFigure:
    """Return one figure of the trade-off; `name` None: at the standard limit."""
    if name is None:
        return measure(found.reports[look], key)[0]
    figure: GoalFigure = found.curves[look]["values"][name][key]
    return figure


def _points(found: Found, name: str | None) -> Iterator[str]:
    for look in ("mat", "no_mat"):
        for key, unit in (("caught", "%"), ("false_cold", "a night"), ("delay", "min")):
            yield _row(point(found, look, name, key), unit)


def kinds(found: Found) -> Iterator[str]:
    """Yield a row for each kind of night."""
    yield "## Each kind of night"
    yield ""
    yield "With a mat; legwatch / simple automation. Rates are alerts a night."
    yield ""
    told = found.reports["mat"]["kinds"]
    yield from table(
        ("kind", "what happens", *COUNTED),
        (_kind(kind, told[kind]) for kind in sorted(told, key=_order)),
    )
    yield ""
    yield (
        '"Counted" are the uncoverings of 30 min or longer that somebody should be told of. '
        "Faults told are those of the leg, room and movement sensor, as far as they were heard "
        "before and are 30 min or longer."
    )


def _order(kind: str) -> int:
    return list(KINDS).index(kind) if kind in KINDS else len(KINDS)


def _kind(kind: str, told: Mapping[str, Any]) -> Sequence[str]:
    def both(key: str, spec: str) -> str:
        found = [figure["value"] for figure in measure(told, key)[:2]]
        if found == [None, None]:
            return ""
        return " / ".join("-" if value is None else format(value, spec) for value in found)

    counted = measure(told, "caught")[0]["of"] or 0
    faults = measure(told, "faults_long")[0]["value"]
    return (
        kind,
        KINDS.get(kind, ""),
        str(told["nights"]),
        f"{counted:.0f}" if counted else "",
        both("caught", ".0f") + (" %" if counted else ""),
        both("delay", ".0f") + (" min" if both("delay", ".0f") else ""),
        both("cold", ".2f"),
        both("false_cold", ".3f"),
        both("still", ".2f"),
        both("wakes", ".1f"),
        "" if faults is None else f"{faults:.0f} %",
    )


def signs(found: Found) -> Iterator[str]:
    """Yield the table of early signs."""
    report = found.reports["mat"]
    if "signs" not in report["measures"] or not measure(report, "signs")[0]["value"]:
        return
    yield "## Early signs"
    yield ""
    yield "Written down before an alert, without a sound."
    yield ""
    yield from table(
        ("measure", "legwatch (95 %)"),
        (
            (report["measures"][key]["label"], measured(mine, unit))
            for key in SIGNS
            for mine, _, unit in (measure(report, key),)
        ),
    )


def moved(found: Found) -> Iterator[str]:
    """Yield the table of alerts that do not keep their minute."""
    if not found.moved:
        return
    yield "## Noise, and what both thermometers are off by"
    yield ""
    yield (
        "The nights without faults as drawn, with a mat, and every reading changed. Noise of up to "
        "0.049 °C is less than a DHT22 resolves, and legwatch takes readings to what that does: "
        "the row checks that nothing is left of it. Noise of up to 0.1 °C sets half of the last "
        "digits one off, as noise before the sensor rounds would. An alert is kept if it comes at "
        "most two minutes earlier or later; overtaken if another one stands then, which another "
        "rule called sooner or which has not ended yet; moved if one comes within an hour; else "
        "gone. A fall of the contrast is measured by differences of readings, which no offset "
        "touches. Of the other rules, and of what ends an alert, most is a limit in degrees, and "
        "so follows an offset. "
        "`lab/legwatch_lab/bench/moved_alerts.py` counts this for any folder of made nights."
    )
    yield ""
    yield from table(MOVED_HEADS, found.moved)


TABLES: Mapping[str, Table] = {
    "goals": goals,
    "robustness": robustness,
    "tradeoff": tradeoff,
    "kinds": kinds,
    "moved": moved,
}
