"""Where the elapsed clock of one start of an agent stands on the server's time line.

Each window tells by that clock when it ended, and no step of a wall clock moves it. A window that
arrives gives an estimate of the clock's zero: its arrival, minus its waiting time in the agent,
minus its own time. Delays only add, so the earliest estimate is the best.
"""

from typing import NamedTuple

NEAR_MS = 5_000  # two estimates of one moment: networks and a slewed clock do so much
SPAN_MS = 60_000  # for so long windows have to come as they are measured
FIRST_SPAN_MS = 1_000  # the same while little is known
PACE = 0.9


class Sign(NamedTuple):
    """What a window says of its agent's clock, UTC ms but for `mono_ms`."""

    mono_ms: int
    arrived_ms: int
    zero_ms: int  # the clock was at zero then, or before


class Anchor(NamedTuple):
    """The zero of an agent's clock, and the span of windows by which it may rise.

    `sure`: the windows did not wait at a broker for a time that nobody knows.
    """

    zero_ms: int
    sure: bool
    since: Sign | None = None  # with which the span begins
    least_ms: int = 0  # the earliest estimate in the span


def after(was: Anchor, sign: Sign) -> Anchor:
    """Take in what the next window says; most windows change nothing."""
    since = was.since
    if since is None:
        since, was = sign, was._replace(since=sign, least_ms=sign.zero_ms)
    if sign.zero_ms < was.zero_ms:
        sure = was.sure and sign.zero_ms >= was.zero_ms - NEAR_MS
        was = was._replace(zero_ms=sign.zero_ms, sure=sure)
    if sign.zero_ms < was.least_ms:
        was = was._replace(least_ms=sign.zero_ms)
    if sign.mono_ms - since.mono_ms < (SPAN_MS if was.sure else FIRST_SPAN_MS):
        return was
    if at_pace(since, sign):
        was = was._replace(zero_ms=max(was.zero_ms, was.least_ms), sure=True)
    return was._replace(since=sign, least_ms=sign.zero_ms)


def is_settled(anchor: Anchor, mono_ms: int, zero_ms: int) -> bool:
    """Return True if a window that says this changes nothing, as most do: `after` is not needed."""
    since = anchor.since
    return (
        since is not None
        and anchor.sure
        and zero_ms >= anchor.least_ms
        and zero_ms >= anchor.zero_ms
        and mono_ms - since.mono_ms < SPAN_MS
    )


def at_pace(since: Sign, sign: Sign) -> bool:
    """Return True if windows came as they were measured: a queue empties much faster."""
    return sign.arrived_ms - since.arrived_ms >= PACE * (sign.mono_ms - since.mono_ms)


def moved(anchor: Anchor, by_ms: int) -> Anchor:
    """Return the anchor after the time line was moved; the span begins anew."""
    return Anchor(anchor.zero_ms + by_ms, anchor.sure)
