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
    "dead_nights": "dead or stuck: reported in 10 min",
}
OTHERS = (
    ("sound", "uncovered legs: delay to the first sound, median"),
    ("feet", "feet alone uncovered: caught (the sensor is at the calf)"),
    ("crossings", "falls of leg skin below 28 °C reported within 60 min"),
    ("false_still", "false still alerts, all sleepers"),
    ("displaced", "leg sensor out of the bed: reported"),
    ("agent", "agent silent for 30 min or longer: reported"),
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
    "faults reported",
)
SIGNS = ("signs", "sign_hits", "sign_misses", "sign_lead")
Table = Callable[["Found"], Iterator[str]]


class Found(NamedTuple):
    """The data of the page."""

    seed: int
    reports: Mapping[str, Mapping[str, Any]]  # of `legwatch score`, by the name of the look
    curves: Mapping[str, Mapping[str, Any]]
    sample: NightsSample
    limits: Mapping[str, float]  # of the standard profile
    sources: str = ""  # digests of the sources of the figures
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
        '"Reached" compares the unrounded figure, without its interval, with the goal. Fault '
        "nights have an empty bed, a dead, stuck or displaced sensor, or a silent agent. A fault "
        "causes a body alert (cold or still) if the alert is false, or if it uses a sensor that "
        "is faulty at that time. A fault is reported if a sensor or agent alert is firing during "
        "it."
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
    """Yield the table of figures without a goal."""
    yield "## Other figures"
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
    """Yield the table of the same nights with other sensors."""
    yield "## The same nights with other sensors"
    yield ""
    yield (
        "Each row changes one thing; bodies and nights stay the same. The 1 °C more or less adds "
        "to the random offset of the leg sensor."
    )
    yield ""
    yield from table(("sensors", *HEADS.values()), _looks(found))


def _looks(found: Found) -> Iterator[Sequence[str]]:
    for name, look in LOOKS.items():
        measures = [measure(found.reports[name], key) for key in SIDE]
        yield look.label, *(_row(mine, unit) for mine, _, unit in measures)
    measures = [measure(found.reports["mat"], key) for key in SIDE]
    yield (
        "simple automation, sensors unchanged",
        *(_row(simple, unit) for _, simple, unit in measures),
    )


def _row(figure: GoalFigure, unit: str) -> str:
    """Return a figure without "a night"; the head of its column has it."""
    return shown(figure["value"], unit).removesuffix(" a night")


def tradeoff(found: Found) -> Iterator[str]:
    """Yield the table of caught uncoverings against false alerts."""
    yield "## Caught uncoverings against false alerts"
    yield ""
    yield (
        f"`{CURVE}` is the probability from which legwatch decides that a cover is off and not "
        "only lifted. A lower value gives earlier alerts, and more false ones."
    )
    yield ""
    yield f"![Caught uncoverings against false alerts, with a mat and without]({found.picture})"
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
    """Yield each value of the limit: its name in the curve (None: standard) and its cell."""
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
    yield "With a mat: legwatch / simple automation. Rates are alerts a night."
    yield ""
    by_kind = found.reports["mat"]["kinds"]
    yield from table(
        ("kind", "what happens", *COUNTED),
        (_kind(kind, by_kind[kind]) for kind in sorted(by_kind, key=_order)),
    )
    yield ""
    yield (
        '"Counted" are the uncoverings of 30 min or longer that need an alert. "Faults reported" '
        "are faults of 30 min or longer of a leg, room or movement sensor that worked before."
    )


def _order(kind: str) -> int:
    return list(KINDS).index(kind) if kind in KINDS else len(KINDS)


def _kind(kind: str, report: Mapping[str, Any]) -> Sequence[str]:
    def both(key: str, spec: str) -> str:
        found = [figure["value"] for figure in measure(report, key)[:2]]
        if found == [None, None]:
            return ""
        return " / ".join("-" if value is None else format(value, spec) for value in found)

    counted = measure(report, "caught")[0]["of"] or 0
    faults = measure(report, "faults_long")[0]["value"]
    return (
        kind,
        KINDS.get(kind, ""),
        str(report["nights"]),
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
    yield "legwatch stores these before an alert, without a sound."
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
    """Yield the table of alerts under noise and offset."""
    if not found.moved:
        return
    yield "## Noise, and an offset of both thermometers"
    yield ""
    yield (
        "The nights without faults, with a mat, and with every reading changed. Noise of up to "
        "0.049 °C is less than a DHT22 resolves. legwatch rounds readings to that resolution, and "
        "the row checks that such noise has no effect. Noise of up to 0.1 °C changes half of the "
        "last digits by one, as noise before the sensor's rounding would. An alert is kept if it "
        "comes at most two minutes earlier or later. It is overtaken if another alert is firing "
        "then, because another rule fired earlier or because that alert has not ended yet. It is "
        "moved if an alert comes within an hour, else gone. Only differences of readings decide "
        "in the estimate of the cover, and an offset does not change these. Most of the other "
        "rules, and most rules that end an alert, use a limit in degrees, so an offset changes "
        "them. "
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
