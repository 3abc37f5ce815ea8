"""The writer thread's memory of every bed between batches."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from legwatch import bedside, engine
from legwatch.bed import Bed
from legwatch.bedside import Bedside, UnreadWindows
from legwatch.engine import BedState, start
from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.moments import moments
from legwatch.rivals import Rivals
from legwatch.state_codec import from_json
from legwatch_server.beds.noted import Noted, began_again
from legwatch_server.beds.recording_leaps import LeapAllowance
from legwatch_server.ingest.anchor import Anchor
from legwatch_server.publish.port import BedUpdate
from legwatch_server.rest import Rest
from legwatch_server.store.records import StoredBed

logger = logging.getLogger(__name__)

DAY_MS = 86_400_000
AHEAD_MS = 2 * DAY_MS  # more than any snooze
NOTED_MS = 3_600_000  # the time line is noted once a minute; an agent may be minutes ahead
LONG_AGO_MS = 20 * 365 * DAY_MS  # the last alert of a bed may have been years ago


@dataclass(slots=True)
class SequenceTracker:
    """The windows received from one boot of an agent: all up to `upto`, and those in `ahead`."""

    id: int
    boot: str
    upto: int
    ahead: set[int] | None = None  # made for a gap only: most beds never have one
    stored_upto: int = -1  # `upto` as it is stored; the windows above it are in the store, too
    anchor: Anchor | None = None  # of the agent's elapsed clock; None: nothing is known of it

    def has(self, seq: int) -> bool:
        """Return True if the window was received before."""
        return seq <= self.upto or (self.ahead is not None and seq in self.ahead)

    def add(self, seq: int) -> None:
        """Count a window as received, and move `upto` if a gap closes."""
        if self.ahead is None:
            if seq == self.upto + 1:
                self.upto = seq
                return
            self.ahead = set()
        self.ahead.add(seq)
        self.close()

    def holds_from(self, low: int) -> None:
        """Expect no window below `low`: the agent holds none (confirmed, or lost and counted)."""
        if low - 1 > self.upto:
            self.upto = low - 1
            if self.ahead is not None:
                self.ahead = {seq for seq in self.ahead if seq > self.upto}
                self.close()

    def close(self) -> None:
        """Move `upto` to the last window before the next gap."""
        if self.ahead is None:
            return
        while self.upto + 1 in self.ahead:
            self.upto += 1
            self.ahead.remove(self.upto)
        self.ahead = self.ahead or None


_NO_OTHERS: Mapping[str, tuple[float, int]] = {}
# Values that cannot change: thousands of beds share them until they have something to remember.
_ALL_LEFT, _NOT_HEARD, _ALL_READ = LeapAllowance(), Bedside(), UnreadWindows()
_NO_RIVALS, _NOT_NOTED = Rivals(), Noted()


class Kept(NamedTuple):
    """What tells a stored bed from the one in memory, but for the windows of the open minute."""

    bed: Bed
    minute_end_ms: int
    played: bool
    bedside: Bedside


@dataclass(slots=True)
class BedRecord:
    """One bed. Replace `state`, never change it in place: `undo` needs the old state."""

    id: int
    name: str
    rules: Rules
    state: BedState = field(default_factory=start)
    seen_ms: int = 0
    played: bool = False
    boots: tuple[SequenceTracker, ...] = ()  # of most beds only one; the latest is the last
    due_ms: int = 0  # where it is in the queue of the writer; 0: it is not
    not_before_ms: int = 0  # it could not be judged, and is tried again then
    presses: tuple[str, ...] | None = None  # ids of the last committed; None: not read yet
    leaps: LeapAllowance = _ALL_LEFT  # for recordings
    bedside: Bedside = _NOT_HEARD
    others: Mapping[str, tuple[float, int]] = field(default_factory=lambda: _NO_OTHERS)  # UTC ms
    stored: Kept | None = None  # what the store has; None: nothing yet
    unread: UnreadWindows = _ALL_READ  # since the last that was taken in
    rivals: Rivals = _NO_RIVALS  # whether two agents send as this bed
    mat_ms: int = 0  # the last window in which a mat said something
    set_up_ms: int = 0  # since when this process knows which sensors are set up; 0: it does not
    ahead_ms: int | None = None  # the agent's clock, if it says that it is set
    info_live: bool = False  # its agent has said its info now, or sent a window of that start since
    zone_said: str = ""  # the last line in the log on its agent's zone
    rest: Rest = Rest.WATCHED
    rest_said: bool = False  # the log has said that its bedside sends though nobody watches
    goes_on: bool = False  # a recording has gone on, and its next window begins it anew
    unstored_ms: int = 0  # since when the memory is ahead of the store; 0: it is not
    noted: Noted = _NOT_NOTED  # what is noted of the present night

    def boot(self, name: str) -> SequenceTracker | None:
        """Return the tracker of a start of an agent, if it is in memory."""
        for boot in reversed(self.boots):
            if boot.boot == name:
                return boot
        return None

    def kept(self) -> Kept:
        """Return what the store should have of the bed."""
        return Kept(self.state.bed, self.state.minute_end_ms, self.played, self.bedside)

    def has_news(self) -> bool:
        """Return True if the bed has to be stored now: a minute was judged, or somebody answered.

        The windows of the open minute are in the store by themselves.
        """
        stored, state = self.stored, self.state
        return (
            stored is None
            or state.bed is not stored.bed
            or state.minute_end_ms != stored.minute_end_ms
            or self.played is not stored.played
            or (self.bedside is not stored.bedside and self.bedside != stored.bedside)
        )

    def update(self) -> BedUpdate:
        """Return what others may know of the bed now."""
        if not self.others:
            return BedUpdate(self.name, self.state, self.rules, (), self.rest)
        since_ms = self.state.at_ms - self.rules.health.stale_s * 1000
        others = [(name, value) for name, (value, at_ms) in self.others.items() if at_ms > since_ms]
        return BedUpdate(self.name, self.state, self.rules, tuple(others), self.rest)

    def note_others(self, window: Window) -> None:
        """Remember the newest values of roles that nothing judges; not each window has each."""
        if window.in_bed is not None:
            self.mat_ms = window.to_ms
        if window.others:
            new = {name: (value, window.to_ms) for name, value in window.others}
            self.others = {**self.others, **new}

    def move_others(self, by_ms: int) -> None:
        """Move the times of what nothing judges, after the time line was moved."""
        if self.others:
            moved = {key: (value, at_ms + by_ms) for key, (value, at_ms) in self.others.items()}
            self.others = moved
        self.mat_ms += by_ms if self.mat_ms else 0
        self.set_up_ms += by_ms if self.set_up_ms else 0


def restored(stored: StoredBed, rules: Rules, ended_ms: int = 0) -> BedRecord:
    """Return a bed as it was stored; what cannot be read begins anew, and the log says so.

    `ended_ms`: when the server last stored anything, by its own time line; 0: that is not known.
    """
    bed = BedRecord(stored.id, stored.name, rules, seen_ms=stored.seen_ms, played=stored.played)
    try:
        if stored.state is not None:
            bed.state = from_json(stored.state)
            bed.bedside = bedside.known(stored.bedside)
            _check_moments(bed, ended_ms)
            bed.stored = bed.kept()
            if stored.noon or bed.state.minutes:
                bed.noted = began_again(bed.state, rules)
    except ValueError as error:
        # Skip the trial nights: otherwise a known bed notifies nobody for a week.
        bed.state, bed.bedside = start(trial_over=True), Bedside()
        if not bed.played and (bed.seen_ms or ended_ms):  # it is missed if it is silent
            bed.state = engine.expect(bed.state, ended_ms or bed.seen_ms)
        bed.noted = began_again(bed.state, rules)._replace(lost=True)
        logger.warning(
            "bed %s: the stored state is unusable, starting without it (%s)", bed.name, error
        )
    return bed


def _check_moments(bed: BedRecord, ended_ms: int) -> None:
    """Raise ValueError for a moment that nobody can have written, such as one in years to come.

    A bed whose time is said to lie ahead would take all its windows for old ones.
    """
    if bed.played:  # a recording has its own time
        return
    at_ms = bed.state.at_ms  # goes on while the bed is silent, but never without the server
    if ended_ms and at_ms > ended_ms + NOTED_MS:
        raise ValueError("its time lies ahead of the server's")
    latest = max(at_ms, bed.seen_ms)
    for moment in (*moments(bed.state), *moments(bed.bedside)):
        if latest and not latest - LONG_AGO_MS < moment < latest + AHEAD_MS:
            raise ValueError(f"a moment in it lies {abs(moment - latest) // DAY_MS} days away")


def catch_up(beds: Collection[BedRecord], unseen: Iterable[tuple[int, Window]]) -> None:
    """Give the beds the windows of their open minutes, which their stored states have not seen."""
    by_id = {bed.id: bed for bed in beds}
    for bed_id, window in unseen:
        bed = by_id[bed_id]
        bed.unstored_ms = 1  # the next sweep stores it, if no minute ends before
        bed.state, notices = engine.advance(bed.state, window, bed.rules)
        for notice in notices:  # a state that closes a minute is stored with its last window
            logger.error("bed %s: a notice of an earlier minute is not told: %s", bed.name, notice)
