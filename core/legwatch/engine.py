"""The engine: `advance(state, event, rules) -> (state, notices)`, pure and deterministic.

The engine collects windows until their minute (on the UTC grid) is complete. Then the engine judges
the minute once: when the window that ends the minute arrives, or at the first event half a minute
after its end. The number of ticks does not change the result.

The parts of the state are NamedTuples, not dataclasses: the engine builds a state for every window,
and JSON takes NamedTuples as they are. The size of the state does not grow during the night.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import NamedTuple

from legwatch import scope
from legwatch.alerting import told_sensors
from legwatch.alerting.alert import (
    AlertState,
    AlertStates,
    is_silenced,
    rebase,
    silenced_until_ms,
)
from legwatch.alerting.budget import spend
from legwatch.alerting.notice import Notice
from legwatch.alerting.response import respond
from legwatch.alerting.trial_nights import TRIAL_BEGINS, TRIAL_OVER, urgent_of
from legwatch.alerting.unwatched import end_all
from legwatch.bed import Bed, Found, minute
from legwatch.conditions.verdict import Reason, Severity, TriState
from legwatch.contract.bedside_info import BedsideInfo
from legwatch.contract.roles import ANKLE
from legwatch.events import Ack, AlertKind, Away, Event, Snooze, Tick, Window
from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.night import evenings
from legwatch.observation import Signals, watched_from
from legwatch.signals.coverage import comes_and_goes
from legwatch.signals.movement import is_known

MINUTE_MS = 60_000
GRACE_MS = 30_000  # if the last window of a minute is missing, judge the minute this much later
FIRST_READINGS_MS = 120_000  # a thermometer is read once a minute, or oftener
LONG_MS = 36 * 3600 * 1000  # do not judge every minute of a longer gap, but ...
SETTLE_MINUTES = 26 * 60  # ... the minutes in which every deadline of the first day passes,
MOST_EVENINGS = 31  # ... then one minute each evening, which repeats a sensor or agent alert
BACK_MS = 600_000  # a window older by this starts a new time line, e.g. after a clock was set
MOST_WINDOWS = 600  # a minute of 100 ms windows; more are a fault, and the engine drops them


class BedState(NamedTuple):
    """The whole state of one bed."""

    bed: Bed
    open_windows: tuple[Window, ...]  # windows of the minute that is not complete yet
    minute_end_ms: int  # end of that minute; 0 before the first window
    at_ms: int  # the time up to which events have come

    @property
    def minutes(self) -> int:
        """The number of minutes that were judged."""
        return self.bed.signals.minutes


_state = maker(BedState)


class AlertView(NamedTuple):
    """A firing alert, for the topic `alert/<kind>`."""

    kind: AlertKind
    severity: Severity
    reason: Reason
    since_ms: int
    acknowledged: bool
    snoozed_until_ms: int | None
    judged: bool  # False: the data to judge the alert are missing


class BedView(NamedTuple):
    """The bed at the end of the last complete minute; None is unknown."""

    at_ms: int
    in_bed: bool | None
    legs: str  # warm, cold; settling: the bed still warms; blind: a sensor is bad; unknown
    still_s: int | None
    leg_c: float | None
    room_c: float | None
    alerts: tuple[AlertView, ...]
    cold_in_min: int | None  # early sign: minutes until the legs are cold
    usual_c: float | None  # the baseline of the warm, occupied minutes
    settled: bool  # somebody is in bed, and was for long enough to judge the air


_LEGS = {TriState.YES: "cold", TriState.NO: "warm", TriState.UNKNOWN: "unknown"}
Notices = tuple[Notice, ...]
NOTHING: Notices = ()


def start(*, trial_over: bool = False) -> BedState:
    """Return the state of a new bed; `trial_over`: its trial nights are over."""
    return BedState(Bed(trial=TRIAL_OVER if trial_over else TRIAL_BEGINS), (), 0, 0)


def advance(state: BedState, event: Event, rules: Rules) -> tuple[BedState, Notices]:
    """Apply one event; return the new state and the notices.

    Time does not run back: an event older than the state counts for the present minute. Only a
    window that is older by BACK_MS starts a new time line.
    """
    if isinstance(event, Window):
        bed, waiting, end_ms, at_ms = state
        to_ms = event.to_ms
        if end_ms - BACK_MS < to_ms < end_ms and bed.signals.back_ms:
            if len(waiting) < MOST_WINDOWS:
                waiting = (*waiting, event)
            return _state((bed, waiting, end_ms, to_ms if to_ms > at_ms else at_ms)), NOTHING  # noqa: FURB136 - max() is a third slower, for every window
        return _window(state, event, rules)
    return _other(state, event, rules)


def due(state: BedState, rules: Rules) -> int | None:
    """Return when the engine next needs a Tick, UTC ms; None before the first window."""
    del rules  # every limit takes effect at the end of a minute
    return state.minute_end_ms + GRACE_MS if state.minute_end_ms else None


def expect(state: BedState, at_ms: int) -> BedState:
    """Let the time of a bed begin without a window; a bed whose time has begun stays as it is.

    So a bed of which nothing ever comes is missed like one that has fallen silent.
    """
    if state.minute_end_ms:
        return state
    end_ms = -(-at_ms // MINUTE_MS) * MINUTE_MS
    signals = state.bed.signals._replace(window_ms=at_ms)
    return BedState(Bed(signals, trial=state.bed.trial), (), end_ms, at_ms)


def begin(state: BedState, to_ms: int) -> BedState:
    """Start a new time line, whose first window ends at `to_ms`: what lies between is not judged.

    A firing alert stays firing, since no reading has ended it.
    """
    end_ms = -(-to_ms // MINUTE_MS) * MINUTE_MS
    trial = state.bed.trial
    if _is_only_expected(state):
        was = state.bed.signals
        signals = Signals(to_ms, to_ms, leg=was.leg, room=was.room, movement=was.movement)
        return BedState(Bed(signals, trial=trial), (), end_ms, to_ms)
    standing = AlertStates(*(rebase(alert, to_ms) for alert in state.bed.alerts))
    bed = Bed(Signals(to_ms, to_ms), alerts=standing, trial=trial)
    return BedState(bed, (), end_ms, to_ms)


def end(state: BedState, at_ms: int) -> tuple[BedState, Notices]:
    """End all that stands of a bed that is watched no longer; return the notices of the ends."""
    alerts, ends = end_all(state.bed.alerts, at_ms)
    return state._replace(bed=state.bed._replace(alerts=alerts, shown_ms=0)), ends


def go_on(state: BedState, at_ms: int, rules: Rules) -> BedState:
    """Watch a bed again from `at_ms` on: what passed since its `end` is told to nobody.

    The limits of the sensors count from now on: what was lacking before may have been mended
    meanwhile. How often one was told of counts anew, since the pause has ended what was told.
    """
    if not state.minute_end_ms:
        return state
    passed, _ = _close_until(state, at_ms, rules, away=True)
    alerts, _ = end_all(passed.bed.alerts, at_ms)
    bed = state.bed._replace(
        signals=watched_from(passed.bed.signals, at_ms),
        cold=passed.bed.cold,
        alerts=alerts,
        trial=passed.bed.trial,
        foot=passed.bed.foot,
        told=told_sensors.ToldSensors(),
    )
    return passed._replace(bed=bed, at_ms=max(passed.at_ms, at_ms))


def sounded(state: BedState, at_ms: int, rules: Rules) -> BedState:
    """Count a warning that the bedside has told with a sound by itself: the night's budget is one.

    What was counted here since then is the same alert.
    """
    budget = state.bed.budget
    if budget.last_ms is not None and budget.last_ms >= at_ms:
        return state
    return state._replace(bed=state.bed._replace(budget=spend(budget, at_ms, rules)))


def set_up(state: BedState, sensors: Collection[str]) -> BedState:
    """Expect readings of these sensors of the bed, though none may ever have come."""
    was = state.bed.signals
    signals = was._replace(
        leg=was.leg._replace(expected=was.leg.expected or "leg" in sensors),
        room=was.room._replace(expected=was.room.expected or "room" in sensors),
        movement=was.movement._replace(expected=was.movement.expected or "movement" in sensors),
    )
    return state if signals == was else state._replace(bed=state.bed._replace(signals=signals))


def sensors(state: BedState) -> frozenset[str]:
    """Return the roles of the sensors that the engine judges by, and has heard or expects."""
    signals = state.bed.signals
    return _sensors(
        signals.leg.expected,
        signals.room.expected,
        signals.movement.expected,
        signals.occupancy.mat_ms is not None,
        state.bed.foot is not None,
    )


def doubted(state: BedState) -> str:
    """Return the sensor of which a standing alert says that it tells nothing; empty: none."""
    alert = state.bed.alerts.sensor
    if alert.severity is None:
        return ""
    if alert.reason is Reason.COMES_AND_GOES and comes_and_goes(state.bed.signals.leg_heard):
        return "leg"
    return told_sensors.doubted(alert.reason)


def mute(state: BedState, rules: Rules) -> frozenset[str]:
    """Return the roles of which no reading that is believed came lately; empty in the beginning."""
    signals, at_ms = state.bed.signals, state.minute_end_ms - MINUTE_MS
    stale_ms = rules.health.stale_s * 1000
    if not signals.back_ms or at_ms - signals.back_ms < FIRST_READINGS_MS:
        return frozenset()
    mat_ms = signals.occupancy.mat_ms
    return _sensors(
        signals.leg.celsius is None,
        signals.room.celsius is None,
        not is_known(signals.movement, at_ms, rules),
        mat_ms is None or at_ms - mat_ms > stale_ms,
        state.bed.foot is None or state.bed.foot.ankle.air.celsius is None,
    )


@cache
def _sensors(*there: bool) -> frozenset[str]:
    roles = ("leg", "room", "movement", "presence", ANKLE)
    return frozenset(role for role, is_there in zip(roles, there, strict=True) if is_there)


def fitted(info: BedsideInfo | None, state: BedState | None) -> frozenset[str] | None:
    """Return the roles of a bed's sensors, by its agent or its windows; None: nothing is known."""
    heard = sensors(state) if state is not None and was_heard(state) else None
    return scope.fitted(None if info is None else info.sensors, heard)


