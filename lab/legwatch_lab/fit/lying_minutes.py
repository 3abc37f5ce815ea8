"""The minutes of made nights that the classifiers of who lies there are fitted to.

Each night is taken twice: as it is, and with one fault of a sensor laid over it, drawn by the
night's name. A thermometer that is not by the legs any more cannot see that the cover is off, so
none of its minutes counts as such.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from legwatch.conditions.lying_features import LyingFeatures, features
from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch_lab.fit.faulty import laid
from legwatch_lab.fit.features import observed
from legwatch_lab.known_night import known_night
from legwatch_lab.score.cold import LEGS
from legwatch_lab.truth import NightTruth

ODD = ("leg_drift_down", "leg_wet", "leg_warmed", "mov_weak", "mov_third", "mov_partner", "lost50")


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
    faulty: tuple[LyingMinute, ...]  # of both builds, with a fault over the night


def night(path: Path, rules: Rules) -> LyingNight | None:
    """Read a night by its truth file; None if it has a faulty sensor or an old truth file."""
    known = known_night(path)
    if known is None or known[0].faults:
        return None
    truth, windows = known
    builds = (tuple(_minutes(truth, build, rules)) for build in _builds(windows))
    return LyingNight(truth, tuple(builds), tuple(_faulty(path, truth, rules)))


def _builds(windows: Sequence[Window]) -> tuple[list[Window], list[Window]]:
    alone = [w._replace(in_bed=None, room_c=None, room_rh=None) for w in windows]
    return alone, [w._replace(in_bed=None) for w in windows]


def _faulty(path: Path, truth: NightTruth, rules: Rules) -> Iterator[LyingMinute]:
    found = laid(path, truth, ODD)
    if found is None:
        return
    for build in _builds(found.windows):
        for minute in _minutes(found.truth, build, rules):
            out = found.gone_ms is not None and minute.at_ms >= found.gone_ms[0]
            yield minute._replace(bare=False) if out else minute


def _minutes(truth: NightTruth, windows: Sequence[Window], rules: Rules) -> Iterator[LyingMinute]:
    for seen in observed(windows, rules):
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
