"""Turn the `time,channel,value` lines of a replay file into the windows of an agent."""

from legwatch.recording.as_windows import events, windows
from legwatch.recording.lines import BUTTONS, CHANNELS, ChannelReading, Recording, parse
from legwatch.recording.local_time import TIME_FORM

__all__ = [
    "BUTTONS",
    "CHANNELS",
    "TIME_FORM",
    "ChannelReading",
    "Recording",
    "events",
    "parse",
    "windows",
]
