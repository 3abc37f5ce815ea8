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

from legwatch_server.inbox import ActionRequest
from legwatch_server.ingest.broker import Message

MOST_CRASHES = 3  # tried alone so often: a kill can fall on an innocent one once, not thrice
MOST_ALONE = 64  # after a crash in a long backlog, groups of so many are tried before each alone
_NAME_BYTES = 8

Work = Message | ActionRequest


class Suspects:
    """Used by the owner thread. Without a file nothing is remembered."""

    def __init__(self, path: Path | None = None) -> None:
        self._file: int | None = None
        self._alone: dict[bytes, int] = {}  # by message: how often it was begun alone
        self._guilty: set[bytes] = set()  # more copies of one may wait in the broker
        self._content = b""
        if path is None:
            return
        with contextlib.suppress(OSError):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            self._read(os.pread(self._file, 1_000_000, 0))

    def groups(self, messages: Sequence[Work]) -> Iterator[list[Work]]:
        """Yield the messages in order, each suspect in a small group of its own.

        Without messages there is one empty group: time passes for the beds all the same.
        """
        if not messages or not (self._alone or self._guilty):
            yield list(messages)
            return
        most = 1 if len(self._alone) <= MOST_ALONE else MOST_ALONE
        for suspected, run in groupby(messages, self._suspected):
            group = list(run)
            size = most if suspected else len(group)
            for begin in range(0, len(group), size):
                yield group[begin : begin + size]

    def begin(self, group: Sequence[Work]) -> bool:
        """Write down what is tried now; False: the server has ended with it too often."""
        if self._file is None and not (self._alone or self._guilty):
            return True  # nothing is remembered
        # An answer that was at work does not come again: nobody sends it.
        names = [_name(message) for message in group if isinstance(message, Message)]
        tried, self._content = 0, b""
        if len(names) == 1 and names[0] in self._guilty:
            return False
        if len(names) == 1 and names[0] in self._alone:
            tried = self._alone[names[0]] + 1
            if tried > MOST_CRASHES:
                self._guilty.add(names[0])
                return False
            self._alone[names[0]] = tried
        if names:
            self._content = bytes([tried]) + b"".join(names)
        self._write(self._content)
        return True

    def rest(self) -> None:
        """Write nothing down while the store is waited for: an end then is no message's fault."""
        self._write(b"")

    def again(self) -> None:
        """Write down what is tried once more."""
        self._write(self._content)

    def done(self, group: Sequence[Work]) -> None:
        """Clear these: they were taken in, or set aside."""
        if self._alone:
            for message in group:
                if isinstance(message, Message):
                    self._alone.pop(_name(message), None)
        self._write(b"")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _suspected(self, message: Work) -> bool:
        if not isinstance(message, Message):
            return False
        name = _name(message)
        return name in self._alone or name in self._guilty

    def _read(self, found: bytes) -> None:
        names = [found[i : i + _NAME_BYTES] for i in range(1, len(found), _NAME_BYTES)]
        tried = found[0] if found else 0
        self._alone = {name: tried if len(names) == 1 else 0 for name in names}

    def _write(self, content: bytes) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk is the store's to tell
                os.pwrite(self._file, content, 0)
                os.ftruncate(self._file, len(content))


def _name(message: Message) -> bytes:
    """Return what a message is known by, also when the broker sends it again."""
    told = message.topic.encode("utf-8", "replace") + b"\0" + message.payload
    return hashlib.blake2b(told, digest_size=_NAME_BYTES).digest()
