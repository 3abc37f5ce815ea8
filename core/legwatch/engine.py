"""The engine: `advance(state, event, rules) -> (state, notices)`, pure and deterministic.

Windows are collected until their minute (on the UTC grid) is complete; then it is judged, once: by
the window that ends it, or by the first event half a minute after its end. How often anybody looks
at the clock changes nothing.

The parts of the state are NamedTuples, not dataclasses: one is built for every window, and they go
to JSON as they are. State is O(1) in the length of the night.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from legwatch.alerting import alert as alarms
from legwatch.alerting.alert import Alarm, Alarms, quiet_until, snoozed
from legwatch.alerting.notice import Notice
from legwatch.alerting.response import answer
from legwatch.alerting.trial_nights import LEARNED, Learning
from legwatch.bed import Bed, expected_min, minute
from legwatch.conditions.still import still_since
from legwatch.conditions.verdict import Level, Reason, Truth
from legwatch.events import Ack, Away, Event, Kind, Snooze, Tick, Window
from legwatch.limits.limits import Rules
from legwatch.night import evenings
from legwatch.observation import Sight

MINUTE_MS = 60_000
GRACE_MS = 30_000  # a minute whose last window does not come is judged this much later
LONG_MS = 36 * 3600 * 1000  # after a longer silence time is set anew ...
SETTLE_MINUTES = 26 * 60  # ... once every deadline of the first day has been met,
MOST_EVENINGS = 31  # ... and then only evenings count: a bed that is not seen is said again
BACK_MS = 600_000  # a window this far back is on another time line, e.g. a corrected clock
MOST_WINDOWS = 600  # a minute of 100 ms windows; more is a fault and is not collected


class State(NamedTuple):
    """All that is remembered of one bed."""

    bed: Bed
    waiting: tuple[Window, ...]  # windows of the minute that is not complete
    end_ms: int  # end of that minute; 0 before the first window
    at_ms: int  # the time it has come to


class Alert(NamedTuple):
    """One alert as it stands, for `alert/<kind>`."""

    kind: Kind
    level: Level
    reason: Reason
    since_ms: int
    acknowledged: bool
    snoozed_until_ms: int | None
    judged: bool  # False: it can no longer be judged


class View(NamedTuple):
    """What the bed looks like at the last complete minute; None is unknown."""

    at_ms: int
    in_bed: bool | None
    legs: str  # warm, cold, unknown
    still_s: int | None
    leg_c: float | None
    room_c: float | None
    alerts: tuple[Alert, ...]
    cold_in_min: int | None = None  # an early sign: cold in so many minutes at this pace


_LEGS = {Truth.YES: "cold", Truth.NO: "warm", Truth.UNKNOWN: "unknown"}
Notices = tuple[Notice, ...]
NOTHING: Notices = ()


def start(*, learned: bool = False) -> State:
    """Return the state of a bed of which nothing is known; `learned`: its first nights are over."""
    return State(Bed(learning=LEARNED if learned else Learning()), (), 0, 0)


def advance(state: State, event: Event, rules: Rules) -> tuple[State, Notices]:
    """Take one event in; return the new state and what was decided.

    Time never runs back: an event older than the state is taken as news of the present minute.
    """
    if isinstance(event, Window):
        bed, waiting, end_ms, at_ms = state
        to_ms = event.to_ms
        if end_ms - BACK_MS < to_ms < end_ms:
            if len(waiting) < MOST_WINDOWS:
                waiting = (*waiting, event)
            return State(bed, waiting, end_ms, to_ms if to_ms > at_ms else at_ms), NOTHING  # noqa: FURB136 - max() is a third slower, for every window
        return _window(state, event, rules)
    return _other(state, event, rules)


def due(state: State, rules: Rules) -> int | None:
    """Return when the state next changes by itself, UTC ms; None before the first window."""
    del rules  # every limit is a whole number of minutes
    return state.end_ms + GRACE_MS if state.end_ms else None


def replay(events: Iterable[Event], rules: Rules) -> Iterator[Notice]:
    """Yield what is decided over a night, from a fresh state."""
    state = start()
    for event in events:
        state, notices = advance(state, event, rules)
        yield from notices


def _window(state: State, window: Window, rules: Rules) -> tuple[State, Notices]:
    to_ms = window.to_ms
    if not state.end_ms or to_ms <= state.end_ms - BACK_MS:
        state = _begin(state, to_ms)
    state, notices = _close_until(state, to_ms - 1, rules)
    state = State(state.bed, (*state.waiting, window), state.end_ms, to_ms)
    if to_ms == state.end_ms:
        state, more = _close(state, rules)
        notices += more
    return state, notices


def _begin(state: State, to_ms: int) -> State:
    """Start a time line; what stands as an alert stays, since nobody has seen it end."""
    end_ms = -(-to_ms // MINUTE_MS) * MINUTE_MS
    learning = state.bed.learning
    if not state.end_ms:
        return State(Bed(Sight(to_ms, to_ms), learning=learning), (), end_ms, to_ms)
    standing = Alarms(*(alarms.carried(alarm, to_ms) for alarm in state.bed.alarms))
    bed = Bed(Sight(to_ms, to_ms), alarms=standing, learning=learning)
    return State(bed, (), end_ms, to_ms)


def _other(state: State, event: Ack | Snooze | Tick | Away, rules: Rules) -> tuple[State, Notices]:
    if not state.end_ms:
        return state, NOTHING
    away = isinstance(event, Away)
    state, notices = _close_until(state, event.at_ms - GRACE_MS, rules, away=away)
    at_ms = max(event.at_ms, state.at_ms)
    state = state._replace(at_ms=at_ms)
    if isinstance(event, Tick | Away):
        return state, notices
    standing, more = answer(state.bed.alarms, event, at_ms)
    return state._replace(bed=state.bed._replace(alarms=standing)), notices + more


def _close_until(
    state: State, until_ms: int, rules: Rules, *, away: bool = False
) -> tuple[State, Notices]:
    """Judge every minute that ends at or before `until_ms`, each at its own time."""
    notices: list[Notice] = []
    if until_ms - state.end_ms > LONG_MS:
        for _ in range(SETTLE_MINUTES):
            state, more = _close(state, rules, away=away)
            notices += more
        coming = evenings(state.end_ms, until_ms, rules.zone, rules.night.from_h)
        for evening_ms in islice(coming, MOST_EVENINGS):
            state, more = _close(state._replace(end_ms=evening_ms), rules, away=away)
            notices += more
        end_ms = max(state.end_ms, until_ms // MINUTE_MS * MINUTE_MS)
        state = State(state.bed, (), end_ms, state.at_ms)
    while state.end_ms <= until_ms:
        state, more = _close(state, rules, away=away)
        notices += more
    return state, tuple(notices)


def _close(state: State, rules: Rules, *, away: bool = False) -> tuple[State, Notices]:
    bed, notices = minute(state.bed, state.waiting, state.end_ms, rules, away=away)
    return State(bed, (), state.end_ms + MINUTE_MS, max(state.at_ms, state.end_ms)), notices


def view(state: State, rules: Rules) -> View | None:
    """Return what the bed looks like, or None before the first complete minute."""
    sight, at_ms = state.bed.sight, state.end_ms - MINUTE_MS
    if not sight.minutes:
        return None
    since = still_since(sight.movement, sight.presence, at_ms, rules)
    standing = zip(Kind, state.bed.alarms, strict=True)
    return View(
        at_ms,
        sight.presence.in_bed,
        _LEGS[state.bed.legs] if sight.presence.in_bed else "unknown",
        None if since is None else (at_ms - since) // 1000,
        sight.leg.celsius,
        sight.room.celsius,
        tuple(_alert(kind, alarm, at_ms) for kind, alarm in standing if alarm.level),
        expected_min(state.bed, at_ms, rules),
    )


def _alert(kind: Kind, alarm: Alarm, at_ms: int) -> Alert:
    return Alert(
        kind,
        alarm.level or Level.LOG,
        alarm.reason or Reason.BY_PERSON,
        alarm.since_ms or at_ms,
        alarm.acked,
        quiet_until(alarm, alarm.level) if snoozed(alarm, at_ms, alarm.level) else None,
        alarm.blind_ms is None,
    )


__all__ = [
    "Alert",
    "Notice",
    "State",
    "View",
    "advance",
    "due",
    "replay",
    "start",
    "view",
]
