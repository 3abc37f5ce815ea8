"""Finds the beds whose button does not work: a press there would answer nothing."""

from collections.abc import Iterable, Iterator

from legwatch.bedside import no_button
from legwatch_server.beds.registry import BedRecord


def buttons(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence on each bed whose agent says that its button does not work."""
    for bed in beds:
        why = "" if bed.played else no_button(bed.bedside)
        if why:
            yield f"the button of bed {bed.name} does not work: {why}"
