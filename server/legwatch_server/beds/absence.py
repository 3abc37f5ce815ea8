"""How far the time line has left the agents' clocks while the server was off.

After a start of the machine nobody on it knows for how long it was off, but for its wall clock,
which may be wrong. The elapsed clock of an agent that ran all the time knows.
"""

from collections.abc import Mapping, Sequence
from statistics import median_low

from legwatch_server.beds.boots import Boots
from legwatch_server.beds.placement import has_a_clock, zero_of
from legwatch_server.beds.registry import BedRecord
from legwatch_server.inbox import WindowArrived, Work

LIVE_MS = 600_000  # an agent that was silent for longer before the end is no witness


def ahead_ms(
    work: Sequence[Work], beds: Mapping[str, BedRecord], boots: Boots, ended_ms: int
) -> int | None:
    """Return by how much the time line is ahead of the agents' clocks; None: no agent knows.

    `ended_ms` is the last moment of the run before. A window that waited seems to come from an
    agent that is behind, so the latest window of each bed counts.
    """
    found: dict[str, int] = {}
    for one in work:
        if not isinstance(one, WindowArrived) or not has_a_clock(one.window):
            continue
        bed = beds.get(one.bed)
        if bed is None or bed.played or bed.seen_ms < ended_ms - LIVE_MS:
            continue
        boot = boots.known(bed, one.window.boot)
        if boot is None or boots.is_new(boot) or boot.anchor is None or not boot.anchor.sure:
            continue
        by_ms = zero_of(bed, one.window, one.message) - boot.anchor.zero_ms
        found[one.bed] = min(by_ms, found.get(one.bed, by_ms))
    return median_low(found.values()) if found else None
