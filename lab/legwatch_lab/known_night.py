"""Read a made night: its truth and its windows."""

from pathlib import Path

from legwatch.events import Window
from legwatch.recording import events
from legwatch_lab.truth import NightTruth, read
from legwatch_runtime.replay_file import read as read_recording


def known_night(path: Path) -> tuple[NightTruth, list[Window]] | None:
    """Read a night by its truth file; None for a truth file of version 1.

    Raises RecordingError.
    """
    truth = read(path)
    if truth is None:
        return None
    recording = read_recording(path.with_name(truth.file), zone=truth.zone, renames={})
    return truth, [event for event in events(recording) if isinstance(event, Window)]
