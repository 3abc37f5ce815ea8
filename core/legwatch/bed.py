"""Judge one minute of one bed: observe, judge each condition, advance the alerts, make notices."""

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from legwatch.alerting import trial_nights
from legwatch.alerting.alert import (
    AlertState,
    AlertStates,
    Transition,
    advance,
    after_notice,
    end_hold,
)
from legwatch.alerting.budget import Budget
from legwatch.alerting.early_notice import early_notice, is_due
from legwatch.alerting.figures import alert_figures, hold_figures, thermometer
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.alerting.reminder import remind
from legwatch.alerting.suppress import Candidate, Context, suppress
from legwatch.alerting.told_sensors import ToldSensors, subject, subject_of_end, tell_dead
from legwatch.alerting.trial_nights import TrialNights, is_silent
from legwatch.conditions import agent, cold, early_sign, sensors, still
from legwatch.conditions import cold_memory as cold_memories
from legwatch.conditions.cold_memory import ColdMemory, ColdMinute
from legwatch.conditions.verdict import UNKNOWN, YES, Firing, Reason, TriState, Verdict
from legwatch.events import BODY_KINDS, AlertKind, Window
from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.observation import Observation, Signals, observe

_KINDS = tuple(AlertKind)
# Suppressed before and still suppressed: nothing new to store.
_NOT_STORED_AGAIN = (SuppressedBy.BUDGET, SuppressedBy.INHIBITED, SuppressedBy.TRIAL)


class Found(NamedTuple):
    """What the last minute has found, as far as the bed's view shows it."""

    legs: TriState = TriState.UNKNOWN  # whether the legs are cold, by the last verdict
    still_since_ms: int | None = None
    cold_in_min: int | None = None  # early sign: minutes until the legs are cold
    settled: bool = False  # somebody is in bed, and was for long enough to judge the air
    doubt: Reason | None = None  # why it is not known whether the legs are cold


class Bed(NamedTuple):
    """The state of one bed between two minutes."""

    signals: Signals = Signals()
    cold: ColdMemory = ColdMemory()
    alerts: AlertStates = AlertStates()
    budget: Budget = Budget()
    trial: TrialNights = TrialNights()
    early_sign_ms: int = 0  # time of the last early sign; 0: none yet
    found: Found = Found()
    bad_sensor_ms: int | None = None  # when a sensor was last bad
    told: ToldSensors = ToldSensors()


_bed, _found = maker(Bed), maker(Found)
_HOLDS = attrgetter("holds")


class _Change(NamedTuple):
    """A transition of one alert, and the alert before this minute."""

    kind: AlertKind
    before: AlertState
    transition: Transition


def minute(
    was: Bed, windows: Sequence[Window], at_ms: int, rules: Rules, *, away: bool = False
) -> tuple[Bed, tuple[Notice, ...]]:
    """Judge the minute that ended at `at_ms`; `windows` are the windows of this minute.

    `away`: the server could not receive, so missing windows say nothing about the agent.
    """
    signals, cold_memory, _, budget, _, early_sign_ms, _, bad_ms, told = was
    signals, seen = observe(signals, windows, at_ms, rules, away=away)
    alerts, trial = _on_trial(was, windows, seen, rules)
    firing = alerts.firing
    memory = cold_memories.update(cold_memory, seen, rules, firing=firing[0] is not None)
    now = ColdMinute(memory, seen)
    verdicts = _judge(now, firing, bad_ms, rules)
    legs, still_long, bad_sensor, silent = map(_HOLDS, verdicts)
    quiet = not any(firing) and YES not in (legs, still_long, bad_sensor, silent)
    changes: tuple[_Change, ...] = ()
    if not quiet:
        answers = not is_silent(trial) and cold.may_be_answered(now, rules)
        alerts, changes = _advance(alerts, verdicts, seen, rules, answers=answers)
    in_min, settled, begun_ms = None, seen.settled, None
    if memory.cover.begun is not None and YES not in (legs, bad_sensor, silent):
        begun_ms = early_sign.begun_ms(now, rules)
        in_min = None if begun_ms is None else early_sign.cold_in_min(now, rules)
    doubt = verdicts[0].reason if legs is UNKNOWN else None
    found = _found((legs, seen.still_since_ms, in_min, settled, doubt))
    if bad_sensor is YES:
        bad_ms = at_ms
    bed = _bed((signals, memory, alerts, budget, trial, early_sign_ms, found, bad_ms, told))
    notices: list[Notice] = []
    if alerts.cold.severity is None and is_due(begun_ms, early_sign_ms, at_ms):
        notices.append(early_notice(now, in_min, on_trial=is_silent(trial)))
        bed = bed._replace(early_sign_ms=at_ms)
    elif not changes:
        return bed, ()
    for change in changes:
        bed, stored = _notice(bed, change, seen, rules)
        notices += stored
    return bed, tuple(notices)


