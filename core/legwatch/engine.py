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

from legwatch.alerting.alert import (
    AlertState,
    AlertStates,
    is_silenced,
    rebase,
    silenced_until_ms,
)
from legwatch.alerting.notice import Notice
from legwatch.alerting.response import respond
from legwatch.alerting.trial_nights import TRIAL_OVER, TrialNights
from legwatch.bed import Bed, expected_min, minute
from legwatch.conditions.still import still_since_ms
from legwatch.conditions.verdict import Reason, Severity, TriState
from legwatch.events import Ack, AlertKind, Away, Event, Snooze, Tick, Window
from legwatch.limits.rules import Rules
from legwatch.night import evenings
from legwatch.observation import Observation

MINUTE_MS = 60_000
GRACE_MS = 30_000  # a minute whose last window does not come is judged this much later
LONG_MS = 36 * 3600 * 1000  # after a longer silence time is set anew ...
SETTLE_MINUTES = 26 * 60  # ... once every deadline of the first day has been met,
MOST_EVENINGS = 31  # ... and then only evenings count: a bed that is not seen is said again
BACK_MS = 600_000  # a window this far back is on another time line, e.g. a corrected clock
MOST_WINDOWS = 600  # a minute of 100 ms windows; more is a fault and is not collected


class BedState(NamedTuple):
    """All that is remembered of one bed."""

    bed: Bed
    open_windows: tuple[Window, ...]  # windows of the minute that is not complete
    minute_end_ms: int  # end of that minute; 0 before the first window
    at_ms: int  # the time it has come to


class AlertView(NamedTuple):
    """One alert as it stands, for `alert/<kind>`."""

    kind: AlertKind
    severity: Severity
    reason: Reason
    since_ms: int
    acknowledged: bool
    snoozed_until_ms: int | None
    judged: bool  # False: it can no longer be judged


class BedView(NamedTuple):
    """What the bed looks like at the last complete minute; None is unknown."""

    at_ms: int
    in_bed: bool | None
    legs: str  # warm, cold, unknown
    still_s: int | None
    leg_c: float | None
    room_c: float | None
    alerts: tuple[AlertView, ...]
    cold_in_min: int | None = None  # an early sign: cold in so many minutes at this pace


_LEGS = {TriState.YES: "cold", TriState.NO: "warm", TriState.UNKNOWN: "unknown"}
Notices = tuple[Notice, ...]
NOTHING: Notices = ()


def start(*, trial_over: bool = False) -> BedState:
    """Return the state of a bed of which nothing is known; `learned`: its first nights are over."""
    return BedState(Bed(trial=TRIAL_OVER if trial_over else TrialNights()), (), 0, 0)


def advance(state: BedState, event: Event, rules: Rules) -> tuple[BedState, Notices]:
    """Take one event in; return the new state and what was decided.

    Time never runs back: an event older than the state is taken as news of the present minute.
    """
    if isinstance(event, Window):
        bed, waiting, end_ms, at_ms = state
        to_ms = event.to_ms
        if end_ms - BACK_MS < to_ms < end_ms:
            if len(waiting) < MOST_WINDOWS:
                waiting = (*waiting, event)
            return BedState(bed, waiting, end_ms, to_ms if to_ms > at_ms else at_ms), NOTHING  # noqa: FURB136 - max() is a third slower, for every window
        return _window(state, event, rules)
    return _other(state, event, rules)


def due(state: BedState, rules: Rules) -> int | None:
    """Return when the state next changes by itself, UTC ms; None before the first window."""
    del rules  # every limit is a whole number of minutes
    return state.minute_end_ms + GRACE_MS if state.minute_end_ms else None


def replay(events: Iterable[Event], rules: Rules) -> Iterator[Notice]:
    """Yield what is decided over a night, from a fresh state."""
    state = start()
    for event in events:
        state, notices = advance(state, event, rules)
        yield from notices


def _window(state: BedState, window: Window, rules: Rules) -> tuple[BedState, Notices]:
    to_ms = window.to_ms
    if not state.minute_end_ms or to_ms <= state.minute_end_ms - BACK_MS:
        state = _begin(state, to_ms)
    state, notices = _close_until(state, to_ms - 1, rules)
    state = BedState(state.bed, (*state.open_windows, window), state.minute_end_ms, to_ms)
    if to_ms == state.minute_end_ms:
        state, more = _close(state, rules)
        notices += more
    return state, notices


