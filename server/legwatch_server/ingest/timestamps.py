"""Where in time a window belongs, and whether it comes too late to alert anybody."""

from typing import NamedTuple

from legwatch.contract.press import Press
from legwatch.events import ClockTrust, Window

AHEAD_MS = 300_000  # a clock further ahead than this is wrong
EARLIEST_MS = 1_577_836_800_000  # 2020-01-01: a synchronised clock cannot say less


class Timestamped(NamedTuple):
    """A window on its place in time."""

    window: Window
    late: bool
    clock_wrong: bool  # it said `synced` and cannot be


def correct(window: Window, arrived_ms: int, fresh_s: int) -> Timestamped:
    """Place a window that arrived at `arrived_ms`; late ones are history, never alerted.

    A recording keeps its own time line and is late only by the time it waited in the agent. A clock
    that is not set, or cannot be right, is replaced by the arrival less that waiting time; without
    one the window is taken as late, because its age cannot be told.
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
    """Return when a button was pressed: by its own time where that can be right, UTC ms.

    With a clock that is not set it is the arrival, less the time that the press waited if that is
    known. Beside a recording the press is on the recording's time line.
    """
    if played:
        return press.at_ms
    told = press.clock == ClockTrust.SYNCED and EARLIEST_MS <= press.at_ms <= arrived_ms + AHEAD_MS
    return min(press.at_ms, arrived_ms) if told else arrived_ms - (press.age_ms or 0)
