"""How many messages of each bed could not be read in the last hour, for /health."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from legwatch.contract.topics import split
from legwatch.errors import WireError
from legwatch.printable import printable
from legwatch_runtime.clock import Instant, instant
from legwatch_server.ingest.unsure import DROPPED

MINUTES = 60
MOST_BEDS = 200  # with names of their own; a stranger can invent any number of names
_NO_BED = ""  # topics of no bed, and of more beds than MOST_BEDS
LONGEST_WHY = 120  # characters


@dataclass(slots=True)
class _OfABed:
    minutes: Counter[int] = field(default_factory=Counter)
    why: str = ""
    newer: int = 0


class Unread:
    """The writer thread adds, /health reads."""

    def __init__(self, now: Callable[[], Instant] = instant) -> None:
        self._now, self._begun = now, now()
        self._lock = threading.Lock()
        self._beds: dict[str, _OfABed] = {}
        self._minute = 0

    def add(self, bed: str | None, why: str, newer: int) -> None:
        """Count one message; `newer` is the version of the contract that it speaks, if newer."""
        with self._lock:
            minute = self._forget_older()
            name = bed or _NO_BED
            if name not in self._beds and len(self._beds) >= MOST_BEDS:
                name = _NO_BED
            found = self._beds.setdefault(name, _OfABed())
            found.minutes[minute] += 1
            found.why, found.newer = why, newer

    def dropped(self, topic: str) -> None:
        """Count a message that was not read because it came in a flood; from any thread."""
        bed = None
        with contextlib.suppress(WireError):
            bed, _ = split(topic)
        self.add(bed, DROPPED, 0)

    def lately(self, bed: str | None) -> bool:
        """Return True if a message of the bed was counted in the last hour, or of too many beds."""
        with self._lock:
            self._forget_older()
            return (bed or _NO_BED) in self._beds or len(self._beds) >= MOST_BEDS

    def concerns(self) -> Iterator[str]:
        """Yield a sentence for each bed."""
        with self._lock:
            self._forget_older()
            said = [_sentence(name, self._beds[name]) for name in sorted(self._beds)]
        yield from said

    def _forget_older(self) -> int:
        """Forget what is older than an hour; return the number of this minute."""
        minute = int(self._now().since(self._begun) // 60)
        if minute == self._minute:
            return minute
        self._minute = minute
        for name, found in list(self._beds.items()):
            for old in [one for one in found.minutes if one <= minute - MINUTES]:
                del found.minutes[old]
            if not found.minutes:
                del self._beds[name]
        return minute


def _sentence(name: str, found: _OfABed) -> str:
    if found.newer and name:
        return (
            f"bed {name} speaks a newer version (v{found.newer}) than this server: "
            "update the server"
        )
    who = f"bed {name}" if name else "topics of no bed"
    number = found.minutes.total()
    many = "1 message" if number == 1 else f"{number:,} messages"
    why = printable(found.why, LONGEST_WHY)
    return f"{who}: {many} in the last hour cannot be read: {why}"
