"""Score checkouts on both families of made nights, in three builds, and print a page.

    .venv/bin/python lab/legwatch_lab/bench/families.py --seed N --work DIR --tree NAME=DIR

Each checkout replays the nights with its own rules; the truth beside a night and the scorer of this
checkout judge them all. Nights with a faulty sensor are left out.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import NamedTuple

from legwatch.errors import LegwatchError
from legwatch_lab.bench import corpus
from legwatch_lab.bench.corpus import BUILDS, Corpus
from legwatch_lab.bench.markdown import table
from legwatch_lab.bench.trees import Heard, Sound, heard
from legwatch_lab.score import cold, still
from legwatch_lab.score.interval import quantile
from legwatch_lab.truth import NightTruth
from legwatch_runtime.profiles import rules_for

HEAD = (
    "family",
    "build",
    "rules",
    "caught",
    "delay, median / P90 min",
    "to a sound, median / P90 min",
    "false sounds a night",
    "sounds with nobody in bed",
)


PAGE = """# The rules on two families of made nights

Nights of two models that share nothing but the form of their files: `body` (the body model, with
`--wide`) and `lumped` (a network of heat capacities). All begin with three hours of empty bed. Each
checkout replays the same nights with its own rules; the truth beside a night judges them. Such
nights compare rules. They say nothing of people.

- *caught*: uncoverings of 30 min or longer that count, as `legwatch score --help` defines it, and
  an alert was given by its end, with or without a sound.
- *delay*: from the uncovering to the alert, and to its first sound, for those that no alert stood
  before.
- *false sounds*: sounds on cold or stillness that the truth does not bear out, and all sounds on
  sensors, because no sensor is faulty here.
- *sounds with nobody in bed*: all sounds while the bed was empty, in all nights together.
"""


class Row(NamedTuple):
    """One family, build and checkout: sums over the nights, and delays in minutes."""

    nights: int
    caught: int
    uncoverings: int
    delays: tuple[float, ...]
    sound_delays: tuple[float, ...]
    false_sounds: int
    empty_sounds: int


def main(argv: Sequence[str] | None = None) -> int:
    """Print the page; return 0, or 1 with a sentence."""
    args = _parser().parse_args(argv)
    try:
        print("\n".join(_lines(args)))
    except LegwatchError as error:
        print(f"families: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    corpus.add_arguments(parser)
    return parser


def _lines(args: argparse.Namespace) -> Iterator[str]:
    nights = Corpus(args.seed, args.nights, args.work)
    rows, counts = [], []
    for family in corpus.FAMILIES:
        known = nights.known(family)
        for build in BUILDS:
            files = nights.built(family, build, known)
            for name, tree in corpus.trees(args).items():
                said = heard(tree, files)
                row = judged([(truth, said[path.name]) for path, truth in known.items()])
                rows.append((family, build, name, *cells(row)))
        counts.append(f"{len(known)} of {args.nights} nights of `{family}`")
    yield PAGE
    yield f"Seed {args.seed}, nights without a faulty sensor: {', '.join(counts)}."
    yield ""
    yield from table(HEAD, rows)


def judged(nights: Sequence[tuple[NightTruth, Heard]]) -> Row:
    """Judge what one checkout said in the nights of one family."""
    limits = still.by_severity_s(rules_for("standard", {}, UTC))
    outcomes = [
        outcome
        for truth, said in nights
        for outcome in cold.uncovering_outcomes(
            truth, [alert for alert in said.alerts if alert.kind == "cold"]
        )
    ]
    sounds = [(truth, sound) for truth, said in nights for sound in said.sounds]
    return Row(
        nights=len(nights),
        caught=sum(outcome.caught for outcome in outcomes),
        uncoverings=len(outcomes),
        delays=tuple(sorted(o.delay_min for o in outcomes if o.delay_min is not None)),
        sound_delays=tuple(sorted(o.sound_min for o in outcomes if o.sound_min is not None)),
        false_sounds=sum(_is_false(truth, sound, limits) for truth, sound in sounds),
        empty_sounds=sum(truth.stay(sound.at_ms) is None for truth, sound in sounds),
    )


def _is_false(truth: NightTruth, sound: Sound, limits: Mapping[str, int]) -> bool:
    match sound.kind:
        case "cold":
            return not cold.is_truly_cold(truth, sound.at_ms)
        case "still":
            return not still.is_truly_still(truth, sound.at_ms, limits[sound.severity])
        case _:
            return True  # no sensor is faulty in these nights


def cells(row: Row) -> tuple[str, ...]:
    """Return the figures of a row as text."""
    share = f"{100 * row.caught / row.uncoverings:.0f} %" if row.uncoverings else "-"
    return (
        f"{share} ({row.caught} of {row.uncoverings})",
        _pair(row.delays),
        _pair(row.sound_delays),
        f"{row.false_sounds / row.nights:.2f}",
        str(row.empty_sounds),
    )


def _pair(values: Sequence[float]) -> str:
    middle, late = quantile(values, 0.5), quantile(values, 0.9)
    return "-" if middle is None or late is None else f"{middle:.0f} / {late:.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
