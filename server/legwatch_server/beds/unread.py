"""How many messages of each bed could not be read in the last hour, for /health.

Some ask for something to be done, such as to declare a recording. Once this is done, windows of the
bed are taken again, and nothing more is said of them.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from legwatch.contract.topics import split
from legwatch.errors import WireError
from legwatch.printable import printable
from legwatch_runtime.clock import Instant, instant
from legwatch_server.ingest.unsure import DROPPED

MINUTES = 60
QUIET_MINUTES = 2  # an agent beside another one of the same bed is refused more often
MOST_BEDS = 200  # with names of their own; a stranger can invent any number of names
_NO_BED = ""  # topics of no bed, and of more beds than MOST_BEDS
LONGEST_WHY = 120  # characters


@dataclass(slots=True)
class _OfABed:
    minutes: Counter[int] = field(default_factory=Counter)
    why: str = ""
    newer: int = 0
    taken: bool = False  # a window of the bed, since the last of these messages

    def is_over(self, minute: int) -> bool:
        """Return True if what they ask for seems to be done."""
        return self.taken and max(self.minutes) <= minute - QUIET_MINUTES


class Unread:
    """The writer thread adds, /health reads."""

    def __init__(self, now: Callable[[], Instant] = instant) -> None:
        self._now, self._begun = now, now()
        self._lock = threading.Lock()
        self._beds: dict[tuple[str, bool], _OfABed] = {}  # by bed, and whether they ask
        self._minute = 0

    def add(self, bed: str | None, why: str, newer: int, *, asks: bool = False) -> None:
        """Count one message; `newer` is the version of the contract that it speaks, if newer.

        `asks`: the reason says what to do, so that such a message is taken.
        """
        with self._lock:
            minute = self._forget_older()
            which = (bed or _NO_BED, asks or newer > 0)
            if which not in self._beds and len(self._beds) >= MOST_BEDS:
                which = (_NO_BED, False)
            found = self._beds.setdefault(which, _OfABed())
            found.minutes[minute] += 1
            found.why, found.newer, found.taken = why, newer, False

    def taken(self, beds: Mapping[str, bool]) -> None:
        """Note that windows of these beds were taken; True: the last one was played.

        One that is played proves that the bed is declared. Another one may come from an agent
        beside the one that is refused: then it is over when none is refused any more.
        """
        with self._lock:
            minute = self._forget_older()
            asking = [bed for bed, asks in self._beds if asks and bed in beds]
            for bed in asking:
                found = self._beds[bed, True]
                found.taken = True
                if beds[bed] or found.is_over(minute):
                    del self._beds[bed, True]

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
            known = any((bed or _NO_BED, asks) in self._beds for asks in (False, True))
            return known or len(self._beds) >= MOST_BEDS

    def concerns(self) -> Iterator[str]:
        """Yield a sentence for each bed."""
        with self._lock:
            self._forget_older()
            said = [_sentence(which[0], self._beds[which]) for which in sorted(self._beds)]
        yield from said

    def _forget_older(self) -> int:
        """Forget what is older than an hour; return the number of this minute."""
        minute = int(self._now().since(self._begun) // 60)
        if minute == self._minute:
            return minute
        self._minute = minute
        for which, found in list(self._beds.items()):
            for old in [one for one in found.minutes if one <= minute - MINUTES]:
                del found.minutes[old]
            if not found.minutes or found.is_over(minute):
                del self._beds[which]
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
