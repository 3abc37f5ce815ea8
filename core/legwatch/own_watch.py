"""A bed as its own bedside judges it, beside the server: limits, state and time.

A window that the bedside's set clock has named keeps its time, as at the server; another gets it by
the elapsed clock, which nobody can set. What the server hands over says how both stand to the
server's time.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from legwatch import engine
from legwatch.alerting.notice import Notice
from legwatch.bed import Bed
from legwatch.contract.bed_rules import BedRules
from legwatch.engine import MINUTE_MS, BedState
from legwatch.events import Ack, Away, ClockTrust, Snooze, Window
from legwatch.limits.rules import Rules, always_night
from legwatch.moments import shifted
from legwatch.state_codec import from_json

# A state that is older tells of another night: of it only the trial nights are taken over. What
# lies between a younger one and now is not judged, as after a rest of the server.
FRESH_MS = 12 * 3_600_000
GAP_MS = 30_000  # for so long the bedside has not measured: nothing is known of this time
STEP_MS = 5_000  # the clock was set, and did not only drift

Notices = tuple[Notice, ...]
_NONE: Notices = ()
Judged = Callable[[Mapping[str, Any]], Rules]  # reads the table of limits


class OwnWatch(NamedTuple):
    """One bed. `zero_ms`: its time when the elapsed clock was at zero; None: no window has come.

    `ahead_ms`: by how much the wall clock is ahead of the bed's time. `timed`: a clock that was set
    has said what time it is; until then every hour is one of the night.
    """

    state: BedState
    limits: Rules
    sensors: tuple[str, ...] = ()  # those that are set up
    zero_ms: int | None = None
    ahead_ms: int = 0
    timed: bool = False

    @property
    def rules(self) -> Rules:
        """The limits in force."""
        return self.limits if self.timed else always_night(self.limits)

    def at_ms(self, mono_ms: int) -> int:
        """Return the bed's time at a moment of the elapsed clock, UTC ms; 0 before any window."""
        return 0 if self.zero_ms is None else self.zero_ms + mono_ms


class Handed(NamedTuple):
    """What the server has handed over, read; the other fields as in BedRules."""

    limits: Rules
    state: BedState
    to_ms: int = 0
    boot: str = ""
    seq: int = 0


def read(rules: BedRules, judged: Judged) -> Handed:
    """Read what the server hands over; raises ValueError for what cannot be used."""
    limits = judged(json.loads(rules.limits))
    return Handed(limits, from_json(rules.state), *rules[2:])


def begun(limits: Rules, sensors: Collection[str] = ()) -> OwnWatch:
    """Return a bed of which nothing is known yet."""
    return OwnWatch(_anew(engine.start(), sensors), limits, tuple(sensors))


def from_then(was: OwnWatch, handed: Handed) -> OwnWatch:
    """Return the bed as it was handed over before any window has come."""
    return was._replace(state=handed.state, limits=handed.limits)


def judge(was: OwnWatch, window: Window) -> tuple[OwnWatch, Notices]:
    """Take in the next window of the bedside."""
    now = _timed(was, window)
    to_ms = now.at_ms(window.mono_ms)
    from_ms = to_ms - (window.to_ms - window.from_ms)
    state, before = now.state, _NONE
    if was.zero_ms is None:
        state = _first(now, to_ms)
    if state.minute_end_ms and from_ms - state.at_ms > GAP_MS:
        # A window closes all minutes that ended before it; those of this time are excused, too.
        passed, before = engine.advance(state, Away(to_ms - 1 + engine.GRACE_MS), now.rules)
        state = passed._replace(at_ms=from_ms)
    placed = window._replace(from_ms=from_ms, to_ms=to_ms)
    state, notices = engine.advance(state, placed, now.rules)
    return now._replace(state=state), before + notices


def answer(was: OwnWatch, event: Ack | Snooze) -> tuple[OwnWatch, Notices]:
    """Take in what somebody answers at the bed; its time is that of the bed."""
    state, notices = engine.advance(was.state, event, was.rules)
    return was._replace(state=state), notices


def take_over(was: OwnWatch, handed: Handed, recent: Sequence[Window]) -> tuple[OwnWatch, Notices]:
    """Go on from what the server knows; `recent` are the last windows, oldest first.

    Those that the server has not judged are judged once more. A state of which it is not known how
    old it is changes nothing but the limits and the trial nights.
    """
    own = next((w for w in recent if (w.boot, w.seq) == (handed.boot, handed.seq)), None)
    if own is not None:
        later = (window for window in recent if window.seq > own.seq)
        now = was._replace(
            state=handed.state,
            limits=handed.limits,
            zero_ms=handed.to_ms - own.mono_ms,
            ahead_ms=own.to_ms - handed.to_ms,
            timed=True,
        )
    elif was.timed and handed.to_ms and abs(was.state.at_ms - handed.to_ms) <= FRESH_MS:
        later = (window for window in recent if was.at_ms(window.mono_ms) > handed.to_ms)
        now = was._replace(state=handed.state, limits=handed.limits)
    else:
        bed = was.state.bed._replace(trial=handed.state.bed.trial)
        return was._replace(state=was.state._replace(bed=bed), limits=handed.limits), _NONE
    found = _NONE
    for window in later:
        now, notices = judge(now, window)
        found += notices
    return now, found


def _timed(was: OwnWatch, window: Window) -> OwnWatch:
    """Find the bed's time at the end of a window; follow the wall clock when it is set."""
    synced = window.clock == ClockTrust.SYNCED
    if was.zero_ms is None:
        return was._replace(zero_ms=window.to_ms - window.mono_ms, timed=synced)
    if not synced:
        return was
    by_ms = window.to_ms - was.ahead_ms - was.at_ms(window.mono_ms)
    if abs(by_ms) < STEP_MS:
        return was._replace(zero_ms=was.zero_ms + by_ms, timed=True)
    whole_ms = round(by_ms / MINUTE_MS) * MINUTE_MS
    state = shifted(was.state, whole_ms, was.rules)
    ahead_ms = was.ahead_ms + by_ms - whole_ms
    return was._replace(state=state, zero_ms=was.zero_ms + whole_ms, ahead_ms=ahead_ms, timed=True)


def _first(now: OwnWatch, to_ms: int) -> BedState:
    """Return the state for the first window of a bedside: the known one, if it is of tonight."""
    age_ms = to_ms - now.state.at_ms
    if now.timed and now.state.minute_end_ms and -MINUTE_MS <= age_ms <= FRESH_MS:
        return now.state
    return _anew(now.state, now.sensors)


def _anew(known: BedState, sensors: Collection[str]) -> BedState:
    """Return a state that knows only the trial nights of a bed, and which sensors to expect."""
    state = engine.start()._replace(bed=Bed(trial=known.bed.trial))
    return engine.set_up(state, sensors)
