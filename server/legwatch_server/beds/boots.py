"""The starts of agents: which of their windows have come, also for `undo` after a failed commit."""

from collections.abc import Iterable

from legwatch.events import Window
from legwatch_server.beds.registry import BedRecord, SequenceTracker
from legwatch_server.ingest.anchor import Anchor, moved
from legwatch_server.store.port import WriterStore


class Boots:
    """The sequence trackers of one batch; only the writer thread uses them."""

    def __init__(self, store: WriterStore) -> None:
        self._store, self._next = store, store.next_boot_id()
        self._first_new, self._first_new_bed = self._next, store.next_bed_id()
        self._moved_ms = 0  # since this process began; the stored windows are not moved
        self.begin()

    def begin(self) -> None:
        """Start a new batch."""
        self.touched: dict[int, tuple[BedRecord, SequenceTracker]] = {}
        self.new: list[tuple[int, int, str, int]] = []  # id, bed id, boot, first `upto`
        self._before: dict[int, tuple[int, set[int] | None, Anchor | None]] = {}
        self._first, self._moved_before_ms = self._next, self._moved_ms

    def undo(self) -> None:
        """Restore all trackers of the batch, and forget the new ones."""
        for ident, (bed, boot) in self.touched.items():
            if ident >= self._first:
                bed.boots = tuple(other for other in bed.boots if other is not boot)
            else:
                boot.upto, boot.ahead, boot.anchor = self._before[ident]
        self._next, self._moved_ms = self._first, self._moved_before_ms

    def all(self, beds: Iterable[BedRecord]) -> list[tuple[int, int, str, int]]:
        """Return the rows of all trackers in memory: id, bed id, boot, upto."""
        return [(b.id, bed.id, b.boot, b.upto) for bed in beds for b in bed.boots]

    def of_window(
        self, bed: BedRecord, window: Window, known: SequenceTracker | None
    ) -> SequenceTracker:
        """Return the tracker of a window's boot: `known`, or a new one."""
        boot = known
        if boot is None:
            first = min((window.low or window.seq) - 1, window.seq - 1)
            boot = SequenceTracker(self._next, window.boot, first, stored_upto=first)
            self._next += 1
            self.new.append((boot.id, bed.id, window.boot, first))
            bed.boots = (*bed.boots, boot)
        self._touch(bed, boot)
        if window.low is not None:
            boot.holds_from(window.low)
        return boot

    def known(self, bed: BedRecord, name: str) -> SequenceTracker | None:
        """Return the tracker of a boot that is in memory or in the store, else None."""
        boot = bed.boot(name)
        if boot is None and bed.id < self._first_new_bed:  # all of newer beds are in memory
            stored = self._store.boot(bed.id, bed.name, name)
            if stored is None:
                return None
            boot = SequenceTracker(stored.id, name, stored.upto, stored.ahead or None, stored.upto)
            if stored.zero_ms is not None:
                boot.anchor = Anchor(stored.zero_ms + self._moved_ms, stored.sure)
            boot.close()  # the stored number is as old as the last stored minute
            bed.boots = (*bed.boots, boot)
        return boot

    def is_new(self, boot: SequenceTracker) -> bool:
        """Return True if no earlier run of the server has heard of this boot."""
        return boot.id >= self._first_new

    def count(self, bed: BedRecord, name: str, seq: int) -> bool:
        """Count a window as received that cannot be used; False: its boot is not known."""
        boot = self.known(bed, name)
        if boot is None:
            return False
        self._touch(bed, boot)
        if not boot.has(seq):
            boot.add(seq)
        return True

    def shift(self, beds: Iterable[BedRecord], by_ms: int, *, stored: bool) -> None:
        """Let the clocks of the agents go on after the time line was moved; `stored` ones, too."""
        self._moved_ms += by_ms if stored else 0
        for bed in beds:
            for boot in bed.boots:
                if boot.anchor is not None:
                    self._touch(bed, boot)
                    boot.anchor = moved(boot.anchor, by_ms)

    def _touch(self, bed: BedRecord, boot: SequenceTracker) -> None:
        if boot.id not in self.touched:
            self.touched[boot.id] = (bed, boot)
            ahead = None if boot.ahead is None else set(boot.ahead)
            self._before[boot.id] = (boot.upto, ahead, boot.anchor)
