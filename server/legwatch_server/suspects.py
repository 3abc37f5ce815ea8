"""Which messages are being taken in, on disk: a crash leaves their names behind.

A message that was there at the last crash is then tried alone, so that it can take no other down
with it. One with which the server has ended several times is set aside untried, or the broker would
send it again at every start and every bed would be blind for good.

The file is written for each batch and not synced: it has to outlive a crash of the process only.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from legwatch_server.answer import Answered
from legwatch_server.ingest import Message

MOST_CRASHES = (
    3  # tried alone so often; a kill from outside can fall on an innocent one, not thrice
)
MOST_ALONE = 64  # after a crash in a long backlog, groups of so many are tried before each alone
_NAME_BYTES = 8

Taken = Message | Answered


class Suspects:
    """Used by the owner thread. Without a file nothing is remembered."""

    def __init__(self, path: Path | None = None) -> None:
        self._file: int | None = None
        self._alone: dict[bytes, int] = {}  # by message: how often it was begun alone
        if path is None:
            return
        with contextlib.suppress(OSError):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            self._read(os.pread(self._file, 1_000_000, 0))

    def groups(self, messages: Sequence[Taken]) -> Iterator[list[Taken]]:
        """Yield the messages in order, each suspect in a small group of its own."""
        if not self._alone:
            yield list(messages)
            return
        most = 1 if len(self._alone) <= MOST_ALONE else MOST_ALONE
        for suspected, run in groupby(messages, lambda message: _name(message) in self._alone):
            group = list(run)
            size = most if suspected else len(group)
            for begin in range(0, len(group), size):
                yield group[begin : begin + size]

    def begin(self, group: Sequence[Taken]) -> bool:
        """Write down what is tried now; False: the server has ended with it too often."""
        names = [_name(message) for message in group]
        tried = 0
        if len(names) == 1 and names[0] in self._alone:
            tried = self._alone[names[0]] + 1
            if tried > MOST_CRASHES:
                return False
            self._alone[names[0]] = tried
        self._write(bytes([tried]) + b"".join(names))
        return True

    def done(self, group: Sequence[Taken]) -> None:
        """Clear these: they were taken in, or set aside."""
        if self._alone:
            for message in group:
                self._alone.pop(_name(message), None)
        self._write(b"")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _read(self, found: bytes) -> None:
        names = [found[i : i + _NAME_BYTES] for i in range(1, len(found), _NAME_BYTES)]
        tried = found[0] if found else 0
        self._alone = {name: tried if len(names) == 1 else 0 for name in names}

    def _write(self, content: bytes) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk is the store's to tell
                os.pwrite(self._file, content, 0)
                os.ftruncate(self._file, len(content))


def _name(message: Taken) -> bytes:
    """Return what a message is known by, also when the broker sends it again."""
    if isinstance(message, Message):
        told = message.topic.encode("utf-8", "replace") + b"\0" + message.payload
    else:
        told = message.token + repr(message.claims).encode()
    return hashlib.blake2b(told, digest_size=_NAME_BYTES).digest()
