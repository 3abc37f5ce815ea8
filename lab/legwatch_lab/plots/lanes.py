"""The middle of the plot: one lane for each kind of alert, and two lanes for the truth."""

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch_lab.plots.trace import Trace
from legwatch_lab.truth import NightTruth

DAY_MS = 86_400_000
# Okabe and Ito's colours: they look different to people with any kind of colour vision.
ALERTS = {"cold": "#0072B2", "still": "#CC79A7", "sensor": "#E69F00", "agent": "#000000"}
TRUE, FAULT = "#009E73", "#E69F00"
MARKS = {
    TransitionKind.FIRED: "^",
    TransitionKind.ESCALATED: "D",
    TransitionKind.RENOTIFIED: "o",
    TransitionKind.WARMING: "+",
    TransitionKind.RESOLVED: "v",
}
KEY = "▲ fired  ◆ raised  ● repeated  + warms  ▼ resolved  x seen, or not known;  filled: told"
LANES = {"cold": 5, "still": 4, "sensor": 3, "agent": 2, "uncovered": 1, "fault": 0}
TEXT_MIN = 55  # minutes; a text closer to the previous one would overlap it
Spell = tuple[int, int]  # UTC ms


def days(at_ms: int) -> float:
    """Convert UTC ms to matplotlib's unit: days since 1970."""
    return at_ms / DAY_MS


def lanes(axes: Axes, trace: Trace, truth: NightTruth | None) -> None:
    """Draw the notices, one lane for each kind of alert, and the truth below them."""
    names = [name for name in LANES if truth or LANES[name] >= LANES["agent"]]
    last_ms = trace.minutes[-1].at_ms
    for kind in ALERTS:
        _lane(axes, kind, [n for n in trace.notices if n.kind.value == kind], last_ms)
    if truth:
        _true_lanes(axes, truth)
    labels = [f"{name} (truth)" if LANES[name] < LANES["agent"] else name for name in names]
    axes.set_yticks([LANES[name] for name in names], labels)
    axes.set_ylim(min(LANES[name] for name in names) - 0.6, 5.7)
    axes.grid(visible=True, axis="x", color="#dddddd", lw=0.6)


def _lane(axes: Axes, kind: str, notices: Sequence[Notice], last_ms: int) -> None:
    lane, colour = LANES[kind], ALERTS[kind]
    for begin_ms, end_ms, level in _firing(notices, last_ms):
        alpha = {Severity.LOG: 0.15, Severity.WARNING: 0.4, Severity.URGENT: 0.8}[level]
        _bar(axes, (begin_ms, end_ms), lane, color=colour, alpha=alpha, lw=0)
    written_ms = 0
    for notice in notices:
        mark = MARKS.get(notice.transition, "x")
        face = colour if notice.suppressed_by is None or mark == "x" else "white"
        axes.plot(
            days(notice.at_ms), lane, mark, ms=7, color=colour, markerfacecolor=face, zorder=3
        )
        has_text = notice.transition in (
            TransitionKind.FIRED,
            TransitionKind.ESCALATED,
            TransitionKind.UNKNOWN,
        )
        if has_text and notice.at_ms - written_ms >= TEXT_MIN * 60_000:
            label = f" {notice.reason.value.replace('_', ' ')}"
            if notice.severity is not Severity.WARNING:
                label += f" ({notice.severity.value})"
            axes.text(days(notice.at_ms), lane + 0.42, label, fontsize=8, va="center")
            written_ms = notice.at_ms


def _firing(notices: Sequence[Notice], last_ms: int) -> Iterator[tuple[int, int, Severity]]:
    """Yield (begin, end, severity) of each time in which an alert fired; UTC ms."""
    fired: Notice | None = None
    for notice in notices:
        if notice.transition not in (
            TransitionKind.FIRED,
            TransitionKind.ESCALATED,
            TransitionKind.RESOLVED,
            TransitionKind.UNKNOWN,
        ):
            continue
        if fired:
            yield fired.at_ms, notice.at_ms, fired.severity
        fired = (
            notice
            if notice.transition in (TransitionKind.FIRED, TransitionKind.ESCALATED)
            else None
        )
    if fired:
        yield fired.at_ms, last_ms, fired.severity


def _bar(axes: Axes, spell: Spell, lane: int, **look: Any) -> None:
    begin, end = (days(at_ms) for at_ms in spell)
    axes.fill_between([begin, end], lane - 0.22, lane + 0.22, **look)


def _true_lanes(axes: Axes, truth: NightTruth) -> None:
    for span in truth.uncovered:
        lane = LANES["uncovered"]
        _bar(axes, (span.from_ms, span.to_ms), lane, facecolor="none", edgecolor=TRUE, hatch="////")
        label = f" {span.what} {span.side}".replace("_", " ").rstrip()
        label += f", fan {span.fan_m_s:g} m/s" if span.fan_m_s else ""
        axes.text(days(span.from_ms), lane + 0.42, label, fontsize=8, va="center", clip_on=True)
    for fault in truth.faults:
        lane = LANES["fault"]
        _bar(axes, (fault.from_ms, fault.to_ms), lane, color=FAULT, alpha=0.4, lw=0)
        label = f" {fault.sensor} {fault.what}".replace("_", " ")
        axes.text(days(fault.from_ms), lane, label, fontsize=8, va="center", clip_on=True)
