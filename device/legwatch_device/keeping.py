"""Where windows and presses wait for the server: on the disk, and in memory while it takes nothing.

What memory has is older than what comes next. So it goes to the disk first, the oldest before all,
and in small steps: each is stored before memory lets go of it.
"""

import logging
import sqlite3
from collections.abc import Sequence

from legwatch.contract.event import decode_event
from legwatch.errors import WireError
from legwatch.events import ClockTrust
from legwatch_device.spool import Spool, SpooledPress, SpooledWindow

logger = logging.getLogger(__name__)

IN_MEMORY = 5_000  # windows kept in memory while the disk is full: about 14 hours of 10 s
LARGEST_STEP = 500  # windows of one step to the disk; the first after a refusal is of one
PLAYED_TO, LOST = "played_to_ms", "lost"  # facts in a spool


class Keeping:
    """The spool, and what waits in memory beside it; one thread owns both."""

    def __init__(self, spool: Spool, most: int) -> None:
        self.spool, self.memory, self._most = spool, Spool(":memory:"), most
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
        self, items: Sequence[SpooledWindow], presses: Sequence[tuple[int, bytes]] = ()
    ) -> None:
        """Store them; a press comes as (number of these windows before the press, payload)."""
        if _waiting(self.memory):
            self.memory.put(items, (), presses)
            return
        try:
            self.spool.put(items, _played_to(items), presses)
            self.spool.trim(self._most)
        except sqlite3.Error as error:
            self.memory.put(items, (), presses)
            self._note_refusal(error)
            return
        self._note_success()

    def carry(self) -> list[int]:
        """Bring the oldest that memory has to the disk; return the ids its windows had there."""
        if not _waiting(self.memory):
            return []
        found = self.memory.after(0, self._step + 1)
        batch = found[: self._step]
        idents = [ident for ident, _ in batch]
        presses = self.memory.presses()
        if len(found) > len(batch):
            presses = [press for press in presses if press.after_id <= idents[-1]]
        try:
            self._store([window for _, window in batch], _placed(presses, idents))
        except sqlite3.Error as error:
            self._note_refusal(error)
            return []
        self.memory.drop(idents)
        for press in presses:
            self.memory.forget(press.payload)
        self._note_success()
        return idents

    def carry_all(self) -> None:
        """Bring all to the disk that memory has, until the disk refuses."""
        self.refused = False
        while _waiting(self.memory) and not self.refused:
            self.carry()

    def lowest(self, boot: str) -> int | None:
        """Return the oldest stored sequence number; older windows are confirmed or lost."""
        held = [spool.lowest(boot) for spool in self.both]
        return min((seq for seq in held if seq is not None), default=None)

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

    def forget(self, payload: bytes) -> None:
        """Delete a press."""
        self.memory.forget(payload)
        try:
            self.spool.forget(payload)
        except sqlite3.Error as error:
            # Kept and sent again; the server drops the duplicate by its id.
            logger.debug("spool: %s", error)

    def _store(
        self, windows: Sequence[SpooledWindow], presses: Sequence[tuple[int, bytes]]
    ) -> None:
        """Store on the disk what memory has, with the count of what memory has dropped."""
        facts, dropped = _played_to(windows), self.memory.fact(LOST) or 0
        if dropped:
            facts.append((LOST, (self.spool.fact(LOST) or 0) + dropped))
        self.spool.put(windows, facts, presses)
        if dropped:
            self.memory.put((), [(LOST, 0)])

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
            logger.info("spool: windows are stored on the disk again, also those of the meantime")
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
