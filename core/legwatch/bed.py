"""Judge one minute of one bed: observe, judge each condition, advance the alerts, make notices."""

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from legwatch.alerting import foot_notice, night_facts, quiet_wait, trial_nights
from legwatch.alerting.alert import (
    AlertState,
    AlertStates,
    Transition,
    advance,
    after_notice,
    end_hold,
)
from legwatch.alerting.budget import Budget
from legwatch.alerting.early_notice import early_notice, goes_on, is_due
from legwatch.alerting.figures import alert_figures, hold_figures, thermometer
from legwatch.alerting.night_facts import NightFacts
from legwatch.alerting.notice import MAY_SOUND, Notice, SuppressedBy, TransitionKind
from legwatch.alerting.reminder import remind
from legwatch.alerting.suppress import Candidate, Context, suppress
from legwatch.alerting.told_sensors import ToldSensors, subject, subject_of_end, tell_dead
from legwatch.alerting.trial_nights import TrialNights, is_silent
from legwatch.conditions import agent, cold, early_sign, sensors, still
from legwatch.conditions import cold_memory as cold_memories
from legwatch.conditions import foot as feet
from legwatch.conditions.cold_memory import ColdMemory, ColdMinute
from legwatch.conditions.foot import Foot
from legwatch.conditions.verdict import (
    UNKNOWN,
    YES,
    Figures,
    Firing,
    Reason,
    Rule,
    TriState,
    Verdict,
)
from legwatch.contract.roles import ANKLE
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
    facts: NightFacts = NightFacts()
    shown_ms: int = 0  # the episode of the early sign that people are shown; 0: none
    foot: Foot | None = None  # of a bed with a thermometer by the ankle


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
    signals, cold_memory, _, budget, _, early_ms, _, bad_ms, told, facts, shown_ms, foot = was
    signals, seen = observe(signals, windows, at_ms, rules, away=away)
    alerts, trial = _on_trial(was, windows, seen, rules)
    firing = alerts.firing
    by_foot = feet.is_of_foot(firing[0])
    fires = firing[0] is not None and not by_foot
    memory = cold_memories.update(cold_memory, seen, rules, firing=fires)
    now = ColdMinute(memory, seen)
    foot = feet.update(foot, windows, now, rules, firing=by_foot)
    verdicts = _judge(now, foot, firing, bad_ms, rules)
    if by_foot:
        alerts = foot_notice.handed_over(alerts, verdicts[0], at_ms)
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
    found = _found((legs, seen.lies_still_ms, in_min, settled, doubt))
    if bad_sensor is YES:
        bad_ms = at_ms
    displaced = memory.displaced_since_ms is not None
    facts, noted = night_facts.minute(
        facts, windows, seen, rules, memory.cover, displaced=displaced
    )
    sign_ms = feet.sign_ms(foot) if begun_ms is None and foot is not None else begun_ms
    if shown_ms and not goes_on(sign_ms, alerts.cold, seen):
        shown_ms = 0
    held = budget, trial, early_ms, found, bad_ms, told, facts, shown_ms, foot
    bed = _bed((signals, memory, alerts, *held))
    notices = list(noted)
    if alerts.cold.severity is None and is_due(begun_ms, early_ms, at_ms):
        notices.append(early_notice(now, in_min, alerts.cold))
        bed = bed._replace(early_sign_ms=at_ms, shown_ms=at_ms)
    if foot is not None:
        foot, more = foot_notice.tell(foot, now, rules, bed.early_sign_ms, alerts.cold)
        shown_ms = at_ms if foot.sign_ms == at_ms else bed.shown_ms
        bed, notices = bed._replace(foot=foot, shown_ms=shown_ms), [*notices, *more]
    if not changes and not notices:
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
    now: ColdMinute,
    foot: Foot | None,
    firing: Sequence[Firing | None],
    bad_sensor_ms: int | None,
    rules: Rules,
) -> tuple[Verdict, ...]:
    """Judge each condition, in the order of AlertKind."""
    cold_alert, still_alert, sensor_alert, agent_alert = firing
    return (
        feet.judge(now, foot, rules, cold_alert),
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
        waits = answers and kind is AlertKind.COLD and before.reason is not Reason.FOOT_BARE
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
    figures, rule = _decided_by(bed, change, sensor, seen, rules)
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
        rule=rule,
    )
    waits_until_ms = quiet_wait.ends_ms(kind, bed.cold, seen, rules)
    alert = after_notice(alert, transition.kind, by, at_ms, waits_until_ms)
    alerts = bed.alerts.put(kind, alert)
    return bed._replace(alerts=alerts, budget=budget, told=told), (notice,)


def _decided_by(
    bed: Bed, change: _Change, sensor: str, seen: Observation, rules: Rules
) -> tuple[Figures, Rule | None]:
    """Return the figures of a transition, and the limit that decided it."""
    kind, before, transition = change
    alert, foot = bed.alerts.of(kind), bed.foot if kind is AlertKind.COLD else None
    of_foot = (alert.reason or before.reason) is Reason.FOOT_BARE
    figures = (
        *alert_figures(kind, alert, seen, bed.cold, ANKLE if of_foot else sensor),
        *hold_figures(transition.kind, before, alert, seen.at_ms),
        *transition.evidence,
        *(feet.figures(foot, seen.at_ms) if foot else ()),
    )
    if foot and of_foot and transition.kind in MAY_SOUND:
        return (*figures, *feet.sure(foot, seen, rules)), feet.rule(foot, rules)
    return figures, transition.rule
