"""Remembers across a crash which message was being decoded, so that it cannot crash every start.

The broker sends a message again that was not confirmed. If decoding it ends the process, the next
start would end in the same way, and no bed would be watched. After several crashes on the same
message the guard does not decode it any more, and the writer quarantines it. The same goes for a
message that ends only the connection each time, because no memory or no file is left for it.

The memory is a mapped file: to write it costs no call of the system, and what is in it survives the
process. It need not survive the machine.
"""

import logging
import mmap
import os
import struct
from collections.abc import Callable
from pathlib import Path

from legwatch_server.inbox import Arrived, Message, Unreadable, fingerprint

logger = logging.getLogger(__name__)

MOST_CRASHES = 3  # tries after the first crash; a kill may hit a harmless message once
MOST_SUSPECTS = 1000  # of one run
CRASHED = "the server crashed several times on this message"
_MEMORY = struct.Struct(">8sB")  # the message at work (zeros: none) and how often it was tried
_NOTHING = bytes(_MEMORY.size)


class CrashGuard:
    """Decodes on the receiving thread; without a `path` nothing is remembered."""

    def __init__(self, decode: Callable[[Message], Arrived], path: Path | None = None) -> None:
        self._decode, self._memory = decode, _mapped(path)
        suspect, tries = _MEMORY.unpack(self._memory[:])
        self._tries: dict[bytes, int] = {suspect: tries}  # of those that crashed, the oldest first

    def decode(self, message: Message) -> Arrived:
        """Return what a message says; a message that has crashed the server says nothing."""
        name = fingerprint(message)
        tries = 1 + self._tries.get(name, 0)
        if tries > 1 + MOST_CRASHES:
            return Unreadable(message, CRASHED)
        self._memory[:] = _MEMORY.pack(name, tries)
        try:
            arrived = self._decode(message)
        except BaseException:
            self._suspect(name, tries)
            raise
        self._memory[:] = _NOTHING
        return arrived

    def _suspect(self, name: bytes, tries: int) -> None:
        self._tries[name] = tries
        if len(self._tries) > MOST_SUSPECTS:
            del self._tries[next(iter(self._tries))]


def _mapped(path: Path | None) -> mmap.mmap:
    if path is None:
        return mmap.mmap(-1, _MEMORY.size)
    try:
        return _mapped_file(path)
    except OSError as error:
        logger.warning("no crash will be remembered: %s cannot be used (%s)", path, error)
        return mmap.mmap(-1, _MEMORY.size)


def _mapped_file(path: Path) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.ftruncate(descriptor, _MEMORY.size)
        # Without its room on the disk, the first write to the map would end the process.
        os.posix_fallocate(descriptor, 0, _MEMORY.size)
        return mmap.mmap(descriptor, _MEMORY.size)
    finally:
        os.close(descriptor)
