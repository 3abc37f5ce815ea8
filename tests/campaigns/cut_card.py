"""What a power cut leaves of a spool: what was flushed for certain, and of all else any part.

Modelled: each block of 512 bytes that was written after the last flush is on the card or is not,
each by itself, and a file may have its old or its new length. A checkpoint of SQLite may be cut in
its middle. Not modelled: a card that says it has flushed and has not, or that harms blocks which
nobody has written; for these, `harm` damages what is left.
"""

import random
from pathlib import Path

BLOCK_BYTES = 512
_DB, _LOG = "spool.db", "spool.db-wal"
Files = dict[str, bytes]


class CutCard:
    """Follows a spool's files; the campaign says when a commit has been flushed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._safe: Files = {}

    def flushed(self) -> None:
        """Note that all that is written now survives."""
        self._safe = self._files()

    def has_checkpointed(self) -> bool:
        """Return True if the log was brought into the database since the last flush.

        SQLite flushes the log before that, and the database afterwards.
        """
        return bool(self._safe) and self._files().get(_DB) != self._safe.get(_DB)

    def cut(self, into: Path, chance: random.Random) -> None:
        """Write what a power cut leaves into a new folder."""
        into.mkdir(parents=True)
        now, sure = self._files(), dict(self._safe)
        if self.has_checkpointed():
            sure[_LOG] = now[_LOG]
        for name in sorted({*now, *sure}):
            left = _either(sure.get(name), now.get(name), chance)
            if left is not None:
                (into / name).write_bytes(left)

    def _files(self) -> Files:
        return {
            path.name: path.read_bytes()
            for path in self._folder.iterdir()
            if not path.name.endswith(("-shm", ".lock"))
        }


def _either(old: bytes | None, new: bytes | None, chance: random.Random) -> bytes | None:
    """Return a file of which each block is old or new."""
    if old == new:
        return new
    if old is None or new is None:  # made or deleted, and nobody has flushed the folder
        old, new = old or b"", new or b""
        if chance.random() < 0.3:
            return None
    size = chance.choice((len(old), len(new)))
    share = chance.random()
    made = bytearray(size)
    for at in range(0, size, BLOCK_BYTES):
        block = (new if chance.random() < share else old)[at : at + BLOCK_BYTES]
        made[at : at + len(block)] = block[: size - at]
    return bytes(made)