def _begin(state: BedState, to_ms: int) -> BedState:
    """Start a time line; what stands as an alert stays, since nobody has seen it end."""
    end_ms = -(-to_ms // MINUTE_MS) * MINUTE_MS
    trial = state.bed.trial
    if not state.minute_end_ms:
        return BedState(Bed(Observation(to_ms, to_ms), trial=trial), (), end_ms, to_ms)
    standing = AlertStates(*(rebase(alert, to_ms) for alert in state.bed.alerts))
    bed = Bed(Observation(to_ms, to_ms), alerts=standing, trial=trial)
    return BedState(bed, (), end_ms, to_ms)


def _other(
    state: BedState, event: Ack | Snooze | Tick | Away, rules: Rules
) -> tuple[BedState, Notices]:
    if not state.minute_end_ms:
        return state, NOTHING
    away = isinstance(event, Away)
    state, notices = _close_until(state, event.at_ms - GRACE_MS, rules, away=away)
    at_ms = max(event.at_ms, state.at_ms)
    state = state._replace(at_ms=at_ms)
    if isinstance(event, Tick | Away):
        return state, notices
    standing, more = respond(state.bed.alerts, event, at_ms)
    return state._replace(bed=state.bed._replace(alerts=standing)), notices + more


def _close_until(
    state: BedState, until_ms: int, rules: Rules, *, away: bool = False
) -> tuple[BedState, Notices]:
    """Judge every minute that ends at or before `until_ms`, each at its own time."""
    notices: list[Notice] = []
    if until_ms - state.minute_end_ms > LONG_MS:
        for _ in range(SETTLE_MINUTES):
            state, more = _close(state, rules, away=away)
            notices += more
        coming = evenings(state.minute_end_ms, until_ms, rules.zone, rules.night.from_h)
        for evening_ms in islice(coming, MOST_EVENINGS):
            state, more = _close(state._replace(minute_end_ms=evening_ms), rules, away=away)
            notices += more
        end_ms = max(state.minute_end_ms, until_ms // MINUTE_MS * MINUTE_MS)
        state = BedState(state.bed, (), end_ms, state.at_ms)
    while state.minute_end_ms <= until_ms:
        state, more = _close(state, rules, away=away)
        notices += more
    return state, tuple(notices)


def _close(state: BedState, rules: Rules, *, away: bool = False) -> tuple[BedState, Notices]:
    bed, notices = minute(state.bed, state.open_windows, state.minute_end_ms, rules, away=away)
    return BedState(
        bed, (), state.minute_end_ms + MINUTE_MS, max(state.at_ms, state.minute_end_ms)
    ), notices


def view(state: BedState, rules: Rules) -> BedView | None:
    """Return what the bed looks like, or None before the first complete minute."""
    observation, at_ms = state.bed.observation, state.minute_end_ms - MINUTE_MS
    if not observation.minutes:
        return None
    since = still_since_ms(observation.movement, observation.occupancy, at_ms, rules)
    standing = zip(AlertKind, state.bed.alerts, strict=True)
    return BedView(
        at_ms,
        observation.occupancy.in_bed,
        _LEGS[state.bed.legs] if observation.occupancy.in_bed else "unknown",
        None if since is None else (at_ms - since) // 1000,
        observation.leg.celsius,
        observation.room.celsius,
        tuple(_alert(kind, alert, at_ms) for kind, alert in standing if alert.severity),
        expected_min(state.bed, at_ms, rules),
    )


def _alert(kind: AlertKind, alert: AlertState, at_ms: int) -> AlertView:
    return AlertView(
        kind,
        alert.severity or Severity.LOG,
        alert.reason or Reason.BY_PERSON,
        alert.since_ms or at_ms,
        alert.acknowledged,
        silenced_until_ms(alert, alert.severity)
        if is_silenced(alert, at_ms, alert.severity)
        else None,
        alert.unknown_since_ms is None,
    )


__all__ = [
    "AlertView",
    "BedState",
    "BedView",
    "Notice",
    "advance",
    "due",
    "replay",
    "start",
    "view",
]
