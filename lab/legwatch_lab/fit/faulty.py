"""A made night with one fault of a sensor laid over it, drawn by the night's name."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from random import Random
from typing import NamedTuple

from legwatch.events import Window
from legwatch.recording import events, parse
from legwatch_lab.faults import trees
from legwatch_lab.faults.catalogue import FAULTS
from legwatch_lab.faults.night import kind_of, load
from legwatch_lab.truth import NightTruth

# With these the thermometer is not by the legs any more: it cannot see that the cover is off.
OUT = ("leg_slip_room", "leg_slip_floor", "leg_slip_30", "leg_halfway", "leg_on_top", "leg_jumps")


class FaultyNight(NamedTuple):
    """A night with a fault; `gone_ms`: from when to when the thermometer is not by the legs."""

    truth: NightTruth
    windows: Sequence[Window]
    gone_ms: tuple[int, int] | None


def laid(path: Path, truth: NightTruth, odd: Sequence[str]) -> FaultyNight | None:
    """Lay one of the faults `OUT` and `odd` over a night; None for a kind of night without any."""
    rng = Random(truth.name)  # noqa: S311 - not for secrets
    name = rng.choice((*OUT, *odd))
    if not kind_of(truth):
        return None
    found = FAULTS[name].lay(load(path), rng)
    recording = parse(trees.lines(found.readings), zone=UTC)
    windows = [event for event in events(recording) if isinstance(event, Window)]
    gone_ms = (found.from_ms, found.to_ms) if name in OUT else None
    return FaultyNight(found.truth or truth, windows, gone_ms)
