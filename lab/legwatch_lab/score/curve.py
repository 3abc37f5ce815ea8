"""`legwatch score --curve`: the figures for several values of one limit."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from legwatch.errors import SettingsError
from legwatch.limits.profile import parse_override
from legwatch.limits.rules import Rules
from legwatch_lab.score.interval import Estimate, estimates
from legwatch_lab.score.measure import of
from legwatch_lab.score.night import ScoredNight
from legwatch_runtime.profiles import rules_for

MOST = 60
CurveFigures = Mapping[tuple[str, str], Estimate]
KEYS = ("caught", "delay", "false_cold", "cold", "false_still", "fault_nights", "wakes")
HEAD = (
    "{value:>12}  {caught:>18} {delay:>6}  {false_cold:>21} {cold:>7}"
    " {false_still:>12} {fault_nights:>12} {wakes:>9}"
)


def values(word: str) -> tuple[str, list[int | float]]:
    """Read `warmth.warn_c=26:29:0.5` as the key and its values, both ends included."""
    key, _, spread = word.partition("=")
    parts = spread.split(":")
    if len(parts) != 3:
        raise SettingsError("--curve", f"{word!r} is not KEY=FROM:TO:STEP")
    first, last, step = (parse_override(f"{key}={part}")[1] for part in parts)
    if not (step > 0 and first <= last and (last - first) / step < MOST):
        raise SettingsError(
            "--curve", f"{word!r} must have FROM up to TO, a STEP above 0 and at most {MOST} values"
        )
    count = int((last - first) / step + 1e-9) + 1
    # A limit of type int does not accept 600.0.
    found = [round(first + i * step, 6) for i in range(count)]
    return key, [int(value) if value == int(value) else value for value in found]


def along(
    word: str, profile: str, own: Mapping[str, int | float], zone: tzinfo
) -> dict[str, Rules]:
    """Return the rules by value, the value as text; raises SettingsError."""
    key, found = values(word)
    return {f"{value:g}": rules_for(profile, {**own, key: value}, zone) for value in found}


def found(nights: Sequence[ScoredNight], names: Sequence[str]) -> CurveFigures:
    """Return the figures of each value, and of the simple automation."""
    return estimates([of(key) for key in KEYS], nights, [*names, "simple"])


def report(key: str, figures: CurveFigures, names: Sequence[str]) -> dict[str, Any]:
    """Return the figures as JSON, by value."""
    return {
        "curve": key,
        "values": {
            name: {measure: figures[measure, name]._asdict() for measure in KEYS}
            for name in (*names, "simple")
        },
    }


def lines(key: str, found: CurveFigures, names: Sequence[str]) -> Iterator[str]:
    """Yield the head, a row for each value, and one for the simple automation."""
    yield HEAD.format(
        value=key.rpartition(".")[2],
        caught="caught (95 %)",
        delay="delay",
        false_cold="false cold (95 %)",
        cold="cold",
        false_still="false still",
        fault_nights="fault nights",
        wakes="wake-ups",
    )
    for name in (*names, "simple"):
        yield HEAD.format(
            value=name,
            caught=_with(found["caught", name], "{:.0f}", "%"),
            delay=_plain(found["delay", name], "{:.0f}"),
            false_cold=_with(found["false_cold", name], "{:.3f}", ""),
            cold=_plain(found["cold", name], "{:.2f}"),
            false_still=_plain(found["false_still", name], "{:.2f}"),
            fault_nights=_plain(found["fault_nights", name], "{:.0f}%"),
            wakes=_plain(found["wakes", name], "{:.2f}"),
        )


def _plain(figure: Estimate, spec: str) -> str:
    return "-" if figure.value is None else spec.format(figure.value)


def _with(figure: Estimate, spec: str, unit: str) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return "-"
    value, low, high = (spec.format(x) for x in (figure.value, figure.low, figure.high))
    return f"{value}{unit} ({low}-{high})"