def was_heard(state: BedState) -> bool:
    """Return True if a window has ever come."""
    return bool(state.bed.signals.back_ms)


def newest(state: BedState) -> Window | None:
    """Return the last window that has come, if its minute is still open; None: it is not."""
    return max(state.open_windows, key=lambda window: window.to_ms, default=None)


def newest_ms(state: BedState) -> int:
    """Return when the last window that has come has ended, UTC ms; 0: none has come."""
    window = newest(state)
    if window is not None:
        return window.to_ms
    return state.bed.signals.window_ms if was_heard(state) else 0


def _is_only_expected(state: BedState) -> bool:
    """Return True if no window has come yet, and nobody was told so."""
    return not state.bed.signals.back_ms and not any(state.bed.alerts.firing)


def replay(events: Iterable[Event], rules: Rules) -> Iterator[Notice]:
    """Yield the notices of a night, from the state of a new bed.

    Windows of a minute that is not complete are put aside, and the one that completes it judges it
    at once, which gives the same state as `advance` and takes less time.
    """
    state, aside = start(), list[Window]()
    begun_ms = end_ms = 0  # windows that end between these change nothing yet
    for event in events:
        if isinstance(event, Window) and begun_ms < (to_ms := event.to_ms) <= end_ms:
            if to_ms < end_ms:
                aside.append(event)
                continue
            state, notices = _complete(state, aside, event, rules)
            end_ms = state.minute_end_ms
        else:
            state, notices = advance(_with_waiting(state, aside), event, rules)
            end_ms = state.minute_end_ms if was_heard(state) else 0
        begun_ms = end_ms - BACK_MS
        aside.clear()
        yield from notices


