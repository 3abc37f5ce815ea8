"""What the beds can tell by their sensors, for /health: a bed that can never warn is a fault."""

from collections.abc import Iterable, Iterator

from legwatch import engine, scope
from legwatch_server.beds.registry import BedRecord


def roles(bed: BedRecord) -> frozenset[str] | None:
    """Return the roles of a bed's sensors; None: nothing is known of them yet."""
    info = bed.bedside.info
    return scope.fitted(None if info is None else info.sensors, engine.sensors(bed.state))


def can_never_warn(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence for each bed for which no alert on the sleeper can ever come."""
    for bed in beds:
        fitted = roles(bed)
        if fitted is not None and not scope.can_come(fitted):
            yield f"bed {bed.name} can never warn: {'; '.join(scope.never_come(fitted))}"
