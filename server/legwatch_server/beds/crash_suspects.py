"""A file with the hashes of the messages in progress: after a crash, these are the suspects.

The next start processes each suspect alone, so that a bad message stops no other message. After
several crashes on the same message, the server quarantines the message without another try:
otherwise the broker would send the message again at every start, and the server would never watch
any bed again.

The server writes the file for each batch and does not sync it: the file only has to survive a crash
of the process. It is cut, not overwritten: what is cut off is not written to the card any more.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from legwatch_server.inbox import Work, fingerprint, message_of

MOST_CRASHES = 3  # tries alone; a kill may hit a harmless message once, but hardly three times
MOST_ALONE = 64  # with more suspects than this, try groups of this size first
_NAME_BYTES = 8


class Suspects:
    """Used by the writer thread. Without a `path`, there are never any suspects."""

    def __init__(self, path: Path | None = None) -> None:
        self._file: int | None = None
        self._alone: dict[bytes, int] = {}  # by message hash: how many tries alone
        self._guilty: set[bytes] = set()  # quarantined; the broker may still hold more copies
        self._content = b""
        self._written: bytes | None = None  # what the file has; None: not known
        if path is None:
            return
        with contextlib.suppress(OSError):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            self._read(os.pread(self._file, 1_000_000, 0))

    def groups(self, messages: Sequence[Work]) -> Iterator[list[Work]]:
        """Yield the messages in order, the suspects in small groups of their own.

        Without messages, yield one empty group: beds may be due anyway.
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
        """Write the group's hashes to the file; False after too many crashes: do not try again."""
        if self._file is None and not (self._alone or self._guilty):
            return True  # nothing is remembered
        # Skip answers: after a crash, nobody sends an answer again.
        names = [fingerprint(message) for work in group if (message := message_of(work))]
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
        """Empty the file during a wait for the store: no message causes a crash then."""
        self._write(b"")

    def again(self) -> None:
        """Write the same hashes again, before another try."""
        self._write(self._content)

    def done(self, group: Sequence[Work]) -> None:
        """Forget these messages: they are committed or quarantined."""
        if self._alone:
            for work in group:
                if message := message_of(work):
                    self._alone.pop(fingerprint(message), None)
        self._write(b"")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _suspected(self, work: Work) -> bool:
        message = message_of(work)
        if message is None:
            return False
        name = fingerprint(message)
        return name in self._alone or name in self._guilty

    def _read(self, found: bytes) -> None:
        names = [found[i : i + _NAME_BYTES] for i in range(1, len(found), _NAME_BYTES)]
        tried = found[0] if found else 0
        self._alone = {name: tried if len(names) == 1 else 0 for name in names}

    def _write(self, content: bytes) -> None:
        # Twice a second nothing is at work: each write costs the card a block of its journal.
        if self._file is None or content == self._written:
            return
        self._written = None
        with contextlib.suppress(OSError):  # the store reports a full disk
            os.pwrite(self._file, content, 0)
            os.ftruncate(self._file, len(content))
            self._written = content
