"""Corrects the times of windows, and marks windows that are too late for an alert.

The agent's elapsed clock says when a window ended, since nobody can set that clock. The agent's own
times are kept where they agree with it.
"""

from typing import NamedTuple

from legwatch.contract.press import Press
from legwatch.contract.told_at_bed import ToldAtBed
from legwatch.events import PLAYED, ClockTrust, Window
from legwatch.named_tuples import maker
from legwatch_server.ingest.anchor import NEAR_MS, Anchor

SYNCED = ClockTrust.SYNCED.value
AHEAD_MS = 300_000  # a clock further ahead than this is wrong
EARLIEST_MS = 1_577_836_800_000  # 2020-01-01: no synchronised clock is earlier


class Timestamped(NamedTuple):
    """A window with corrected times."""

    window: Window
    late: bool
    clock_wrong: bool  # the window says `synced`, but its time is impossible


_timestamped = maker(Timestamped)


def correct(window: Window, arrived_ms: int, fresh_s: int, anchor: Anchor | None) -> Timestamped:
    """Correct the times of a window that arrived at `arrived_ms`; a late window never alerts.

    A recording keeps its own timeline; only its waiting time in the agent makes a window late.
    Without an anchor, a window whose clock is not set or impossible ends at the arrival minus the
    waiting time; if the waiting time is unknown too, the window counts as late.
    """
    fresh_ms, age_ms = fresh_s * 1000, window.age_ms
    if window.clock == PLAYED:
        return _timestamped((window, (age_ms or 0) > fresh_ms, False))
    to_ms, synced = window.to_ms, window.clock == SYNCED
    if synced and _is_right(window, arrived_ms, anchor):
        late = max(age_ms or 0, arrived_ms - to_ms) > fresh_ms
        return _timestamped((window, late, False))
    if anchor is None:
        placed_ms, late = arrived_ms - (age_ms or 0), age_ms is None or age_ms > fresh_ms
    else:
        placed_ms = anchor.zero_ms + window.mono_ms
        late = not anchor.sure or arrived_ms - placed_ms > fresh_ms
    moved = window._replace(from_ms=window.from_ms + placed_ms - to_ms, to_ms=placed_ms)
    return Timestamped(moved, late, clock_wrong=synced)


def _is_right(window: Window, arrived_ms: int, anchor: Anchor | None) -> bool:
    """Return True if the times of a synchronised agent can be right."""
    to_ms = window.to_ms
    if anchor is None:
        return EARLIEST_MS <= to_ms <= arrived_ms + AHEAD_MS
    if abs(anchor.zero_ms + window.mono_ms - to_ms) <= NEAR_MS:
        return True
    return abs(arrived_ms - (window.age_ms or 0) - to_ms) <= NEAR_MS


def pressed_ms(
    press: Press | ToldAtBed, arrived_ms: int, *, played: bool, ahead_ms: int = 0
) -> int:
    """Return when a button was pressed, or a bedside told something, UTC ms.

    It is by the agent's clock if the time is possible.

    `ahead_ms`: by how much the agent's clock was ahead when its last window came. If its clock is
    not set or impossible, return the arrival minus the waiting time, if known. For a played bed,
    return the time on the recording's timeline.
    """
    if played:
        return press.at_ms
    at_ms = press.at_ms - (ahead_ms if abs(ahead_ms) > NEAR_MS else 0)
    plausible = press.clock == SYNCED and EARLIEST_MS <= at_ms <= arrived_ms + AHEAD_MS
    return min(at_ms, arrived_ms) if plausible else arrived_ms - (press.age_ms or 0)
