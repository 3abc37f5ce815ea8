"""detection.md as text: the goals first, then on what, and what it does not show."""

import inspect
from collections.abc import Iterator, Mapping

from legwatch_lab.bench.markdown import table
from legwatch_lab.bench.sample import Spread
from legwatch_lab.bench.tables import (
    Found,
    goals,
    kinds,
    moved,
    others,
    robustness,
    signs,
    tradeoff,
)
from legwatch_lab.nights.body import bed_air, scenario, skin

# Nothing is fitted to 9002 and later ones; limits were chosen on them.
TUNED = (1, 2, 3, 4, 5, 6, 7, 8, 9001, 9002, 9003, 9004, 9005, 9006)


def page(found: Found) -> str:
    """Return the page."""
    parts = (
        _head(found),
        goals(found),
        others(found),
        _sample(found),
        robustness(found),
        moved(found),
        tradeoff(found),
        kinds(found),
        signs(found),
        _not_shown(),
        [found.notes] if found.notes else [],
    )
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


def _head(found: Found) -> Iterator[str]:
    yield "# How well legwatch tells cold legs"
    yield ""
    yield (
        f"{found.sample.nights:,} made nights were run through legwatch's rules and through a "
        "simple automation, and both were judged by what truly happened in them. The people are "
        "simulated: see [what this page does not show](#what-this-page-does-not-show). Written by"
    )
    yield ""
    yield (
        f"    .venv/bin/python lab/legwatch_lab/bench/detection.py --seed {found.seed} "
        f"--nights {found.sample.nights} --work DIR"
    )
    yield ""
    yield (
        "The simple automation is what somebody would set up in an evening: cold below 28 °C for "
        "10 min, still after 60 min without a movement. Every word is defined by "
        "`legwatch score --help`. Behind each figure stand how many it is of and its 95 % "
        "interval, by bootstrap over nights; where no night differs, by the rule of three."
    )
    yield ""
    yield _seeds(found.seed)
    if found.sources:
        yield ""
        yield f"Digests of the sources: {found.sources}."


def _seeds(seed: int) -> str:
    tuned = (
        f"The odds were fitted to, and limits chosen on, seeds {', '.join(map(str, TUNED))} "
        "(`lab/legwatch_lab/fit/fit_uncovered.py`); "
    )
    if seed in TUNED:
        return f"{tuned}**this page is of seed {seed}, one of them: it proves nothing.**"
    return f"{tuned}this page is of seed {seed}, on which nothing was chosen."


def _sample(found: Found) -> Iterator[str]:
    sample = found.sample
    bare = ", ".join(f"{_words(what)} {count}" for what, count in sorted(sample.bare.items()))
    yield "## What was measured, on what"
    yield ""
    yield (
        f"- **Nights**: {sample.nights} of {len(sample.kinds)} kinds (below), "
        f"{sample.in_bed_h:,.0f} hours in bed, made by `legwatch nights make --model body`."
    )
    yield (
        f"- **People**: {sample.women} nights of women, {sample.nights - sample.women} of men; "
        f"age {_spread(sample.age, 0)} years, {sample.aged_65_to_80} of 65 to 80; "
        f"{_spread(sample.height_m, 2)} m; {_spread(sample.weight_kg, 0)} kg."
    )
    yield (
        f"- **Rooms and covers**: {_spread(sample.room_c, 1)} °C over the night; bedding "
        f"{_counts(sample.bedding)}."
    )
    yield f"- **What lay bare** (spans, short ones and warm rooms too): {bare}."
    yield (
        f"- **Sensors**: the leg sensor lags {_spread(sample.lag_min, 1)} min and is wrong by "
        f"{_spread(sample.offset_c, 2)} °C, a fifth of its readings is lost; movement sensors "
        f"{_counts(sample.movement)}."
    )
    yield "- **Limits**: the standard profile, unchanged. What decides here:"
    yield ""
    yield from table(
        ("limit", "value"), ((f"`{name}`", f"{value:g}") for name, value in found.limits.items())
    )
    yield ""
    yield (
        "Three figures in a row are least, median and most. Ranges and sources of the limits are "
        "in `config/profiles/standard.toml`."
    )


def _not_shown() -> Iterator[str]:
    yield "## What this page does not show"
    yield ""
    yield (
        "- **No people.** Bodies, movements and rooms are drawn; the share of each kind of night "
        "was chosen to try every rule, not counted on people. A rate a night on this page is a "
        "rate of this mixture: somebody who never lies bare sees less, a restless one more."
    )
    yield (
        "- **No real bed.** The air in the bed is a model of legwatch's own, and no real bed was "
        "measured to check it. What the code says of it:"
    )
    for said in (bed_air.__doc__, inspect.getdoc(scenario.Spot)):
        yield from _quoted(said)
    yield "- **Skin** is a body model's. What the code says of it:"
    yield from _quoted(skin.__doc__)
    yield (
        "- **Faults** are clean: a sensor is silent, zero, frozen, blind or out of the bed, from "
        "one moment to another. Real ones come and go. In these nights nothing lies bare: how much "
        "is missed because a sensor has failed is not on this page."
    )
    yield (
        "- **Hearing and waking.** An alert counts when it is decided. Whether the phone rings, "
        "and whether anybody wakes and covers up, is not in these figures; in the nights the "
        "sleeper never answers an alert."
    )


def _quoted(text: str | None) -> Iterator[str]:
    for line in (text or "").strip().splitlines():
        yield f"  > {line}".rstrip()
    yield ""


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{word} {count}" for word, count in sorted(found.items()))


def _spread(found: Spread, decimals: int) -> str:
    return " / ".join(f"{value:.{decimals}f}" for value in found)


def _words(name: str) -> str:
    return name.replace("_", " ")
