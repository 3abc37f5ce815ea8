"""Where windows and presses wait for the server: in memory for seconds, then on the disk.

A card wears out by its flushes. So at most every 10 s one of them takes all that memory has, and
what the server confirms before that needs none. A power cut loses no more than these 10 s. While
the disk takes nothing, memory keeps all; later this goes to the disk in small steps, the oldest
first: each is stored before memory lets go of it.
"""

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from legwatch.contract.event import decode_event
from legwatch.errors import WireError
from legwatch.events import ClockTrust
from legwatch_device.spool import Spool, SpooledPress, SpooledWindow
from legwatch_runtime.clock import Clock, Instant

logger = logging.getLogger(__name__)

IN_MEMORY = 5_000  # windows kept in memory while the disk is full: about 14 hours of 10 s
LARGEST_STEP = 500  # windows of one step to the disk; the first after a refusal is of one
FLUSH_S = 10.0  # the shortest time between two flushes
SETTLE_S = 5.0  # so long a window waits for the server before it is flushed
PLAYED_TO, LOST = "played_to_ms", "lost"  # facts in a spool


class Moved(NamedTuple):
    """Windows that went from memory to the disk: the ids they had, and the first that they have."""

    idents: list[int]
    first: int


class Most(NamedTuple):
    """How much the spool may hold."""

    windows: int
    size_bytes: int = 1 << 40


