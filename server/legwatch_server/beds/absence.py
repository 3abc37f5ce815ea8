"""How far the time line has left the agents' clocks while the server was off.

After a start of the machine nobody on it knows for how long it was off, but for its wall clock,
which may be wrong. The elapsed clock of an agent that ran all the time knows.
"""

from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import NamedTuple

from legwatch_server.beds.boots import Boots
from legwatch_server.beds.placement import has_a_clock, zero_of
from legwatch_server.beds.registry import BedRecord
from legwatch_server.inbox import WindowArrived, Work
from legwatch_server.ingest.anchor import Sign, at_pace

LIVE_MS = 600_000  # an agent that was silent for longer before the end is no witness
PAIR_MS = 5_000  # between two windows that show the pace
APART_MS = 30_000  # a smaller difference does not move a minute


def excused(
    beds: Mapping[str, BedRecord], ended_ms: int, now_ms: int, longest_ms: int
) -> dict[str, int]:
    """Return until when the silence of each bed wakes nobody: nobody knows how long it is.

    A bedside that has died is told when it was silent for long enough while the server ran.
    """
    found = {}
    for name, bed in beds.items():
        before_ms = max(0, ended_ms - bed.state.bed.signals.window_ms)
        least_ms = bed.rules.health.agent_s * 1000 - before_ms
        found[name] = now_ms + max(0, min(longest_ms, least_ms))
    return found


class _Heard(NamedTuple):
    """What an agent has told first: the next window is compared with it."""

    sign: Sign
    before_ms: int  # the zero of its clock by the run before


class Witnesses:
    """The agents that ran while the server was off; only the writer thread uses them.

    What waited, in an agent or at a broker, seems to come late, and a whole queue comes in a
    moment. So only an agent whose windows come as they are measured shows that the time line is
    ahead. Nothing comes before it is measured: one window shows that the line is behind.
    """

    def __init__(self, beds: Mapping[str, BedRecord], boots: Boots, ended_ms: int) -> None:
        self._beds, self._boots = beds, boots
        self._live = {name for name, bed in beds.items() if bed.seen_ms >= ended_ms - LIVE_MS}
        self._stood = {name: bed.state.at_ms for name, bed in beds.items()}
        self._heard: dict[tuple[str, str], _Heard] = {}

    def begin_anew(self, stood: Sequence[BedRecord]) -> None:
        """Forget the pace, after the time line was moved; these beds stand still at a new name."""
        self._heard.clear()
        self._stood.update((bed.name, bed.state.at_ms) for bed in stood)

    def ahead_ms(self, work: Sequence[Work]) -> int | None:
        """Return by how much the time line is ahead of the agents' clocks; None: not known yet."""
        found: dict[str, int] = {}
        for one in work:
            if not isinstance(one, WindowArrived):
                continue
            by_ms = self._shown_ms(one)
            if by_ms is not None:
                found[one.bed] = min(by_ms, found.get(one.bed, by_ms))
        return median_low(found.values()) if found else None

    def has_lived(self, bed: BedRecord, by_ms: int, now_ms: int) -> bool:
        """Return True for a bed that has gone on by the time line of this run."""
        if any(key[0] == bed.name for key in self._heard):
            return bed.state.at_ms + by_ms > now_ms + PAIR_MS
        return self.has_gone_on(bed)

    def has_gone_on(self, bed: BedRecord) -> bool:
        """Return True for a bed whose time has gone on since the start."""
        return bed.state.at_ms != self._stood.get(bed.name)

    def _shown_ms(self, one: WindowArrived) -> int | None:
        """Return by how much the line is ahead of this agent's clock; None: it does not show it."""
        bed = self._beds.get(one.bed)
        if bed is None or one.bed not in self._live or bed.played or not has_a_clock(one.window):
            return None
        boot = self._boots.known(bed, one.window.boot)
        if boot is None or self._boots.is_new(boot):
            return None
        zero_ms, key = zero_of(bed, one.window, one.message), (one.bed, one.window.boot)
        sign = Sign(one.window.mono_ms, one.message.arrived_ms, zero_ms)
        first = self._heard.get(key)
        if first is None:
            if boot.anchor is None or not boot.anchor.sure:
                return None
            first = self._heard[key] = _Heard(sign, boot.anchor.zero_ms)
        by_ms = zero_ms - first.before_ms
        if by_ms < -APART_MS:
            return by_ms
        if sign.mono_ms - first.sign.mono_ms < PAIR_MS:
            return None
        if at_pace(first.sign, sign):
            return by_ms
        self._heard[key] = first._replace(sign=sign)
        return None
