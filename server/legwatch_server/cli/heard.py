"""Which beds there are, by the settings and the store, and what was last heard of each.

All commands that show beds ask here, so that they name the same beds and say the same of them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from legwatch.printable import printable
from legwatch_server.settings import ServerSettings
from legwatch_server.store.reader import SqliteReader
from legwatch_server.store.records import LastSeen

LATELY_MS = 15 * 60_000  # a message that could not be read is told for so long
LONGEST_WHY = 120  # characters
MOST_STRANGERS = 20  # names that only unreadable messages have; anybody can invent any number


class Heard(NamedTuple):
    """One bed and what was last heard of it.

    `unread`: why its latest messages cannot be read; empty: they can, or none has come lately.
    `known`: it has settings, or was heard; else only such messages name it.
    """

    last: LastSeen
    unread: str = ""
    known: bool = True

    @property
    def bed(self) -> str:
        """The name of the bed."""
        return self.last.bed

    @property
    def refused(self) -> str:
        """Why nothing of it comes in though it sends, in words; empty: that is not so."""
        return f"messages of the bedside cannot be read: {self.unread}" if self.unread else ""


def beds(reader: SqliteReader | None, settings: ServerSettings, now_ms: int) -> dict[str, Heard]:
    """Return all beds in the order of their names; without a store those of the settings."""
    last = {name: LastSeen(name, 0, played=False) for name in settings.beds}
    why = {}
    if reader is not None:
        last |= {one.bed: one for one in reader.last_seen() if one.bed in last or one.sent}
        why = dict(_lately(reader, last, now_ms))
    strangers = [name for name in why if name not in last][:MOST_STRANGERS]
    found = {name: Heard(one, why.get(name, "")) for name, one in last.items()}
    found |= {n: Heard(LastSeen(n, 0, played=False), why[n], known=False) for n in strangers}
    return dict(sorted(found.items()))


def _lately(
    reader: SqliteReader, last: dict[str, LastSeen], now_ms: int
) -> Iterator[tuple[str, str]]:
    """Yield each bed of which the latest messages could not be read, and why; the latest first."""
    latest = sorted(reader.unread().items(), key=lambda one: -one[1][0])
    for bed, (unread_ms, why) in latest:
        heard_ms = last[bed].seen_ms if bed in last else 0
        if unread_ms > max(now_ms - LATELY_MS, heard_ms):
            yield bed, printable(why, LONGEST_WHY)
