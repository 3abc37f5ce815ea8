"""What the simple automation says of a night, in the form in which checkouts are judged."""

import gzip
from datetime import UTC
from pathlib import Path

from legwatch.events import Window
from legwatch.recording import events, parse
from legwatch_lab.bench.trees import Heard, Sound
from legwatch_lab.score.simple_automation import simple
from legwatch_lab.truth import NightTruth


def simple_heard(path: Path, truth: NightTruth) -> Heard:
    """Return its alerts; each sounds at once, and is over when its condition is."""
    with gzip.open(path, "rt") as lines:
        recording = parse(lines, zone=UTC)
    windows = (event for event in events(recording) if isinstance(event, Window))
    said = simple(windows, truth.end_ms)
    alerts = tuple(alert._replace(sound_ms=alert.at_ms) for alert in said.alerts)
    sounds = tuple(Sound(alert.at_ms, alert.kind, alert.severity) for alert in alerts)
    over = (alert.end_ms for alert in alerts if alert.kind == "cold")
    return Heard(alerts, sounds, (), tuple(ms for ms in over if ms is not None))
