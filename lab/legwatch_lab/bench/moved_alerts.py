"""Count which cold alerts keep their minute under noise, or with an offset of both thermometers.

    .venv/bin/python lab/legwatch_lab/bench/moved_alerts.py DIR

The program replays made nights without faults, first as they are and then with changed readings:
with noise below or above the resolution of a DHT22, or with one offset on all temperatures. Each
alert is then one of these:

- kept: the changed night has an alert at most two minutes earlier or later.
- overtaken: another alert is firing at that minute in the changed night, because another rule
  fired earlier or because that alert has not ended yet.
- moved: the changed night has an alert within an hour.
- gone: the changed night has none of these.
- new: only the changed night has the alert.

The table separates alerts by the estimate of the cover from alerts by other rules.
Most of the other rules compare with a limit in degrees, so an offset can add and remove their
alerts. The alert in the changed night may come from another rule.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from itertools import product
from pathlib import Path
from typing import NamedTuple

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.engine import replay
from legwatch.errors import LegwatchError
from legwatch.events import AlertKind, Window
from legwatch_lab.bench.markdown import table
from legwatch_lab.known_night import known_night
from legwatch_lab.score.command import positive
from legwatch_lab.score.folder import each, truths
from legwatch_runtime.process import cores
from legwatch_runtime.profiles import rules_for

MINUTE_MS = 60_000
KEPT_MIN, SAME_MIN = 2, 60
RULES = rules_for("standard", {}, UTC)
BY_ESTIMATE = "warmth.change_sure"
FATES = ("kept", "moved", "overtaken", "gone", "new")
HEADS = ("readings", "alerts by", "of", *FATES, "moved by at most")


class ReadingChange(NamedTuple):
    """What is added to every reading of both thermometers."""

    off_c: float = 0.0
    noise_c: float = 0.0  # uniform, up or down by at most this, new for each reading


CHANGES: Mapping[str, ReadingChange] = {
    "noise of up to 0.049 °C": ReadingChange(noise_c=0.049),
    "noise of up to 0.1 °C": ReadingChange(noise_c=0.1),
    "both 0.2 °C more": ReadingChange(0.2),
    "both 0.5 °C more": ReadingChange(0.5),
    "both 1 °C more": ReadingChange(1.0),
    "both 0.5 °C less": ReadingChange(-0.5),
}


class ColdAlert(NamedTuple):
    """A cold alert; `by_estimate`: the estimate of the cover fired it."""

    minute: int
    by_estimate: bool
    end_minute: int | None = None  # None: it fires to the end of the night


class AlertFate(NamedTuple):
    """What happened to an alert with changed readings; `by_min`: 0 if it has no counterpart."""

    what: str
    by_estimate: bool
    by_min: int = 0


def main(argv: Sequence[str] | None = None) -> int:
    """Replay, compare and print the table; return 0, 1 after an error, 130 after Ctrl-C."""
    args = _parser().parse_args(argv)
    try:
        paths = truths([args.nights])[: args.count]
        rows = all_rows(paths, args.jobs)
    except (LegwatchError, OSError) as error:
        print(f"moved_alerts: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; no result was stored", file=sys.stderr)
        return 130
    print(f"{len(paths)} nights of {args.nights}; those with faults do not count\n")
    print("\n".join(table(HEADS, rows)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("nights", type=Path, metavar="DIR", help="a folder of made nights")
    add = parser.add_argument
    add("--count", type=positive, metavar="N", help="the first N nights (default: all)")
    add("--jobs", type=positive, metavar="N", help="nights in parallel (default: one per core)")
    return parser


def all_rows(paths: Sequence[Path], jobs: int | None) -> list[tuple[str, ...]]:
    """Return the rows of the table for these nights, by their truth files."""
    found: dict[str, list[AlertFate]] = {name: [] for name in CHANGES}
    for night in each(_night, paths, jobs or cores()):
        for name, fates in night.items():
            found[name] += fates
    return list(_rows(found))


def _night(path: Path) -> dict[str, list[AlertFate]]:
    """Return the fates of a night's alerts; empty for faults or a truth file of version 1."""
    known = known_night(path)
    if known is None or known[0].faults:  # noise would hide stuck values
        return {}
    truth, windows = known
    here = replace(RULES, zone=truth.zone)
    alerts = colds(replay(windows, here))
    return {
        name: compare(alerts, colds(replay(changed(windows, change, truth.name), here)))
        for name, change in CHANGES.items()
    }


