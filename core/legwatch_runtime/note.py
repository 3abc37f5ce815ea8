"""A few numbers beside a database that say how far it had come.

A write-ahead log that is cut or damaged loses its end, and SQLite goes on with the rest without a
word. So the numbers are noted here after each commit. The note is not synced: after a power cut it
is older than the database, which means nothing; a database that is older than its note has lost
rows.
"""

import contextlib
import os
import struct
import zlib
from pathlib import Path

_CHECK = struct.Struct("<I")


class Note:
    """The numbers in their file; one thread uses it. All are 0 if there is no sound note."""

    def __init__(self, path: Path, count: int) -> None:
        self._path, self._file = path, -1
        self._form = struct.Struct(f"<{count}q")
        self.numbers = self._read()
        self._written: tuple[int, ...] | None = self.numbers

    def write(self, numbers: tuple[int, ...]) -> None:
        """Write the numbers down; a note that cannot be written is missing, and nothing else."""
        self.numbers = numbers
        if numbers == self._written:
            return
        self._written = numbers
        body = self._form.pack(*numbers)
        with contextlib.suppress(OSError):
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            os.pwrite(self._file, body + _CHECK.pack(_sum(body)), 0)

    def close(self) -> None:
        """Close the file; the next note opens the one that is at the path then."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._written = -1, None

    def forget(self) -> None:
        """Delete the file, if it can be; the next note makes a new one."""
        self.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _read(self) -> tuple[int, ...]:
        try:
            raw = self._path.read_bytes()
            body, check = raw[: self._form.size], raw[self._form.size :]
            found = self._form.unpack(body)
        except (OSError, struct.error):
            return self._nothing()
        return found if check == _CHECK.pack(_sum(body)) else self._nothing()

    def _nothing(self) -> tuple[int, ...]:
        return (0,) * (self._form.size // 8)


def _sum(body: bytes) -> int:
    return zlib.crc32(body + _CHECK.pack(0))
