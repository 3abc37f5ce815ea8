"""The report as text: all measures of both sides, then a row for each kind of night."""

from collections.abc import Iterator, Mapping, Sequence

from legwatch_lab.score.interval import Estimate, quantile
from legwatch_lab.score.measure import MEASURES, Measure, of, total
from legwatch_lab.score.night import BODY, ScoredNight

HEAD = "{label:<47}{unit:<8}{mine:>8} {mine_in:<16}{theirs:>8} {theirs_in:<15}{of:>6}"
ROW = (
    "{kind:<18}{nights:>6}{eligible:>9}{caught:>14}{delay:>11}"
    "{false:>12}{still:>12}{body:>13}{health:>9}"
)


def headline(
    found: Mapping[tuple[str, str], Estimate], mine: str = "legwatch", theirs: str = "simple"
) -> Iterator[str]:
    """Yield the lines of all measures, the rules and the simple automation side by side."""
    yield HEAD.format(
        label="", unit="", mine=mine, mine_in="(95 %)", theirs=theirs, theirs_in="(95 %)", of="of"
    )
    for name, group in MEASURES:
        if name == "Early signs" and not found["signs", mine].value:
            continue  # these rules give no early signs
        yield name
        for measure in group:
            yield _line(measure, found[measure.key, mine], found[measure.key, theirs])


def _line(measure: Measure, mine: Estimate, theirs: Estimate) -> str:
    counted = mine.of if measure.unit != "a night" else 0.0
    return HEAD.format(
        label=f"  {measure.label}",
        unit=measure.unit,
        mine=_value(mine.value, measure.unit),
        mine_in=_between(mine, measure.unit),
        theirs=_value(theirs.value, measure.unit),
        theirs_in=_between(theirs, measure.unit),
        of=f"{counted:.0f}" if counted else "",
    ).rstrip()


def _value(value: float | None, unit: str) -> str:
    return "-" if value is None else _number(value, unit)


def _between(figure: Estimate, unit: str) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return ""
    return f"({_number(figure.low, unit)} to {_number(figure.high, unit)})"


def _number(value: float, unit: str) -> str:
    return f"{value:.2f}" if unit == "a night" else f"{value:.0f}"


def by_kind(
    nights: Sequence[ScoredNight], mine: str = "legwatch", theirs: str = "simple"
) -> Iterator[str]:
    """Yield a row for each kind of night: the rules / the simple automation."""
    yield f"{mine} / {theirs}"
    yield ROW.format(
        kind="kind",
        nights="nights",
        eligible="eligible",
        caught="caught",
        delay="delay min",
        false="false cold",
        still="still",
        body="body alert",
        health="health",
    )
    kinds = sorted({night.kind for night in nights})
    for kind in [*kinds, ""] if len(kinds) > 1 else kinds:
        yield _kind(kind, [n for n in nights if kind in ("", n.kind)], (mine, theirs))


def _kind(kind: str, nights: Sequence[ScoredNight], sides: tuple[str, str]) -> str:
    def both(key: str, spec: str) -> str:
        return " / ".join(_rate(key, nights, side, spec) for side in sides)

    eligible = sum(len(night.sides[sides[0]].uncoverings) for night in nights)
    health = sum(night.sides[sides[0]].count("sensor", "agent") for night in nights)
    body = [sum(n.sides[side].count(*BODY) > 0 for n in nights) for side in sides]
    return ROW.format(
        kind=kind or "all",
        nights=len(nights),
        eligible=eligible,
        caught=both("caught", "%"),
        delay=" / ".join(_delay(nights, side) for side in sides),
        false=both("false_cold", ".2f"),
        still=both("still", ".2f"),
        body=" / ".join(f"{100 * count / len(nights):.0f}%" for count in body),
        health=f"{health / len(nights):.2f}",
    )


def _rate(key: str, nights: Sequence[ScoredNight], side: str, spec: str) -> str:
    measure = of(key)
    assert not hasattr(measure, "quantile")
    upper, lower = total(measure, nights, side)
    if not lower:
        return "-"
    return f"{100 * upper / lower:.0f}%" if spec == "%" else f"{upper / lower:{spec}}"


def _delay(nights: Sequence[ScoredNight], side: str) -> str:
    delays = [
        b.delay_min for n in nights for b in n.sides[side].uncoverings if b.delay_min is not None
    ]
    middle = quantile(sorted(delays), 0.5)
    return "-" if middle is None else f"{middle:.0f}"
