"""What of a recording is not used: whoever reads a judgement of it must know."""

from collections.abc import Iterator, Mapping

from legwatch.counted import counted
from legwatch.printable import shown
from legwatch.recording import Recording

MOST_NAMES = 12  # a message names at most this many unused channels


def unused(recording: Recording) -> Iterator[str]:
    """Yield a sentence on channels and lines that are not used; all of it must have been read."""
    if recording.ignored:
        yield f"channels not used: {_named(recording.ignored)}"
    if recording.repeated:
        come = "comes" if recording.repeated == 1 else "come"
        lines = counted(recording.repeated, "line")
        yield f"{lines} with movement {come} twice: each is counted once"
    if recording.refused_count:
        number, why = recording.refused[0]
        yield f"{counted(recording.refused_count, 'line')} refused, first line {number}: {why}"


def _named(ignored: Mapping[str, int]) -> str:
    """List the channels with their counts of lines; of many, the most frequent ones."""
    most = sorted(ignored, key=lambda name: -ignored[name])[:MOST_NAMES]
    names = [f"{shown(name, 40)} ({ignored[name]})" for name in sorted(most)]
    rest = len(ignored) - len(most)
    return ", ".join(names) + (f" and {rest} more" if rest else "")
