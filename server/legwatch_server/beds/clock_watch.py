"""Notices that the machine's wall clock was set, and reckons everything anew.

The server's time line goes on by elapsed time, so a step of the wall clock changes nothing by
itself. The writer thread compares the two in each turn. After a step, the time line follows the
wall clock, and with it, in one transaction, all moments that something is still decided by. So no
minute of the step is judged, nothing is due earlier or later, and a crash leaves both or neither.

While nobody trusts the time, every hour counts as an hour of the night.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from legwatch.engine import MINUTE_MS
from legwatch.night import local
from legwatch.text.span import DAY_MIN, span
from legwatch_runtime.clock import EARLIEST_MS, Instant
from legwatch_server.beds.absence import APART_MS, Witnesses, excused
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.registry import BedRecord
from legwatch_server.inbox import Work
from legwatch_server.store.batch import Batch, StoredTime
from legwatch_server.store.errors import StoreError
from legwatch_server.store.port import WriterStore
from legwatch_server.timeline import Timeline

logger = logging.getLogger(__name__)

STEP_MS = 1500  # a smaller difference is a leap second, or a clock that is being slewed
DOUBT_STEP_MS = 60_000  # a larger step makes the time doubtful ...
FAR_MS = 30 * 86_400_000  # no clock is so far behind what was noted
DOUBT_MS = 24 * 3_600_000  # ... for so long
AGAIN_S = 5.0  # between two steps: a clock that jumps all the time must not keep the disk busy
AT_ONCE_S = 0.2  # both clocks are read within this time, or the reading does not count
NOTE_S = 60.0  # how often the time line is noted
WITNESS_S = 600.0  # after the start agents are asked so long how long the server was off
LOOK_S = 1.0  # how often it is asked whether the time is trusted


class _Move(NamedTuple):
    """Beds whose moments get names that are later by `by_ms`."""

    by_ms: int
    beds: Sequence[BedRecord]
    stored: bool = True  # what the run before has left in the store moves, too


class ClockWatch:
    """Only the writer thread uses it; `concerns` and `report` are for any thread."""

    def __init__(self, store: WriterStore, unit: UnitOfWork, timeline: Timeline) -> None:
        self._store, self._unit, self._timeline = store, unit, timeline
        self.trusts_machine = False  # the settings say that the clock is right without timesyncd
        self._stepped: Instant | None = None  # the last step, and by how much
        self._by_ms = 0
        self._tried: Instant | None = None  # the last step that was to be stored
        self._doubt_ms = 0
        self._noted: Instant | None = None
        self._looked: Instant | None = None
        self._why = ""  # the time is not trusted; empty: it is
        self._began = timeline.instant()
        self._ended_ms = 0  # the last moment before a time off that nobody knows; 0: it is known
        noted = store.time()
        # The machine has ended since the server was here last, or that is not sure.
        self.has_rebooted = bool(timeline.boot and noted and noted.boot != timeline.boot)
        self._go_on(unit.ended)
        self._witnesses = Witnesses(unit.beds, unit.boots, self._ended_ms)
        self._back_ms = 0  # what is older than the start has moved by so much since
        if self._ended_ms:
            now_ms, longest_ms = timeline.now_ms(), int(WITNESS_S * 1000)
            unit.excuses.beds = excused(unit.beds, self._ended_ms, now_ms, longest_ms)

    def _go_on(self, stored: StoredTime | None) -> None:
        """Go on with the time line of the last run, as far as its time can be known."""
        if stored is None:
            return
        timeline, up_ms = self._timeline, self._timeline.up_ms()
        seen_ms = max((bed.seen_ms for bed in self._unit.beds.values()), default=0)
        if stored.at_ms > max(timeline.now_ms(), seen_ms) + FAR_MS:
            logger.warning("the noted time cannot be right: it is not used")
            return
        self._doubt_ms = min(stored.doubt_ms, stored.at_ms + DOUBT_MS)
        same_run = stored.boot and stored.boot == timeline.boot
        if same_run and stored.zero_ms <= stored.at_ms <= stored.zero_ms + up_ms:
            timeline.begin(stored.zero_ms)
            return
        self._ended_ms = stored.at_ms
        if timeline.now_ms() < stored.at_ms:  # nobody knows for how long the machine was off
            timeline.begin(stored.at_ms - up_ms)

    def look(self) -> bool:
        """Compare the two clocks; True if there was a step and everything was reckoned anew."""
        by_ms = self._difference_ms()
        stepped = by_ms is not None and abs(by_ms) > STEP_MS and self._rested()
        if stepped and by_ms is not None:
            stepped = self._step(by_ms)
        now = self._timeline.instant()
        if stepped or self._looked is None or now.since(self._looked) >= LOOK_S:
            self._looked = now
            self._judge()
        return stepped

    @property
    def asks(self) -> bool:
        """True while nobody knows how long the server was off."""
        return bool(self._ended_ms)

    def hear(self, work: Sequence[Work]) -> bool:
        """Ask the first windows how long the server was off; True if all was reckoned anew."""
        if not self._ended_ms:
            return False
        if self._timeline.instant().since(self._began) > WITNESS_S:
            self._ended_ms = 0
            return False
        try:
            by_ms = self._witnesses.ahead_ms(work)
        except StoreError:
            return False
        return by_ms is not None and self._put_right(by_ms)

    def _put_right(self, by_ms: int) -> bool:
        """Move what is stored by what the clocks went wrong while the server was off."""
        ended_ms, self._ended_ms = self._ended_ms, 0
        if abs(by_ms) <= APART_MS:
            return False
        if not self._reckon(by_ms, moves_line=False):
            self._ended_ms = ended_ms
            return False
        logger.warning(
            "while this server was off, its clock went %s against the bedsides'; all times are"
            " reckoned anew",
            in_words(by_ms),
        )
        return True

    def note(self, batch: Batch) -> None:
        """Note the time line with a batch that is stored anyway, once a minute."""
        now = self._timeline.instant()
        if self._noted is None or now.since(self._noted) >= NOTE_S:
            self._noted, batch.time = now, self._time()

    def concerns(self) -> Iterator[str]:
        """Yield a sentence while the time is not trusted."""
        if self._why:
            yield f"the time is not trusted: {self._why}; every hour counts as night"

    def report(self) -> dict[str, Any]:
        """Return what /health shows of the clock."""
        found: dict[str, Any] = {"trusted": not self._why}
        if self._stepped is not None:
            age_s = self._timeline.instant().since(self._stepped)
            found["last_step"] = {"by_s": round(self._by_ms / 1000), "age_s": round(age_s)}
        return found

    def _difference_ms(self) -> int | None:
        """Return by how much the wall clock is ahead; None: it cannot be right, or not be read."""
        before = self._timeline.instant()
        wall_ms, line_ms = self._timeline.wall_ms(), self._timeline.now_ms()
        at_once = self._timeline.instant().since(before) < AT_ONCE_S
        return wall_ms - line_ms if at_once and wall_ms >= EARLIEST_MS else None

    def _rested(self) -> bool:
        return self._tried is None or self._timeline.instant().since(self._tried) >= AGAIN_S

    def _step(self, by_ms: int) -> bool:
        """Follow the wall clock; False: the store fails, and all is as before."""
        self._tried = self._timeline.instant()
        if not self._reckon(by_ms, moves_line=True):
            return False
        logger.warning(
            "the clock of this machine was set %s; all times are reckoned anew", in_words(by_ms)
        )
        return True

    def _reckon(self, by_ms: int, *, moves_line: bool) -> bool:
        """Move what is stored, and the time line with it; False: the store fails, as before."""
        unit, doubt_ms = self._unit, self._doubt_ms
        before_ms = self._timeline.now_ms() - (0 if moves_line else by_ms)
        only_line, moves = moves_line and self.asks, self._moves(by_ms, moves_line=moves_line)
        unit.begin()
        moved = False
        try:
            evening = "" if only_line else self._evening(before_ms, by_ms)
            with self._store.transaction() as tx:
                # No outbox is at work now: each reads the time within a transaction of its own.
                if moves_line:
                    self._timeline.move(by_ms)
                    moved = True
                self._doubt(by_ms, moves_line=moves_line)
                for move in moves:
                    unit.time_shift.move(
                        move.by_ms, move.beds, self._timeline.now_ms(), stored=move.stored
                    )
                batch = unit.finish()
                batch.time = self._time()
                tx.write(batch)
                # What was due while the line was ahead has left: nothing may be later by that.
                tx.move(by_ms if moves_line else min(by_ms, 0), evening)
        except StoreError as error:
            if moved:
                self._timeline.move(-by_ms)
            self._doubt_ms = doubt_ms
            unit.undo()
            logger.warning(
                "the clock was set, but that could not be stored, trying again: %s", error
            )
            return False
        unit.committed(self._timeline.now_ms())
        for move in moves:
            unit.time_shift.after_move(move.by_ms, move.beds)
        if moves_line:
            unit.time_shift.after_step(by_ms)
        if only_line:
            self._back_ms += moves[0].by_ms
        self._witnesses.begin_anew(moves[0].beds)
        self._stepped, self._by_ms = self._timeline.instant(), by_ms
        return True

    def _moves(self, by_ms: int, *, moves_line: bool) -> Sequence[_Move]:
        """Return which beds move, and by how much.

        While nobody knows how long the server was off, what is older than its start has the names
        of the run before: a step of the wall clock does not change them, only witnesses do. But
        nothing of it may be later than now.
        """
        beds, now_ms = list(self._unit.beds.values()), self._timeline.now_ms()
        seen = self._witnesses
        if not moves_line:
            return [_Move(by_ms, [bed for bed in beds if not seen.has_lived(bed, by_ms, now_ms)])]
        if not self.asks:
            return [_Move(by_ms, beds)]
        # Beds move by whole minutes: rather back too far, or somebody would hear too late.
        back_ms = min(0, now_ms + by_ms - self._ended_ms) // MINUTE_MS * MINUTE_MS
        stood = [bed for bed in beds if not seen.has_gone_on(bed)]
        lived = [bed for bed in beds if seen.has_gone_on(bed)]
        return [_Move(back_ms - self._back_ms, stood), _Move(by_ms, lived, stored=False)]

    def _doubt(self, by_ms: int, *, moves_line: bool) -> None:
        now_ms = self._timeline.now_ms()
        until_ms = self._doubt_ms + (by_ms if moves_line else 0) if self._doubt_ms else 0
        if abs(by_ms) > DOUBT_STEP_MS:
            until_ms = now_ms + DOUBT_MS
        self._doubt_ms = until_ms

    def _evening(self, now_ms: int, by_ms: int) -> str:
        """Return the evening of the last rehearsal as its date is after the step; empty: none."""
        last, zone = self._store.rehearsed(), self._unit.rules.zone
        if not last:
            return ""
        then, now = (local(ms, zone).date() for ms in (now_ms, now_ms + by_ms))
        return (date.fromisoformat(last) + (now - then)).isoformat()

    def _time(self) -> StoredTime:
        line = self._timeline
        boot = "" if self._ended_ms else line.boot  # after a crash now, it is asked again
        return StoredTime(boot, line.zero_ms, line.now_ms(), self._doubt_ms)

    def _judge(self) -> None:
        """Find out whether the time is trusted, and let every hour be night while it is not."""
        why = self._doubts()
        if bool(why) != bool(self._why):
            logger.warning(
                "%s", f"the time is not trusted: {why}" if why else "the time is trusted"
            )
        self._why = why
        self._unit.rules.watch_all_day(bool(why))

    def _doubts(self) -> str:
        if self._timeline.wall_ms() < EARLIEST_MS:
            return "the clock of this machine stands before the year 2025"
        if self._timeline.awaits_time() and not self.trusts_machine:
            return "no time server has set the clock since the machine has started"
        if self._doubt_ms > self._timeline.now_ms():
            return "the clock was set by more than a minute within the last 24 h"
        return ""


def in_words(by_ms: int) -> str:
    """Return a step in words."""
    if abs(by_ms) >= 2 * DAY_MIN * MINUTE_MS:
        return f"{'ahead' if by_ms > 0 else 'back'} by {span(abs(by_ms) / MINUTE_MS)}"
    hours, rest = divmod(abs(by_ms) // 1000, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    said = " ".join(f"{number} {unit}" for number, unit in parts if number)
    return f"{'ahead' if by_ms > 0 else 'back'} by {said}"