def _complete(
    state: BedState, aside: Sequence[Window], last: Window, rules: Rules
) -> tuple[BedState, Notices]:
    """Judge the minute that `last` ends; so none of its windows is newer than its end."""
    windows = (*(*state.open_windows, *aside)[:MOST_WINDOWS], last)
    return _close(state, windows, rules)


def _with_waiting(state: BedState, aside: Sequence[Window]) -> BedState:
    if not aside:
        return state
    windows = (*state.open_windows, *aside)[:MOST_WINDOWS]
    at_ms = max(state.at_ms, *(window.to_ms for window in aside))
    return state._replace(open_windows=windows, at_ms=at_ms)


def _window(state: BedState, window: Window, rules: Rules) -> tuple[BedState, Notices]:
    to_ms = window.to_ms
    if to_ms <= state.minute_end_ms - BACK_MS or _is_only_expected(state):
        state = begin(state, to_ms)
    state, notices = _close_until(state, to_ms - 1, rules)
    at_ms = max(state.at_ms, to_ms)
    state = BedState(state.bed, (*state.open_windows, window), state.minute_end_ms, at_ms)
    if to_ms == state.minute_end_ms:
        state, more = _close(state, state.open_windows, rules)
        notices += more
    return state, notices


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
    standing, more = respond(state.bed.alerts, event, at_ms, urgent_of(state.bed.trial, rules))
    return state._replace(bed=state.bed._replace(alerts=standing)), notices + more


