"""Finds the beds whose button or lamp does not work: a press or an alert there would do nothing."""

from collections.abc import Iterable, Iterator

from legwatch import bedside
from legwatch_server.beds.registry import BedRecord


def out_of_order(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence on each button or lamp that does not work, as its agent says."""
    for bed in beds:
        for name, why in bedside.out_of_order(bed.bedside):
            yield f"the {name} of bed {bed.name} does not work: {why}"
