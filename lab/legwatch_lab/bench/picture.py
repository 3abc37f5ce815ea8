"""detection.png: caught uncoverings against false cold alerts, for values of one limit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from legwatch_lab.bench.goals import GOALS
from legwatch_lab.bench.runs import CURVE
from legwatch_lab.bench.tables import Found, point, steps

WIDTH_IN, HEIGHT_IN, DOTS_PER_IN = 10, 6, 110
WORD_DOTS = 130  # the width of the longest label
# Okabe and Ito's colours: they look different to people with any kind of colour vision.
SIMPLE = "#555555"
EVEN_BELOW = 0.01  # false alerts a night: the axis is linear below and logarithmic above


class CurveStyle(NamedTuple):
    """The style of one curve; the wider curve lies below, so that equal curves both show."""

    label: str
    colour: str
    marker: str
    size: float
    above: float  # height of the labels above the points, in dots


class Point(NamedTuple):
    """The results of one value of the limit."""

    value: float
    false: float
    caught: float


LOOKS = {
    "mat": CurveStyle("with a mat", "#0072B2", "o", 9, 9),
    "no_mat": CurveStyle("without a mat", "#D55E00", "s", 4, -17),
}


def draw(path: Path, found: Found) -> None:
    """Write the picture; raises OSError."""
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DOTS_PER_IN)
    FigureCanvasAgg(figure)
    axes: Axes = figure.subplots()
    for look, line in LOOKS.items():
        _goal(axes, look, line.colour)
        _curve(axes, found, look, line)
    _simple(axes, found)
    _frame(axes, found)
    figure.suptitle(
        f"Uncoverings caught against false cold alerts, {found.sample.nights:,} made nights, "
        f"seed {found.seed}",
        x=0.08,
        ha="left",
        fontsize=11,
    )
    figure.subplots_adjust(left=0.08, right=0.975, top=0.92, bottom=0.12)
    figure.savefig(path, format="png", dpi=DOTS_PER_IN)


def _curve(axes: Axes, found: Found, look: str, line: CurveStyle) -> None:
    points = list(_points(found, look))
    if not points:
        return
    x, y = [at.false for at in points], [at.caught for at in points]
    label = f"legwatch {line.label}"
    form: dict[str, Any] = {
        "color": line.colour,
        "ms": line.size,
        "lw": line.size / 3,
        "label": label,
    }
    axes.plot(x, y, f"-{line.marker}", clip_on=False, **form)
    standard = next((at for at in points if at.value == found.limits[CURVE]), None)
    for at in (points[0], points[-1]):
        if standard is None or _apart(axes, at, standard):
            _label(axes, at, f"{at.value:g}", line)
    if standard:
        ring: dict[str, Any] = {"ms": 16, "mfc": "none", "mec": line.colour, "mew": 1.5}
        axes.plot([standard.false], [standard.caught], "o", clip_on=False, **ring)
        _label(axes, standard, f"standard, {standard.value:g}", line, weight="bold")


def _apart(axes: Axes, one: Point, other: Point) -> bool:
    """Return True if labels at these points do not overlap."""
    dots = axes.transData.transform([(at.false, at.caught) for at in (one, other)])
    across, up = abs(dots[0] - dots[1])
    return bool(across > WORD_DOTS or up > WORD_DOTS / 6)


def _label(axes: Axes, at: Point, text: str, line: CurveStyle, weight: str = "normal") -> None:
    axes.annotate(
        text,
        (at.false, at.caught),
        (9, line.above),
        textcoords="offset points",
        color=line.colour,
        fontsize=9,
        weight=weight,
    )


def _points(found: Found, look: str) -> Iterator[Point]:
    for name, _ in steps(found):
        false = point(found, look, name, "false_cold")["value"]
        caught = point(found, look, name, "caught")["value"]
        if name != "simple" and false is not None and caught is not None:
            yield Point(float(name) if name else found.limits[CURVE], false, caught)


def _goal(axes: Axes, look: str, colour: str) -> None:
    """Draw the area that reaches both goals."""
    least = next(g.least for g in GOALS if (g.look, g.key) == (look, "caught"))
    most = next(g.most for g in GOALS if (g.look, g.key) == (look, "false_cold"))
    assert least is not None
    assert most is not None
    axes.plot([0, most, most], [least, least, 100], "--", color=colour, lw=1, alpha=0.6)
    axes.fill_between([0, most], least, 100, color=colour, alpha=0.06, lw=0)


def _simple(axes: Axes, found: Found) -> None:
    caught = point(found, "mat", "simple", "caught")["value"]
    false = point(found, "mat", "simple", "false_cold")["value"]
    if caught is not None and false is not None:
        axes.plot([false], [caught], "X", color=SIMPLE, ms=10, label="simple automation")


def _frame(axes: Axes, found: Found) -> None:
    figures = [f for curve in found.curves.values() for f in curve["values"].values()]
    false = [f["false_cold"]["value"] or 0.0 for f in figures]
    caught = [v for f in figures if (v := f["caught"]["value"]) is not None]
    axes.set_xscale("symlog", linthresh=EVEN_BELOW)
    axes.set_xlim(0, max(0.05, *false) * 1.6)
    axes.set_ylim(min([85.0, *caught]) - 2, 101.5)
    ticks = [
        t for t in (0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if t <= max(false) * 1.6
    ]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, prune="upper"))
    axes.grid(color="#dddddd", lw=0.6)
    axes.set_xlabel("false cold alerts a night (by tens above 0.01)")
    axes.set_ylabel("uncoverings of 30 min or longer caught, %")
    if axes.get_legend_handles_labels()[0]:  # few nights may give nothing to draw
        axes.legend(loc="lower right", frameon=True, fontsize=9, title="dashed: the goals")
