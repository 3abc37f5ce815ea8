"""The text of detection.md: the goals, the sample, the tables, and what they do not show."""

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

# The classifier is not fitted to 9002 and later seeds; limits were chosen on them.
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
    yield "# How well legwatch detects cold legs"
    yield ""
    yield (
        f"This page compares legwatch's rules with a simple automation on {found.sample.nights:,} "
        "made nights. The true events of each night judge both. The people are simulated: see "
        "[what this page does not show](#what-this-page-does-not-show). This command writes the "
        "page:"
    )
    yield ""
    yield (
        f"    .venv/bin/python lab/legwatch_lab/bench/detection.py --seed {found.seed} "
        f"--nights {found.sample.nights} --work DIR"
    )
    yield ""
    yield (
        "Somebody could set up the simple automation in an evening: cold below 28 °C for 10 min, "
        "still after 60 min without a movement. `legwatch score --help` defines the words of this "
        "page. After each figure come its denominator and its 95 % interval, by bootstrap over "
        "nights, or by the rule of three if all nights are alike."
    )
    yield ""
    yield _seeds(found.seed)
    if found.sources:
        yield ""
        yield f"Digests of the sources: {found.sources}."


def _seeds(seed: int) -> str:
    tuned = (
        f"The classifier was fitted and limits were chosen on seeds {', '.join(map(str, TUNED))} "
        "(`lab/legwatch_lab/fit/fit_displaced.py`). "
    )
    if seed in TUNED:
        return f"{tuned}**This page is of seed {seed}, one of them: it proves nothing.**"
    return f"{tuned}This page is of seed {seed}, on which nothing was chosen."


def _sample(found: Found) -> Iterator[str]:
    sample = found.sample
    bare = ", ".join(f"{_words(what)} {count}" for what, count in sorted(sample.bare.items()))
    yield "## The measured nights"
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
    yield f"- **Uncovered** (times, also short ones and in warm rooms): {bare}."
    yield (
        f"- **Sensors**: the leg sensor has a lag of {_spread(sample.lag_min, 1)} min, an offset "
        f"of {_spread(sample.offset_c, 2)} °C and loses a fifth of its readings; movement sensors "
        f"{_counts(sample.movement)}."
    )
    yield "- **Limits**: the standard profile, unchanged. These matter most here:"
    yield ""
    yield from table(
        ("limit", "value"), ((f"`{name}`", f"{value:g}") for name, value in found.limits.items())
    )
    yield ""
    yield (
        "Three figures with slashes between them are minimum, median and maximum. Ranges and "
        "sources of the limits are in `config/profiles/standard.toml`."
    )


def _not_shown() -> Iterator[str]:
    yield "## What this page does not show"
    yield ""
    yield (
        "- **No people.** Bodies, movements and rooms are random. The share of each kind of night "
        "was chosen to try every rule, not counted on people. A rate a night on this page is the "
        "rate of this mixture: a sleeper who is never uncovered gets fewer alerts, a restless "
        "sleeper more."
    )
    yield (
        "- **No real bed.** legwatch has its own model of the air in the bed, and no real bed was "
        "measured to check it. The code describes the model so:"
    )
    for doc in (bed_air.__doc__, inspect.getdoc(scenario.Spot)):
        yield from _quoted(doc)
    yield "- **Skin** temperatures come from a body model. The code describes it so:"
    yield from _quoted(skin.__doc__)
    yield (
        "- **Faults** are simple: from one moment to another, a sensor is silent, sends zeros, is "
        "stuck or blind, or lies outside the bed. Real faults come and go. In these nights legs "
        "are never uncovered, so this page does not show how many uncoverings a fault hides."
    )
    yield (
        "- **Hearing and waking.** An alert counts when the engine decides it. These figures do "
        "not show whether the phone rings, and whether anybody wakes and pulls the cover up. In "
        "these nights the sleeper never answers an alert."
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
