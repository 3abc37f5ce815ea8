"""One night as a PNG: temperatures at the top, notices in the middle, movement at the bottom."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from legwatch.limits.rules import Rules
from legwatch.night import local
from legwatch_lab.plots.lanes import KEY, TRUE, Spell, days, lanes
from legwatch_lab.plots.trace import GAP_MS, Trace, TraceMinute
from legwatch_lab.truth import NightTruth

WIDTH_IN, HEIGHT_IN, DOTS_PER_IN = 14, 8, 100  # 1400 x 800
# Okabe and Ito's colours: they look different to people with any kind of colour vision.
LEG, ROOM, BED, GREY = "#D55E00", "#0072B2", "#56B4E9", "#999999"
LEFT, RIGHT = 0.1, 0.985


def draw(path: Path, trace: Trace, rules: Rules, zone: tzinfo, truth: NightTruth | None) -> None:
    """Write the picture of one night; raises OSError."""
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DOTS_PER_IN)
    FigureCanvasAgg(figure)
    axes: Sequence[Axes] = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": (5, 2.2, 1.6)}
    )
    air, alerts, movement = axes
    _air(air, trace, rules, truth)
    lanes(alerts, trace, truth)
    _movement(movement, trace, truth)
    figure.suptitle(_title(path, trace, zone, truth), x=LEFT, ha="left", fontsize=11)
    figure.text(RIGHT, 0.95, KEY, ha="right", fontsize=9, color="#555555")
    movement.set_xlim(days(trace.minutes[0].at_ms), days(trace.minutes[-1].at_ms))
    movement.xaxis.set_major_locator(AutoDateLocator(tz=zone, minticks=6, maxticks=14))  # type: ignore[no-untyped-call]
    movement.xaxis.set_major_formatter(DateFormatter("%H:%M", tz=zone))  # type: ignore[no-untyped-call]
    figure.subplots_adjust(left=LEFT, right=RIGHT, top=0.935, bottom=0.045, hspace=0.06)
    figure.savefig(path, format="png", dpi=DOTS_PER_IN)


def _title(path: Path, trace: Trace, zone: tzinfo, truth: NightTruth | None) -> str:
    begin = local(trace.minutes[0].at_ms, zone)
    name = truth.name if truth else path.stem
    return f"{name}    night of {trace.night:%A %d %B %Y}, local time ({begin:%Z})"


def _air(axes: Axes, trace: Trace, rules: Rules, truth: NightTruth | None) -> None:
    minutes = trace.minutes
    for begin_ms, end_ms in _spells(minutes, lambda m: m.in_bed is True):
        axes.axvspan(days(begin_ms), days(end_ms), color=BED, alpha=0.13, lw=0)
    axes.plot(*_dots(trace.readings), ".", color=LEG, ms=2, alpha=0.25)
    lines: tuple[tuple[str, Callable[[TraceMinute], float | None], dict[str, Any]], ...] = (
        ("air by the legs", lambda m: m.leg_c, {"color": LEG, "lw": 1.6}),
        ("room", lambda m: m.room_c, {"color": ROOM, "lw": 1.4}),
        ("usual by the legs", lambda m: m.usual_c, {"color": "black", "lw": 1, "ls": "--"}),
    )
    for label, value, look in lines:
        if any(value(minute) is not None for minute in minutes):
            axes.plot(*_line(minutes, value), label=label, **look)
    warn_c = rules.warmth.warn_c
    axes.axhline(warn_c, color=GREY, lw=0.8, ls=":", label=f"limit of cold, {warn_c:g} °C")
    handles, _ = axes.get_legend_handles_labels()
    if any(minute.in_bed for minute in minutes):
        handles.append(Patch(color=BED, alpha=0.3, label="in bed, as believed"))
    if truth and truth.uncovered:
        for span in truth.uncovered:
            axes.axvspan(
                days(span.from_ms),
                days(span.to_ms),
                facecolor="none",
                edgecolor=TRUE,
                hatch="//",
                alpha=0.45,
                lw=0.8,
            )
        handles.append(
            Patch(facecolor="none", edgecolor=TRUE, hatch="//", label="uncovered, in truth")
        )
    axes.set_ylim(*_range(trace))
    axes.set_ylabel("°C")
    axes.grid(visible=True, color="#dddddd", lw=0.6)
    axes.legend(handles=handles, loc="upper left", fontsize=9, ncols=3, framealpha=0.85)


def _range(trace: Trace) -> tuple[float, float]:
    """Return (low, high) of the axis in C; readings that the engine rejected do not widen it."""
    believed = [c for m in trace.minutes for c in (m.leg_c, m.room_c, m.usual_c) if c is not None]
    values = believed or [celsius for _, celsius in trace.readings] or [15.0, 35.0]
    return min(values) - 1, max(values) + 3.5


def _movement(axes: Axes, trace: Trace, truth: NightTruth | None) -> None:
    seen = [(m.at_ms, m.moves) for m in trace.minutes if m.moves]
    times, counts = [days(at_ms) for at_ms, _ in seen], [count for _, count in seen]
    axes.vlines(times, 0, counts, color="black", lw=1.1)
    top = max(counts, default=1)
    blind = _spells(trace.minutes, lambda m: m.moves is None)
    for begin_ms, end_ms in blind:
        axes.axvspan(days(begin_ms), days(end_ms), facecolor="#eeeeee", hatch="xx", ec="#cccccc")
    for begin_ms, end_ms in _spells(trace.minutes, lambda m: m.in_bed is True):
        axes.fill_between([days(begin_ms), days(end_ms)], -0.28 * top, -0.08 * top, color=BED, lw=0)
    for begin_ms, end_ms in _spells(trace.minutes, lambda m: m.in_bed is None):
        axes.fill_between(
            [days(begin_ms), days(end_ms)],
            -0.28 * top,
            -0.08 * top,
            facecolor="white",
            edgecolor=GREY,
            hatch="...",
            lw=0.5,
        )
    for span in truth.in_bed if truth else ():
        axes.hlines(-0.34 * top, days(span.from_ms), days(span.to_ms), color=TRUE, lw=2.5)
    axes.set_ylim(-0.42 * top, 1.35 * top)
    axes.set_ylabel("moves / min")
    axes.text(
        0.995,
        0.95,
        "below: in bed as believed (dotted: unknown), green: in truth;  crossed: movement unknown"
        if truth
        else "below: in bed as believed (dotted: unknown);  crossed: movement unknown",
        transform=axes.transAxes,
        ha="right",
        va="top",
        fontsize=8,
        color="#555555",
    )
    axes.axhline(0, color="black", lw=0.6)


def _spells(
    minutes: Sequence[TraceMinute], holds: Callable[[TraceMinute], bool]
) -> Iterator[Spell]:
    """Yield (begin, end) in UTC ms of each run of minutes for which `holds` is true."""
    begin_ms: int | None = None
    for minute, after in pairwise([*minutes, None]):
        assert minute is not None
        if holds(minute) and begin_ms is None:
            begin_ms = minute.at_ms - 60_000
        ends = after is None or not holds(after) or after.at_ms - minute.at_ms > GAP_MS
        if begin_ms is not None and ends:
            yield begin_ms, minute.at_ms
            begin_ms = None


def _line(
    minutes: Sequence[TraceMinute], value: Callable[[TraceMinute], float | None]
) -> tuple[list[float], list[float]]:
    """Return x (days) and y (C) of a line; y is NaN, a gap, where the value is unknown."""
    times: list[float] = []
    values: list[float] = []
    last_ms = 0
    for minute in minutes:
        if minute.at_ms - last_ms > GAP_MS and last_ms:
            times.append(days(last_ms + 1))
            values.append(float("nan"))
        celsius = value(minute)
        times.append(days(minute.at_ms))
        values.append(float("nan") if celsius is None else celsius)
        last_ms = minute.at_ms
    return times, values


def _dots(readings: Iterable[tuple[int, float]]) -> tuple[list[float], list[float]]:
    pairs = list(readings)
    return [days(at_ms) for at_ms, _ in pairs], [celsius for _, celsius in pairs]
