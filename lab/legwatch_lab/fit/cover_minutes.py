"""The minutes of made nights that the estimate of the cover is fitted to.

Each night is taken in four builds of sensors, and once more with one fault of a sensor laid over
it, drawn by the night's name. A mat has no fault here: others know when it errs. A thermometer that
is not by the legs any more cannot see that the cover is off, so none of its minutes counts as such.
"""

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from legwatch.conditions.cover_features import CoverFeatures, can_be_asked, features
from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch_lab.fit.faulty import laid
from legwatch_lab.fit.features import observed
from legwatch_lab.known_night import known_night
from legwatch_lab.score.cold import LEGS
from legwatch_lab.truth import NightTruth

ODD = (
    *("leg_drift_down", "leg_wet", "leg_warmed", "leg_steps05", "leg_noise05", "leg_bottle"),
    *("mov_weak", "mov_third", "mov_partner", "mov_pet", "mov_bounce", "mov_noisy"),
    *("lost50", "window_open", "heating_off", "leg_blanket"),
)
BUILDS = ("leg + movement", "+ room", "+ mat", "+ mat, no movement")
MAT = 2


class Minute(NamedTuple):
    """One minute of a night; `row`: its place among the features, None where nothing falls."""

    at_ms: int
    moved_s: float
    row: int | None
    off: bool  # somebody's legs are bare, or nobody lies there
    bare: bool
    counts: bool  # False: a foot alone is bare, which the sensor cannot see
    gone: bool  # the thermometer is not by the legs


class CoverNight(NamedTuple):
    """One night in one build: its minutes that can be judged, and the features of its falls."""

    truth: NightTruth
    build: int
    minutes: tuple[Minute, ...]
    features: "array[float]"  # CoverFeatures, one after the other
    faulty: bool = False


def night(path: Path, rules: Rules) -> tuple[CoverNight, ...] | None:
    """Read a night by its truth file; None if it has a faulty sensor or an old truth file."""
    known = known_night(path)
    if known is None or known[0].faults:
        return None
    truth, windows = known
    clean = (_of(truth, ws, n, rules) for n, ws in enumerate(builds(windows)))
    return (*clean, *_faulty(path, truth, rules))


def builds(windows: Sequence[Window]) -> tuple[Sequence[Window], ...]:
    """Return the windows of a night in all builds."""
    alone = [w._replace(in_bed=None, room_c=None, room_rh=None) for w in windows]
    unmoved = [w._replace(moves=None, moved_s=None, active_s=None) for w in windows]
    return alone, [w._replace(in_bed=None) for w in windows], windows, unmoved


def _faulty(path: Path, truth: NightTruth, rules: Rules) -> Iterator[CoverNight]:
    found = laid(path, truth, ODD)
    if found is None:
        return
    for n, build in enumerate(builds(found.windows)):
        if n > MAT:
            continue  # without movement it is nearly the night as it was
        one = _of(found.truth, build, n, rules, found.gone_ms)
        yield one._replace(faulty=True)


def _of(
    truth: NightTruth,
    windows: Sequence[Window],
    build: int,
    rules: Rules,
    gone: tuple[int, int] | None = None,
) -> CoverNight:
    rows = array("f")
    minutes = []
    for seen in observed(windows, rules):
        if not can_be_asked(seen):
            continue
        found = features(seen)
        if found is not None:
            rows.extend(found)
        row = None if found is None else len(rows) // len(CoverFeatures._fields) - 1
        judged = _judged(truth, seen.at_ms, gone)
        moved_s = seen.movement.total if seen.movement_known else 0.0
        minutes.append(judged._replace(moved_s=moved_s, row=row))
    return CoverNight(truth, build, tuple(minutes), rows)


def _judged(truth: NightTruth, at_ms: int, gone: tuple[int, int] | None) -> Minute:
    there = truth.stay(at_ms) is not None
    open_now = [u for u in truth.uncovered if u.from_ms <= at_ms < u.to_ms] if there else []
    legs = any(u.what in LEGS for u in open_now)
    out = gone is not None and gone[0] <= at_ms < gone[1]
    bare = legs and not out
    return Minute(at_ms, 0.0, None, bare or not there, bare, legs or not open_now, out)
