"""Finds out when the windows of a batch were measured, by the elapsed clocks of their agents."""

from collections.abc import Mapping, Sequence

from legwatch.events import PLAYED, ClockTrust, Window
from legwatch_server.beds.registry import BedRecord, SequenceTracker
from legwatch_server.inbox import Message, WindowArrived, Work
from legwatch_server.ingest.anchor import NEAR_MS, Anchor, Sign, after, is_settled
from legwatch_server.ingest.timestamps import EARLIEST_MS, Timestamped, correct

SYNCED, UNSYNCED = ClockTrust.SYNCED.value, ClockTrust.UNSYNCED.value


class Placement:
    """The windows of one batch; only the writer thread uses it."""

    def __init__(self, beds: Mapping[str, BedRecord]) -> None:
        self._beds = beds
        self.begin()

    def begin(self, coming: Sequence[Work] = ()) -> None:
        """Start a new batch, in which these messages come."""
        self._coming = coming
        self._signs: dict[tuple[str, str], list[Sign]] | None = None

    def place(
        self, bed: BedRecord, boot: SequenceTracker, window: Window, message: Message
    ) -> Timestamped:
        """Return a window with its times on the server's time line; keeps the anchor of its boot.

        The caller has to restore the anchor if the batch is not committed.
        """
        fresh_s = bed.rules.alerts.fresh_s
        if not has_a_clock(window):
            return correct(window, message.arrived_ms, fresh_s, None)
        anchor, zero_ms = boot.anchor, zero_of(bed, window, message)
        if anchor is None or not is_settled(anchor, window.mono_ms, zero_ms):
            sign = Sign(window.mono_ms, message.arrived_ms, zero_ms)
            if anchor is None or not anchor.sure:
                anchor = self._begun(bed, window, sign, anchor)
            boot.anchor = anchor = after(anchor, sign)
        placed = correct(window, message.arrived_ms, fresh_s, anchor)
        if not placed.late:
            off_ms = window.to_ms - placed.window.to_ms
            bed.ahead_ms = off_ms if window.clock == SYNCED else None
        return placed

    def _begun(self, bed: BedRecord, window: Window, sign: Sign, was: Anchor | None) -> Anchor:
        """Return what this batch says of a boot that is new, or of which little is known."""
        signs = self._coming_signs().get((bed.name, window.boot), [sign])
        zeros = [one.zero_ms for one in signs]
        zero_ms, sure = min(zeros), max(zeros) - min(zeros) <= NEAR_MS
        if window.clock == SYNCED and window.to_ms >= EARLIEST_MS:
            # What waited at a broker was measured earlier than it seems; the agent knows when.
            hint_ms = window.to_ms - window.mono_ms
            zero_ms, sure = min(zero_ms, hint_ms), sure and hint_ms >= zero_ms - NEAR_MS
        if was is not None:
            return was._replace(zero_ms=min(zero_ms, was.zero_ms))
        return Anchor(zero_ms, sure and _age_ms(bed, window) is not None)

    def _coming_signs(self) -> dict[tuple[str, str], list[Sign]]:
        """Return what all windows of the batch say, by bed and boot."""
        if self._signs is None:
            self._signs = {}
            for work in self._coming:
                if isinstance(work, WindowArrived) and has_a_clock(work.window):
                    bed, window = self._beds.get(work.bed), work.window
                    arrived_ms, zero_ms = (
                        work.message.arrived_ms,
                        zero_of(bed, window, work.message),
                    )
                    sign = Sign(window.mono_ms, arrived_ms, zero_ms)
                    self._signs.setdefault((work.bed, window.boot), []).append(sign)
        return self._signs


def unplaced(beds: Mapping[str, BedRecord], work: object) -> bool:
    """Return True for a window that only the windows behind it can place well.

    Its agent has no clock, and nothing is known of this boot yet.
    """
    if not isinstance(work, WindowArrived) or work.window.clock != UNSYNCED:
        return False
    bed = beds.get(work.bed)
    boot = bed.boot(work.window.boot) if bed is not None else None
    return boot is None or boot.anchor is None


def has_a_clock(window: Window) -> bool:
    """Return True if the elapsed clock can be one: it began before the window."""
    return window.clock != PLAYED and window.mono_ms >= window.to_ms - window.from_ms


def _age_ms(bed: BedRecord | None, window: Window) -> int | None:
    """Return how long a window waited in its agent, by the agent's elapsed clock.

    Of a window of an earlier start an agent knows that only by its wall clock, if that was set; and
    if it was not, by the machine's elapsed clock or not at all.
    """
    info = bed.bedside.info if bed is not None else None
    live = info is None or info.boot in ("", window.boot) or window.clock == UNSYNCED
    return window.age_ms if live else None


def zero_of(bed: BedRecord | None, window: Window, message: Message) -> int:
    """Return when its agent's elapsed clock was at zero at the latest, UTC ms."""
    waited_ms = (_age_ms(bed, window) or 0) if window.age_ms else 0
    return message.arrived_ms - waited_ms - window.mono_ms