def _on_trial(
    was: Bed, windows: Sequence[Window], seen: Observation, rules: Rules
) -> tuple[AlertStates, TrialNights]:
    """Count the trial nights; when they end, the time for an answer starts."""
    in_bed = seen.occupancy.in_bed
    trial = trial_nights.update(was.trial, windows, seen.at_ms, rules, in_bed=in_bed)
    if is_silent(was.trial) and (trial.done or not rules.alerts.learn_nights):
        return trial_nights.restart_answer_time(was.alerts, seen.at_ms), trial
    return was.alerts, trial


def _judge(
    now: ColdMinute, firing: Sequence[Firing | None], bad_sensor_ms: int | None, rules: Rules
) -> tuple[Verdict, ...]:
    """Judge each condition, in the order of AlertKind."""
    cold_alert, still_alert, sensor_alert, agent_alert = firing
    return (
        cold.judge(now, rules, cold_alert),
        still.judge(now.seen, rules, still_alert),
        sensors.judge(now.memory.displaced_since_ms, now.seen, rules, sensor_alert, bad_sensor_ms),
        agent.judge(now.seen, rules, agent_alert),
    )


def _advance(
    alerts: AlertStates,
    verdicts: tuple[Verdict, ...],
    seen: Observation,
    rules: Rules,
    *,
    answers: bool,
) -> tuple[AlertStates, tuple[_Change, ...]]:
    """Advance each alert; `answers` False: nobody was told who could answer, or lies there."""
    advanced, changes = [], []
    for kind, before, verdict in zip(_KINDS, alerts, verdicts, strict=True):
        if before.severity is None and verdict.holds is not YES and before.hold_until_ms is None:
            advanced.append(before)  # nothing of it can change
            continue
        alert = end_hold(before, seen.at_ms) if seen.moved else before
        waits = answers and kind is AlertKind.COLD
        answered_s = rules.warmth.not_answered_s if waits else 0
        alert, transition = advance(
            alert, verdict, seen.at_ms, rules.alerts, not_answered_s=answered_s
        )
        if transition is None and kind is AlertKind.SENSOR:
            alert, transition = tell_dead(alert, verdict)
        if transition is None and kind not in BODY_KINDS:
            alert, transition = remind(alert, verdict, seen.at_ms, rules)
        advanced.append(alert)
        # A sensor or agent alert already says that something is unknown.
        told = kind in BODY_KINDS or (
            transition is not None and transition.kind is not TransitionKind.UNKNOWN
        )
        if transition is not None and told:
            changes.append(_Change(kind, before, transition))
    return AlertStates._make(advanced), tuple(changes)


def _notice(
    bed: Bed, change: _Change, seen: Observation, rules: Rules
) -> tuple[Bed, tuple[Notice, ...]]:
    """Decide whether to push a transition, and make its notice; none if it is stored already."""
    (kind, before, transition), at_ms = change, seen.at_ms
    alert = bed.alerts.of(kind)
    if transition.kind is TransitionKind.RESOLVED and kind is AlertKind.SENSOR:
        sensor = subject_of_end(bed.told, before.reason, at_ms, rules)
    else:
        named = (*thermometer(alert, seen), *transition.evidence)
        sensor = subject(kind, alert.reason or before.reason, named)
    figures = (
        *alert_figures(kind, alert, seen, bed.cold, sensor),
        *hold_figures(transition.kind, before, alert, at_ms),
        *transition.evidence,
    )
    context = Context(at_ms, rules, bed.trial, bed.budget, bed.alerts.cold, bed.told)
    by, budget, told = suppress(Candidate(kind, transition, before, alert, sensor), context)
    if transition.kind is TransitionKind.RENOTIFIED and by in _NOT_STORED_AGAIN:
        return bed, ()
    notice = Notice(
        at_ms=at_ms,
        kind=kind,
        transition=transition.kind,
        severity=transition.severity,
        reason=transition.reason,
        figures=figures,
        suppressed_by=by,
        episode_ms=alert.episode_ms or before.episode_ms,
        rule=transition.rule,
    )
    alert = after_notice(alert, transition.kind, by, at_ms, rules.alerts.wait_s)
    alerts = bed.alerts.put(kind, alert)
    return bed._replace(alerts=alerts, budget=budget, told=told), (notice,)