class Keeping:
    """The spool, and what waits in memory beside it; one thread owns both."""

    def __init__(self, spool: Spool, most: Most, clock: Clock) -> None:
        self.spool, self.memory, self._most = spool, Spool(":memory:"), most
        self._clock = clock
        self._flushed_at: Instant | None = None  # also when the disk has refused it
        self._plays = False  # a recording
        self._facts: tuple[tuple[str, int], ...] = ()  # for the disk, with the next windows
        self.refused = False  # the disk took nothing when it was tried last
        self._told = False  # and the log says so
        self._step = LARGEST_STEP

    def close(self) -> None:
        """Let the memory go; the spool is closed by who has opened it."""
        self.memory.close()

    @property
    def both(self) -> tuple[Spool, Spool]:
        """The spool and the memory."""
        return self.spool, self.memory

    def put(
        self,
        items: Sequence[SpooledWindow],
        presses: Sequence[tuple[int, bytes]] = (),
        facts: Iterable[tuple[str, int]] = (),
    ) -> None:
        """Keep them; a press comes as (number of these windows before the press, payload).

        Windows of a recording go to the disk at once: there it goes on after a new start.
        """
        self._facts = tuple(facts) or self._facts
        self._plays = self._plays or any(item.clock == ClockTrust.PLAYED for item in items)
        if not self._plays or _waiting(self.memory):
            self.memory.put(items, (), presses)
            return
        try:
            self._store(items, presses)
        except sqlite3.Error as error:
            self.memory.put(items, (), presses)
            self._note_refusal(error)
            return
        self._note_success()

    def is_due(self, *, reached: bool) -> bool:
        """Return True if it is time for a flush; `reached`: the server may confirm soon."""
        if not self.refused and (self._plays or self._told):
            return True  # told: it takes data again, and what waits goes to it in small steps
        at = self._flushed_at
        if at is not None and self._clock.instant().since(at) < FLUSH_S:
            return False
        if not reached or self.refused or self.memory.presses_waiting():
            return True
        oldest = self.memory.after(0, 1)
        waited_ms = self._clock.mono_ms() - oldest[0][1].mono_ms if oldest else 0
        return not 0 <= waited_ms < SETTLE_S * 1000

    def carry(self) -> Moved:
        """Bring the oldest that memory has to the disk, with one flush; return what went."""
        if not _waiting(self.memory):
            return Moved([], 0)
        self._flushed_at = self._clock.instant()
        found = self.memory.after(0, self._step + 1)
        batch = found[: self._step]
        idents = [ident for ident, _ in batch]
        presses = self.memory.presses()
        if len(found) > len(batch):
            presses = [press for press in presses if press.after_id <= idents[-1]]
        try:
            first = self._store([window for _, window in batch], _placed(presses, idents))
        except sqlite3.Error as error:
            self._note_refusal(error)
            return Moved([], 0)
        self.memory.drop(idents)
        for press in presses:
            self.memory.forget(press.payload)
        self._note_success()
        return Moved(idents, first)

    def carry_all(self) -> None:
        """Bring all to the disk that memory has, until the disk refuses."""
        self.refused = False
        while _waiting(self.memory) and not self.refused:
            self.carry()

    def lowest(self, boot: str) -> int | None:
        """Return the oldest stored sequence number; older windows are confirmed or lost."""
        held = [spool.lowest(boot) for spool in self.both]
        return min((seq for seq in held if seq is not None), default=None)

    def fact(self, name: str) -> int | None:
        """Return a number that was stored with the windows; None if it never was."""
        found = dict(self._facts).get(name)
        return self.spool.fact(name) if found is None else found

    def lost(self) -> int:
        """Return how many windows were lost since the file of the spool was made."""
        return sum(spool.fact(LOST) or 0 for spool in self.both)

    def waiting(self) -> int:
        """Return the number of windows and presses that are not confirmed."""
        return sum(_waiting(spool) for spool in self.both)

    def only_in_memory(self) -> tuple[int, int]:
        """Return the numbers of windows and presses that end with this process."""
        held = [spool for spool in self.both if not spool.on_disk]
        windows, presses = [one.waiting() for one in held], [one.presses_waiting() for one in held]
        return sum(windows), sum(presses)

    def confirm(self, boot: str, seq: int) -> int:
        """Delete the windows of `boot` up to `seq`; return their number."""
        done = self.memory.confirm(boot, seq)
        try:
            done += self.spool.confirm(boot, seq)
        except sqlite3.Error as error:  # kept, sent again, and deleted at the next confirmation
            logger.debug("spool: %s", error)
        return done

    def presses(self, idents: Sequence[str]) -> list[bytes]:
        """Return the payloads of the waiting presses with these ids, and of unreadable presses."""
        waiting = [press for spool in self.both for press in spool.presses()]
        return [press.payload for press in waiting if _press_id(press.payload) in {*idents, None}]

    def sent_as(self, payload: bytes) -> list[bytes]:
        """Return the waiting press that was sent as this message, which has its age, too."""
        ident = _press_id(payload)
        return [payload] if ident is None else self.presses([ident])

    def forget(self, payload: bytes) -> None:
        """Delete a press."""
        self.memory.forget(payload)
        try:
            self.spool.forget(payload)
        except sqlite3.Error as error:
            # Kept and sent again; the server drops the duplicate by its id.
            logger.debug("spool: %s", error)

    def _store(self, windows: Sequence[SpooledWindow], presses: Sequence[tuple[int, bytes]]) -> int:
        """Store on the disk, with the count of what memory has dropped; return the first id."""
        facts = [*_played_to(windows), *self._facts]
        facts = [(name, value) for name, value in facts if self.spool.fact(name) != value]
        dropped = self.memory.fact(LOST) or 0
        if dropped:
            facts.append((LOST, (self.spool.fact(LOST) or 0) + dropped))
        first = self.spool.put(windows, facts, presses)
        self.spool.trim(*self._most)
        if dropped:
            self.memory.put((), [(LOST, 0)])
        return first

    def _note_refusal(self, error: sqlite3.Error) -> None:
        self.refused, self._step = True, 1
        self.memory.trim(IN_MEMORY)
        if not self._told:
            logger.warning(
                "spool: %s; the agent keeps windows in memory, and a power cut loses those that the"
                " server does not have",
                error,
            )
        self._told = True

    def _note_success(self) -> None:
        self.refused, self._step = False, min(2 * self._step, LARGEST_STEP)
        if self._told and not _waiting(self.memory):
            # Who has read that the disk takes nothing reads this, too.
            logger.warning(
                "spool: windows are stored on the disk again, also those of the meantime"
            )
            self._told = False


def _waiting(spool: Spool) -> int:
    return spool.waiting() + spool.presses_waiting()


def _played_to(windows: Sequence[SpooledWindow]) -> list[tuple[str, int]]:
    played = [window.to_ms for window in windows if window.clock == ClockTrust.PLAYED]
    return [(PLAYED_TO, to_ms) for to_ms in played[-1:]]


def _placed(presses: Sequence[SpooledPress], idents: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return each press with the number of windows before it."""
    return [(sum(ident <= press.after_id for ident in idents), press.payload) for press in presses]


def _press_id(payload: bytes) -> str | None:
    """Return the id of a press; None if it is unreadable, so that no server can confirm it."""
    try:
        return decode_event(payload).id
    except WireError as error:
        logger.warning("spool: a press cannot be read and is deleted (%s)", error)
        return None