def _close_until(
    state: BedState, until_ms: int, rules: Rules, *, away: bool = False
) -> tuple[BedState, Notices]:
    """Judge the minutes that end at or before `until_ms`; of a gap over LONG_MS only some."""
    if until_ms < state.minute_end_ms:
        return state, NOTHING
    notices: list[Notice] = []
    if until_ms - state.minute_end_ms > LONG_MS:
        for _ in range(SETTLE_MINUTES):
            state, more = _close(state, state.open_windows, rules, away=away)
            notices += more
        coming = evenings(state.minute_end_ms, until_ms, rules.zone, rules.night.from_h)
        for evening_ms in islice(coming, MOST_EVENINGS):
            state = state._replace(minute_end_ms=evening_ms)
            state, more = _close(state, state.open_windows, rules, away=away)
            notices += more
        end_ms = max(state.minute_end_ms, until_ms // MINUTE_MS * MINUTE_MS)
        state = BedState(state.bed, (), end_ms, state.at_ms)
    while state.minute_end_ms <= until_ms:
        state, more = _close(state, state.open_windows, rules, away=away)
        notices += more
    return state, tuple(notices)


def _close(
    state: BedState, windows: Sequence[Window], rules: Rules, *, away: bool = False
) -> tuple[BedState, Notices]:
    bed, notices = minute(state.bed, windows, state.minute_end_ms, rules, away=away)
    at_ms = max(state.at_ms, state.minute_end_ms)
    return _state((bed, (), _next(state.minute_end_ms), at_ms)), notices


@lru_cache(maxsize=64)
def _next(end_ms: int) -> int:
    """Return the end of the next minute: one number in memory for all beds, which remember it."""
    return end_ms + MINUTE_MS


def view(state: BedState) -> BedView | None:
    """Return the bed at its last complete minute; None before the first complete minute."""
    if not state.minutes:
        return None
    signals, found, at_ms = state.bed.signals, state.bed.found, state.minute_end_ms - MINUTE_MS
    in_bed, since_ms = signals.occupancy.in_bed, found.still_since_ms
    standing = zip(AlertKind, state.bed.alerts, strict=True)
    return BedView(
        at_ms=at_ms,
        in_bed=in_bed,
        legs=_legs(found) if in_bed else "unknown",
        still_s=None if since_ms is None else (at_ms - since_ms) // 1000,
        leg_c=signals.leg.celsius,
        room_c=signals.room.celsius,
        alerts=tuple(_alert(kind, alert, at_ms) for kind, alert in standing if alert.severity),
        cold_in_min=found.cold_in_min,
        usual_c=state.bed.cold.baseline_c,
        settled=found.settled,
    )


def _legs(found: Found) -> str:
    """Return what is known of the legs; what is not known has its own words."""
    if found.legs is not TriState.UNKNOWN:
        return _LEGS[found.legs]
    if found.doubt is Reason.SETTLING:
        return "settling"
    return "unknown" if found.doubt in (None, Reason.PRESENCE_UNSURE) else "blind"


def _alert(kind: AlertKind, alert: AlertState, at_ms: int) -> AlertView:
    silent = is_silenced(alert, at_ms, alert.severity)
    return AlertView(
        kind=kind,
        severity=alert.severity or Severity.LOG,
        reason=alert.reason or Reason.BY_PERSON,
        since_ms=alert.since_ms or at_ms,
        acknowledged=alert.acknowledged,
        snoozed_until_ms=silenced_until_ms(alert, alert.severity) if silent else None,
        judged=alert.unknown_since_ms is None,
    )


__all__ = [
    "AlertView",
    "BedState",
    "BedView",
    "Notice",
    "advance",
    "begin",
    "due",
    "expect",
    "fitted",
    "replay",
    "sensors",
    "set_up",
    "start",
    "view",
    "was_heard",
]
