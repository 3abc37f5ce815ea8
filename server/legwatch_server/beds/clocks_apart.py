"""Finds the beds whose agent says that its clock is set, and has another time than the server."""

from collections.abc import Iterable, Iterator

from legwatch_server.beds.clock_watch import in_words
from legwatch_server.beds.registry import BedRecord

APART_MS = 60_000
LATELY_MS = 600_000  # a bed that is silent has no clock to speak of


def apart(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence on each bed whose clock and the server's differ by more than a minute."""
    for bed in beds:
        ahead_ms = bed.ahead_ms
        if ahead_ms is None or abs(ahead_ms) <= APART_MS:
            continue
        if bed.state.at_ms - bed.seen_ms < LATELY_MS:
            yield (
                f"the clock of bed {bed.name} is {in_words(ahead_ms)} against the server's: one of"
                " the two machines has a wrong time; its windows are placed by their waiting times"
            )