def changed(windows: Iterable[Window], change: ReadingChange, seed: str) -> Iterator[Window]:
    """Yield the windows with changed readings; the same seed gives the same noise."""
    rng = random.Random(seed)

    def changed_c(value: float | None) -> float | None:
        if value is None:
            return None
        return value + change.off_c + rng.uniform(-change.noise_c, change.noise_c)

    for window in windows:
        yield window._replace(leg_c=changed_c(window.leg_c), room_c=changed_c(window.room_c))


def colds(notices: Iterable[Notice]) -> list[ColdAlert]:
    """Return the cold alerts; an episode of severity log counts once it is escalated."""
    found: dict[int | None, ColdAlert] = {}
    for notice in notices:
        if notice.kind is not AlertKind.COLD:
            continue
        minute, known = notice.at_ms // MINUTE_MS, found.get(notice.episode_ms)
        warned = (
            notice.transition in {TransitionKind.FIRED, TransitionKind.ESCALATED}
            and notice.severity is not Severity.LOG
        )
        if known is None and warned:
            by_estimate = notice.rule is None or notice.rule.path == BY_ESTIMATE
            found[notice.episode_ms] = ColdAlert(minute, by_estimate)
        elif known is not None and notice.transition is TransitionKind.RESOLVED:
            found[notice.episode_ms] = known._replace(end_minute=minute)
    return list(found.values())


def compare(alerts: Sequence[ColdAlert], others: Sequence[ColdAlert]) -> list[AlertFate]:
    """Pair the nearest alerts of both nights; return the fate of each, then the new ones."""
    left, unmet = list(others), list(alerts)
    found: list[AlertFate] = []
    for alert, other in sorted(product(alerts, others), key=lambda pair: _apart_min(*pair)):
        by_min = _apart_min(alert, other)
        if by_min <= SAME_MIN and alert in unmet and other in left:
            unmet.remove(alert)
            left.remove(other)
            found.append(AlertFate(_pair_fate(alert, other), alert.by_estimate, by_min))
    for alert in unmet:
        stands = any(_overtaken(alert, other) for other in others)
        found.append(AlertFate("overtaken" if stands else "gone", alert.by_estimate))
    return found + [AlertFate("new", other.by_estimate) for other in left]


def _pair_fate(alert: ColdAlert, other: ColdAlert) -> str:
    if _apart_min(alert, other) <= KEPT_MIN:
        return "kept"
    by_another_rule = alert.by_estimate is not other.by_estimate
    return "overtaken" if by_another_rule and _overtaken(alert, other) else "moved"


def _overtaken(alert: ColdAlert, other: ColdAlert) -> bool:
    ended = other.end_minute is not None and other.end_minute < alert.minute
    return other.minute < alert.minute and not ended


def _apart_min(alert: ColdAlert, other: ColdAlert) -> int:
    return abs(other.minute - alert.minute)


def _rows(fates: Mapping[str, Sequence[AlertFate]]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table, two for each change."""
    for name, change_fates in fates.items():
        for by_estimate, by in ((True, "the estimate"), (False, "other rules")):
            mine = [fate for fate in change_fates if fate.by_estimate is by_estimate]
            count = Counter(fate.what for fate in mine)
            met = (fate.by_min for fate in mine if fate.what in {"kept", "moved"})
            most_min = max(met, default=0)
            of = len(mine) - count["new"]
            yield name, by, str(of), *(str(count[what]) for what in FATES), f"{most_min} min"


if __name__ == "__main__":
    raise SystemExit(main())
