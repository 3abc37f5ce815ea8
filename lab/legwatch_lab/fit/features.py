"""The minutes of made nights that the odds are fitted to, as the engine sees them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from legwatch.conditions.cold import last_turn_ms
from legwatch.conditions.features import Features, features
from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.observation import Observation, observe, temperatures
from legwatch_lab.known_night import known_night
from legwatch_lab.score.cold import is_truly_cold
from legwatch_lab.truth import NightTruth

MINUTE_MS = 60_000
DEEP_ENOUGH = 0.12  # shallower falls are not decided by the odds, and would only take their trees


class FitMinute(NamedTuple):
    """One minute of a fall."""

    at_ms: int
    features: Features
    bare: bool  # whether an alert would have been right


class FitNight(NamedTuple):
    """A night's falls, and what should have been told of it."""

    truth: NightTruth
    minutes: tuple[FitMinute, ...]


def night(path: Path, rules: Rules) -> FitNight | None:
    """Return a night by its truth file; None for a truth of version 1."""
    known = known_night(path)
    if known is None:
        return None
    truth, windows = known
    here = replace(rules, zone=truth.zone)
    found = [
        FitMinute(at_ms, signs, is_truly_cold(truth, at_ms))
        for at_ms, signs in _falls(windows, here)
    ]
    return FitNight(truth, tuple(found))


def _falls(windows: Sequence[Window], rules: Rules) -> Iterator[tuple[int, Features]]:
    """Yield the minutes in which the contrast is on its way down, without any alert standing."""
    sight = Observation(windows[0].from_ms, windows[0].from_ms) if windows else Observation()
    for at_ms, mine in _minutes(windows):
        sight = observe(sight, mine, at_ms, rules, cold_is_firing=False)
        seen = temperatures(sight)
        if sight.occupancy.in_bed is not True or at_ms < sight.occupancy.settled_ms:
            continue
        if seen.room_c is None or seen.room_c >= rules.warmth.warm_room_c:
            continue
        turned_ms = last_turn_ms(sight.cold, sight.movement, at_ms, rules)
        warm = sight.cold
        signs = features(warm.fall, warm.contrast.baseline, turned_ms, at_ms)
        if signs is not None and signs.fallen >= DEEP_ENOUGH:
            yield at_ms, signs


def _minutes(windows: Sequence[Window]) -> Iterator[tuple[int, list[Window]]]:
    """Yield the windows of each minute with its end, UTC ms."""
    at_ms, mine = 0, list[Window]()
    for window in windows:
        end_ms = -(-window.to_ms // MINUTE_MS) * MINUTE_MS
        while at_ms and end_ms > at_ms:
            yield at_ms, mine
            at_ms, mine = at_ms + MINUTE_MS, []
        at_ms = end_ms
        mine.append(window)
    if at_ms:
        yield at_ms, mine
