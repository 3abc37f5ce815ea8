"""The minutes of made nights that the classifier is fitted to, as the engine sees them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from legwatch.conditions.cold_memory import ColdMemory, ColdMinute, update
from legwatch.conditions.features import Features
from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.observation import Observation, Signals, observe
from legwatch_lab.known_night import known_night
from legwatch_lab.score.cold import is_truly_cold
from legwatch_lab.truth import NightTruth

MINUTE_MS = 60_000
DEEP_ENOUGH = 0.12  # the classifier does not decide shallower falls; they would use up its trees


class FitMinute(NamedTuple):
    """One minute of a fall."""

    at_ms: int
    features: Features
    bare: bool  # True: an alert in this minute would be true


class FitNight(NamedTuple):
    """A night's truth, and the minutes of its falls."""

    truth: NightTruth
    minutes: tuple[FitMinute, ...]


def night(path: Path, rules: Rules) -> FitNight | None:
    """Read a night by its truth file; None for a truth file of version 1."""
    known = known_night(path)
    if known is None:
        return None
    truth, windows = known
    here = replace(rules, zone=truth.zone)
    found = [
        FitMinute(at_ms, seen_features, is_truly_cold(truth, at_ms))
        for at_ms, seen_features in _falls(windows, here)
    ]
    return FitNight(truth, tuple(found))


def _falls(windows: Sequence[Window], rules: Rules) -> Iterator[tuple[int, Features]]:
    """Yield (end in UTC ms, features) of each minute of a fall, as if no alert were firing."""
    signals = Signals(windows[0].from_ms, windows[0].from_ms) if windows else Signals()
    memory = ColdMemory()
    for at_ms, mine in by_minute(windows):
        signals, seen = observe(signals, mine, at_ms, rules)
        memory = update(memory, seen, rules, firing=False)
        if not seen.settled or seen.room_c is None or seen.room_c >= rules.warmth.warm_room_c:
            continue
        seen_features = ColdMinute(memory, seen).fall.features
        if seen_features is not None and seen_features.fallen >= DEEP_ENOUGH:
            yield at_ms, seen_features


def observed(windows: Sequence[Window], rules: Rules) -> Iterator[Observation]:
    """Yield what is believed of a bed at the end of each minute."""
    signals = Signals()
    for at_ms, mine in by_minute(windows):
        signals, seen = observe(signals, mine, at_ms, rules)
        yield seen


def by_minute(windows: Sequence[Window]) -> Iterator[tuple[int, list[Window]]]:
    """Yield (end in UTC ms, windows) of each minute."""
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
