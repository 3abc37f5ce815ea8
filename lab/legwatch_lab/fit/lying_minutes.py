"""The minutes of made nights that the classifiers of who lies there are fitted to."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from legwatch.conditions.lying_features import LyingFeatures, features
from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.observation import Observation, Signals, observe
from legwatch_lab.known_night import known_night
from legwatch_lab.truth import NightTruth

MINUTE_MS = 60_000
LEGS = ("both_legs", "one_leg", "all")


class LyingMinute(NamedTuple):
    """One minute of a fall; `bare` and `there` are the truth."""

    at_ms: int
    features: LyingFeatures
    bare: bool
    there: bool


class LyingNight(NamedTuple):
    """A night's truth and the minutes of its falls, by the build: leg alone, and with a room."""

    truth: NightTruth
    builds: tuple[tuple[LyingMinute, ...], ...]


def night(path: Path, rules: Rules) -> LyingNight | None:
    """Read a night by its truth file; None if it has a faulty sensor or an old truth file."""
    known = known_night(path)
    if known is None or known[0].faults:
        return None
    truth, windows = known
    alone = [w._replace(in_bed=None, room_c=None, room_rh=None) for w in windows]
    with_room = [w._replace(in_bed=None) for w in windows]
    return LyingNight(
        truth, tuple(tuple(_minutes(truth, build, rules)) for build in (alone, with_room))
    )


def _minutes(truth: NightTruth, windows: Sequence[Window], rules: Rules) -> Iterator[LyingMinute]:
    for seen in _observed(windows, rules):
        found = features(seen)
        if found is None:
            continue
        at_ms = seen.at_ms
        there = truth.stay(at_ms) is not None
        open_now = [u for u in truth.uncovered if u.from_ms <= at_ms < u.to_ms]
        bare = there and any(u.what in LEGS and u.side != "far" for u in open_now)
        if there and open_now and not bare:
            continue  # a foot alone, or the leg on the other side: the sensor cannot see it
        yield LyingMinute(at_ms, found, bare, there)


def _observed(windows: Sequence[Window], rules: Rules) -> Iterator[Observation]:
    by_minute: dict[int, list[Window]] = defaultdict(list)
    for window in windows:
        by_minute[-(-window.to_ms // MINUTE_MS) * MINUTE_MS].append(window)
    signals = Signals()
    for at_ms in range(min(by_minute), max(by_minute) + MINUTE_MS, MINUTE_MS):
        signals, seen = observe(signals, by_minute.get(at_ms, ()), at_ms, rules)
        yield seen
