"""The error message for a replay file without a usable line, with hints."""

from collections.abc import Iterator

from legwatch.recording import CHANNELS, TIME_FORM, Recording

_HELP = {
    "time": f"a time is {TIME_FORM}; one without an offset is local time in --tz ZONE",
    "value": "a value is a plain number such as 31.5: °C, percent, a count, in_bed 0 or 1",
    "line": "a line is time,channel,value, with commas between",
}
_RENAME = f"--map OLD=NEW renames a channel; NEW is one of {', '.join(CHANNELS)}"


def unread(recording: Recording) -> str:
    """Return the error message: the first lines of the file, and a hint for each kind of error."""
    return "\n".join(("nothing was read", *begins(recording.opening), *_helps(recording)))


def begins(opening: tuple[str, ...]) -> Iterator[str]:
    """Yield a heading and the first lines of a file; nothing if there are none."""
    if opening:
        yield "  the file begins:"
    for line in opening:
        yield f"    {line}"


def _helps(recording: Recording) -> Iterator[str]:
    if not recording.ignored and not recording.refused_count:
        yield "  there is no line after the header"
    if recording.ignored:
        yield f"  {_RENAME}"
    for part, sentence in _HELP.items():
        if recording.amiss.get(part):
            yield f"  {sentence}"
