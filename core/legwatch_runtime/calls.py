"""Whose code a process calls now: what ends a process natively leaves no word of its own.

The supervisor makes some memory, which its child shares. Nothing is written to a disk.
"""

import mmap
import os
import threading
from contextlib import suppress
from types import TracebackType

FD = "LEGWATCH_CALLS_FD"  # in the environment: the number of the shared memory's file
SLOTS, SLOT_BYTES = 32, 256  # calls at the same time, and the longest name of one
_lock = threading.Lock()
_memory: mmap.mmap | None = None
_looked = False


class Call:
    """One place for the name of what is called; `with` it while the call runs."""

    def __init__(self, name: str) -> None:
        self._name = name.encode()[:SLOT_BYTES]
        self._at: int | None = None

    def __enter__(self) -> None:
        """Note that the call runs."""
        memory = _shared() if self._name else None
        if memory is None:
            return
        with _lock:
            free = (at for at in range(0, SLOTS * SLOT_BYTES, SLOT_BYTES) if not memory[at])
            self._at = next(free, None)
            if self._at is not None:
                memory[self._at : self._at + len(self._name)] = self._name

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Note that it has come back."""
        if self._at is not None and _memory is not None:
            _memory[self._at : self._at + SLOT_BYTES] = bytes(SLOT_BYTES)
            self._at = None


def forget() -> None:
    """Note that nothing is called: this process ends by its own will."""
    if _memory is not None:
        _memory[:] = bytes(SLOTS * SLOT_BYTES)


def made() -> int | None:
    """Return the file of new memory, to be inherited by a child; None: there is no such memory."""
    with suppress(OSError, AttributeError):  # only Linux has it
        file = os.memfd_create("legwatch-calls")
        os.ftruncate(file, SLOTS * SLOT_BYTES)
        return file
    return None


def running(file: int) -> list[str]:
    """Return what is called, by the memory of a child."""
    with suppress(OSError):
        found = os.pread(file, SLOTS * SLOT_BYTES, 0)
        slots = (found[at : at + SLOT_BYTES] for at in range(0, len(found), SLOT_BYTES))
        names = (slot.rstrip(b"\0").decode(errors="replace") for slot in slots)
        return sorted({name for name in names if name})
    return []


def _shared() -> mmap.mmap | None:
    """Return the memory that the supervisor has made; None: nobody has."""
    global _memory, _looked  # noqa: PLW0603 - one for the process, as its environment is
    if not _looked:
        _looked = True
        with suppress(OSError, ValueError):
            _memory = mmap.mmap(int(os.environ.get(FD, "")), SLOTS * SLOT_BYTES)
    return _memory
