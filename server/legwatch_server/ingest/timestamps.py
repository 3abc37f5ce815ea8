"""Corrects the times of windows, and marks windows that are too late for an alert."""

from typing import NamedTuple

from legwatch.contract.press import Press
from legwatch.events import ClockTrust, Window

AHEAD_MS = 300_000  # a clock further ahead than this is wrong
EARLIEST_MS = 1_577_836_800_000  # 2020-01-01: no synchronised clock is earlier


class Timestamped(NamedTuple):
    """A window with corrected times."""

    window: Window
    late: bool
    clock_wrong: bool  # the window says `synced`, but its time is impossible


def correct(window: Window, arrived_ms: int, fresh_s: int) -> Timestamped:
    """Correct the times of a window that arrived at `arrived_ms`; a late window never alerts.

    A recording keeps its own timeline; only its waiting time in the agent makes a window late. If
    the agent's clock is not set or impossible, the window ends at the arrival minus the waiting
    time. If the waiting time is unknown too, the window counts as late.
    """
    fresh_ms, age_ms = fresh_s * 1000, window.age_ms
    if window.clock == ClockTrust.PLAYED:
        return Timestamped(window, (age_ms or 0) > fresh_ms, clock_wrong=False)
    behind_ms = arrived_ms - window.to_ms
    synced = window.clock == ClockTrust.SYNCED
    if synced and behind_ms >= -AHEAD_MS and window.to_ms >= EARLIEST_MS:
        return Timestamped(window, max(age_ms or 0, behind_ms) > fresh_ms, clock_wrong=False)
    shift_ms = behind_ms - (age_ms or 0)
    moved = window._replace(from_ms=window.from_ms + shift_ms, to_ms=window.to_ms + shift_ms)
    return Timestamped(moved, age_ms is None or age_ms > fresh_ms, clock_wrong=synced)


def pressed_ms(press: Press, arrived_ms: int, *, played: bool) -> int:
    """Return when a button was pressed, UTC ms: by the agent's clock if the time is possible.

    If the agent's clock is not set or impossible, return the arrival minus the waiting time, if
    known. For a played bed, return the time on the recording's timeline.
    """
    if played:
        return press.at_ms
    plausible = (
        press.clock == ClockTrust.SYNCED and EARLIEST_MS <= press.at_ms <= arrived_ms + AHEAD_MS
    )
    return min(press.at_ms, arrived_ms) if plausible else arrived_ms - (press.age_ms or 0)
