"""A replay file of which nothing was read: what it is like, and what could help."""

from collections.abc import Iterator

from legwatch.recording import CHANNELS, TIME_FORM, Recording

_HELP = {
    "time": f"a time is {TIME_FORM}; one without an offset is local time in --tz ZONE",
    "value": "a value is a plain number such as 31.5: °C, percent, a count, in_bed 0 or 1",
    "line": "a line is time,channel,value, with commas between",
}
_RENAME = f"--map OLD=NEW renames a channel; NEW is one of {', '.join(CHANNELS)}"


def unread(recording: Recording) -> str:
    """Say that nothing was read: the first lines, and a sentence for each thing that was wrong."""
    return "\n".join(("nothing was read", *begins(recording.opening), *_helps(recording)))


def begins(opening: tuple[str, ...]) -> Iterator[str]:
    """Yield the first lines of a file, under a heading; nothing where there are none."""
    if opening:
        yield "  it begins:"
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
