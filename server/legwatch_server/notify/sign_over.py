"""An early sign that is over leaves the phone, and the lamp goes out. Nobody is told of its end."""

from collections.abc import Iterable, Iterator

from legwatch.engine import BedState
from legwatch.events import AlertKind
from legwatch_server.notify.planner import called_off
from legwatch_server.store.changes import Change
from legwatch_server.store.delivery import Delivery, Episode

WHY = "the sign is over"


def ended(bed_id: int, before: BedState, after: BedState) -> Iterator[Episode]:
    """Yield the sign that people were shown before and are not any more."""
    was_ms = before.bed.shown_ms
    if was_ms and after.bed.shown_ms != was_ms:
        yield Episode(bed_id, AlertKind.COLD.value, was_ms)


def taken_back(sign: Episode, deliveries: Iterable[Delivery], now_ms: int) -> Iterator[Change]:
    """Yield what takes a sign back; `deliveries` may be of other alerts, too."""
    own = (delivery for delivery in deliveries if delivery.episode == sign)
    return called_off(own, WHY, now_ms)
