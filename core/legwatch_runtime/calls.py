"""Whose code a process calls now: what ends a process natively leaves no word of its own.

The supervisor makes some memory, which its child shares. Nothing is written to a disk. Each call is
noted with its thread: Python's dump of a native end says in which thread that was.
"""

import atexit
import mmap
import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

FD = "LEGWATCH_CALLS_FD"  # in the environment: the number of the shared memory's file
SLOTS, SLOT_BYTES = 128, 256  # calls at the same time, and the longest note of one
THREAD_DIGITS = 16  # a note begins with the id of its thread, in hexadecimal digits
NAME = "legwatch-calls"
_lock = threading.Lock()
_memory: mmap.mmap | None = None
_looked = False


class Running(NamedTuple):
    """A call that had not come back: its thread, and such as `starting driver 'x' (a:B of c 1)`."""

    thread: int
    what: str


class Call:
    """One place for the name of what is called; `with` it while the call runs.

    `name` is of another package; an empty one is not noted. `doing` is what is done with it.
    """

    def __init__(self, name: str, doing: str = "calling") -> None:
        self._note = f"{doing} {name}".encode() if name else b""
        self._at: int | None = None

    def __enter__(self) -> None:
        """Note that the call runs, in this thread."""
        memory = _shared() if self._note else None
        if memory is None:
            return
        note = f"{threading.get_ident():0{THREAD_DIGITS}x}".encode() + self._note
        note = note[:SLOT_BYTES]
        with _lock:
            free = (at for at in range(0, SLOTS * SLOT_BYTES, SLOT_BYTES) if not memory[at])
            self._at = next(free, None)
            if self._at is not None:
                memory[self._at : self._at + len(note)] = note

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
    """Note that nothing is called any more: this process ends by its own will."""
    global _memory  # noqa: PLW0603 - as in _shared
    with _lock:
        if _memory is not None:
            _memory[:] = bytes(SLOTS * SLOT_BYTES)
            _memory = None  # a thread that still runs must not note anything now


def made() -> int | None:
    """Return the file of new memory, to be inherited by a child; None: there is no such memory."""
    with suppress(OSError, AttributeError):  # only Linux has it
        file = os.memfd_create(NAME)
        os.ftruncate(file, SLOTS * SLOT_BYTES)
        return file
    return None


def running(file: int) -> list[Running]:
    """Return what is called, by the memory of a child."""
    with suppress(OSError):
        found = os.pread(file, SLOTS * SLOT_BYTES, 0)
        slots = (found[at : at + SLOT_BYTES] for at in range(0, len(found), SLOT_BYTES))
        notes = (slot.rstrip(b"\0").decode(errors="replace") for slot in slots)
        return sorted({_read(note) for note in notes if note}, key=lambda one: one.what)
    return []


def _leave() -> None:
    """Note nothing in a copy of this process: a driver may have forked it."""
    global _memory  # noqa: PLW0603 - as in _shared
    _memory = None


def _read(note: str) -> Running:
    thread = 0
    with suppress(ValueError):  # it ended while it noted this
        thread = int(note[:THREAD_DIGITS], 16)
    return Running(thread, note[THREAD_DIGITS:])


def _shared() -> mmap.mmap | None:
    """Return the memory that the supervisor has made; None: nobody has."""
    global _memory, _looked  # noqa: PLW0603 - one for the process, as its environment is
    with _lock:
        if not _looked:
            _looked = True
            with suppress(OSError, ValueError):
                file = int(os.environ.get(FD, ""))
                # A program that this child starts has the number, but another file under it.
                if NAME in str(Path(f"/proc/self/fd/{file}").readlink()):
                    _memory = mmap.mmap(file, SLOTS * SLOT_BYTES)
                    atexit.register(forget)
                    os.register_at_fork(after_in_child=_leave)
    return _memory
