"""Judge one minute of one bed: observe, apply the rules, advance the alerts, make notices."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.alerting import trial_nights
from legwatch.alerting.alert import (
    AlertState,
    AlertStates,
    Transition,
    advance,
    is_silenced,
    remind,
)
from legwatch.alerting.budget import Budget, allow
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.alerting.trial_nights import TrialNights, is_silent
from legwatch.conditions import cold, sensors, still
from legwatch.conditions.early_sign import below_in_min
from legwatch.conditions.sensors import new_night
from legwatch.conditions.verdict import (
    Figures,
    Reason,
    Rule,
    Severity,
    TriState,
    Verdict,
    unknown,
    yes,
)
from legwatch.events import BODY_KINDS, AlertKind, Window
from legwatch.limits.rules import Rules, limit
from legwatch.observation import Observation, observe, temperatures

_KINDS = tuple(AlertKind)
# A carer who is woken for cold legs needs some minutes to get up, look and go back. In this time a
# warning of lying still asks for the same visit; later it asks for another visit.
INHIBITS_MS = 15 * 60_000
EARLY_SIGN_AGAIN_MS = 60 * 60_000


class Bed(NamedTuple):
    """The state of one bed between two minutes."""

    observation: Observation = Observation()
    legs: TriState = TriState.UNKNOWN  # whether the legs are cold, by the last verdict
    alerts: AlertStates = AlertStates()
    budget: Budget = Budget()
    trial: TrialNights = TrialNights()
    early_sign_ms: int = 0  # time of the last early sign; 0: none yet


def minute(
    was: Bed, windows: Sequence[Window], at_ms: int, rules: Rules, *, away: bool = False
) -> tuple[Bed, tuple[Notice, ...]]:
    """Judge the minute that ended at `at_ms`; `windows` are the windows of this minute.

    `away`: the server could not receive, so missing windows say nothing about the agent.
    """
    observation = observe(
        was.observation, windows, at_ms, rules, cold_is_firing=was.alerts.cold.severity is not None
    )
    trial = trial_nights.update(
        was.trial, windows, at_ms, rules, in_bed=observation.occupancy.in_bed
    )
    if trial.done and is_silent(was.trial):
        was = was._replace(alerts=_count_from_now_on(was.alerts, at_ms))
    cold_verdict = _cold(observation, was.alerts.cold, at_ms, rules)
    still_verdict = _still(observation, was.alerts.still, at_ms, rules)
    sensor_verdict, agent_verdict = _health(observation, was.alerts, at_ms, rules)
    if away and was.alerts.agent.severity is None:
        agent_verdict = unknown(Reason.AGENT_SILENT)
    verdicts = (cold_verdict, still_verdict, sensor_verdict, agent_verdict)
    if _nothing_to_do(was.alerts, verdicts):
        bed = Bed(observation, cold_verdict.holds, was.alerts, was.budget, trial, was.early_sign_ms)
        return _with_early_sign(bed, at_ms, rules)
    moved = observation.movement.moved_ms
    moved_this_minute = bool(moved) and moved[-1] > was.observation.window_ms
    alerts, transitions = [], []
    for kind, alert, verdict in zip(_KINDS, was.alerts, verdicts, strict=True):
        # Do not escalate for lack of an answer if nobody was notified.
        answers = kind is AlertKind.COLD and not is_silent(trial)
        answered_s = rules.warmth.not_answered_s if answers else 0
        after, transition = advance(
            alert,
            verdict,
            at_ms,
            rules.alerts,
            not_answered_s=answered_s,
            moved_this_minute=moved_this_minute,
        )
        notified_ms = after.last_notified_ms
        if (
            transition is None
            and notified_ms
            and kind not in BODY_KINDS
            and new_night(notified_ms, at_ms, rules)
        ):
            after, transition = remind(after, verdict, at_ms)
        alerts.append(after)
        # A sensor or agent alert already says that something is unknown.
        if transition is not None and (
            transition.kind is not TransitionKind.UNKNOWN or kind in BODY_KINDS
        ):
            transitions.append((kind, transition))
    bed = Bed(
        observation, cold_verdict.holds, AlertStates(*alerts), was.budget, trial, was.early_sign_ms
    )
    notices = []
    for kind, transition in transitions:
        bed, notice = _notice(bed, kind, transition, at_ms, rules, before=was.alerts.of(kind))
        if notice is not None:
            notices.append(notice)
    return bed, tuple(notices)


def _with_early_sign(bed: Bed, at_ms: int, rules: Rules) -> tuple[Bed, tuple[Notice, ...]]:
    """Add an early sign if one is due: only while the legs are warm, at most once an hour."""
    minutes = expected_min(bed, at_ms, rules)
    if minutes is None or at_ms - bed.early_sign_ms < EARLY_SIGN_AGAIN_MS:
        return bed, ()
    alert = AlertState(episode_ms=at_ms)
    figures = (*_figures(bed, AlertKind.COLD, alert, at_ms, rules), ("in_min", minutes))
    limit_c = ("limit_c", rules.warmth.plain_c)
    reason = cold.cooling_reason(bed.observation.cold, at_ms, rules)
    suppressed_by = SuppressedBy.TRIAL if is_silent(bed.trial) else SuppressedBy.EARLY_SIGN
    notice = Notice(
        at_ms,
        AlertKind.COLD,
        TransitionKind.EXPECTED,
        Severity.LOG,
        reason,
        (*figures, limit_c),
        suppressed_by,
        at_ms,
    )
    return bed._replace(early_sign_ms=at_ms), (notice,)


def expected_min(bed: Bed, at_ms: int, rules: Rules) -> int | None:
    """Return in how many minutes the legs will be cold at the present rate; None: no early sign."""
    settled = at_ms >= bed.observation.occupancy.settled_ms
    if bed.legs is not TriState.NO or not settled or bed.alerts.cold.severity is not None:
        return None
    if bed.observation.occupancy.in_bed is not True:
        return None
    observation = bed.observation
    return below_in_min(
        observation.cold,
        temperatures(observation),
        observation.leg,
        observation.movement,
        at_ms,
        rules,
    )


def _count_from_now_on(alerts: AlertStates, at_ms: int) -> AlertStates:
    """Start the time for an answer at the end of the trial nights: nobody was notified before."""
    for kind in BODY_KINDS:
        alert = alerts.of(kind)
        if alert.severity is not None and not alert.notified:
            alerts = alerts.put(kind, alert._replace(fired_ms=at_ms))
    return alerts


def _nothing_to_do(alerts: AlertStates, verdicts: tuple[Verdict, ...]) -> bool:
    """Return True if no alert is firing and no verdict is YES: most minutes of most nights."""
    for alert in alerts:
        if alert.severity is not None:
            return False
    return all(verdict.holds is not TriState.YES for verdict in verdicts)


def _cold(observation: Observation, alert: AlertState, at_ms: int, rules: Rules) -> Verdict:
    verdict = cold.judge(
        observation.cold,
        observation.leg,
        temperatures(observation),
        observation.occupancy,
        observation.movement,
        at_ms,
        rules,
        firing=alert.severity,
    )
    return _escalated_if_still(observation, verdict, alert, at_ms, rules)


def _escalated_if_still(
    observation: Observation, verdict: Verdict, alert: AlertState, at_ms: int, rules: Rules
) -> Verdict:
    """Escalate a firing cold warning when the sleeper has not moved for `stillness.joint_s`.

    Do not escalate a warning that the bed has not warmed (COLD_START): only a sleeper who is awake
    gets this warning.
    """
    standing = verdict.holds is TriState.YES and alert.severity is Severity.WARNING
    standing = standing and verdict.reason is not Reason.COLD_START
    limit_s = rules.stillness.joint_s
    if (
        not standing
        or not limit_s
        or verdict.severity is Severity.URGENT
        or verdict.since_ms is None
    ):
        return verdict
    since = still.still_since_ms(observation.movement, observation.occupancy, at_ms, rules)
    if since is None or at_ms - since < limit_s * 1000:
        return verdict
    return yes(Severity.URGENT, Reason.COLD_AND_STILL, verdict.since_ms, "stillness.joint_s")


def _still(observation: Observation, alert: AlertState, at_ms: int, rules: Rules) -> Verdict:
    return still.judge(
        observation.movement,
        observation.occupancy,
        at_ms,
        rules,
        firing=alert.severity,
        fired_ms=alert.fired_ms,
    )


def _health(
    observation: Observation, alerts: AlertStates, at_ms: int, rules: Rules
) -> tuple[Verdict, Verdict]:
    sensor_verdict = sensors.judge_sensors(
        observation.leg,
        observation.room,
        observation.movement,
        observation.occupancy,
        window_ms=observation.window_ms,
        back_ms=observation.back_ms,
        at_ms=at_ms,
        rules=rules,
        leg_stuck=observation.leg_stuck,
        displaced_since_ms=observation.cold.displaced_since_ms,
        firing=alerts.sensor.reason if alerts.sensor.severity else None,
    )
    agent_verdict = sensors.judge_agent(
        observation.window_ms,
        observation.back_ms,
        at_ms,
        rules,
        firing=alerts.agent.severity is not None,
    )
    return sensor_verdict, agent_verdict


def _notice(
    bed: Bed,
    kind: AlertKind,
    transition: Transition,
    at_ms: int,
    rules: Rules,
    *,
    before: AlertState,
) -> tuple[Bed, Notice | None]:
    """Make the notice of a transition: decide whether to push it, and add reason and figures."""
    alert = bed.alerts.of(kind)
    suppressed_by, budget = _suppressed_by(bed, kind, transition, alert, at_ms, rules)
    if (
        suppressed_by in (SuppressedBy.BUDGET, SuppressedBy.INHIBITED, SuppressedBy.TRIAL)
        and transition.kind is TransitionKind.RENOTIFIED
    ):
        return bed, None  # suppressed before and still suppressed: nothing new to store
    figures = _figures(bed, kind, alert, at_ms, rules) + _hold_figures(
        alert, before, transition, at_ms
    )
    if transition.rule == "warmth.change_sure":
        figures += cold.evidence(bed.observation.cold, bed.observation.movement, at_ms, rules)
    if suppressed_by is SuppressedBy.HOLD:
        alert = alert._replace(hold_until_ms=at_ms + rules.alerts.wait_s * 1000)
    elif suppressed_by is None and transition.kind not in (
        TransitionKind.RESOLVED,
        TransitionKind.UNKNOWN,
    ):
        alert = alert._replace(notified=True, last_notified_ms=at_ms, hold_until_ms=None)
    bed = bed._replace(alerts=bed.alerts.put(kind, alert), budget=budget)
    episode_ms = alert.episode_ms or before.episode_ms
    notice = Notice(
        at_ms,
        kind,
        transition.kind,
        transition.severity,
        transition.reason,
        figures,
        suppressed_by,
        episode_ms,
        Rule(transition.rule, limit(rules, transition.rule)) if transition.rule else None,
    )
    return bed, notice


def _hold_figures(
    alert: AlertState, before: AlertState, transition: Transition, at_ms: int
) -> Figures:
    """Return how long the hold lasted and what ended it; empty if the transition ends no hold."""
    if (
        before.hold_until_ms is None
        or before.fired_ms is None
        or transition.kind is TransitionKind.UNKNOWN
    ):
        return ()
    ended = {TransitionKind.RESOLVED: "over", TransitionKind.ESCALATED: "urgent"}.get(
        transition.kind
    )
    if ended is None:
        ended = "moved" if alert.hold_until_ms != before.hold_until_ms else "time"
    return (("waited_min", (at_ms - before.fired_ms) // 60_000), ("wait_ended", ended))


def _suppressed_by(
    bed: Bed, kind: AlertKind, transition: Transition, alert: AlertState, at_ms: int, rules: Rules
) -> tuple[SuppressedBy | None, Budget]:
    if transition.suppressed_by is not None:
        return transition.suppressed_by, bed.budget
    if transition.severity is Severity.LOG:
        return SuppressedBy.LOG_ONLY, bed.budget
    if is_silenced(alert, at_ms, transition.severity):
        return SuppressedBy.SILENCED, bed.budget
    if transition.kind in (TransitionKind.RESOLVED, TransitionKind.UNKNOWN):
        return (
            None
            if alert.notified or transition.kind is TransitionKind.RESOLVED
            else SuppressedBy.LOG_ONLY
        ), bed.budget
    if _is_on_trial(bed.trial, kind, transition.severity, rules):
        return SuppressedBy.TRIAL, bed.budget
    asked = transition.reason is Reason.SNOOZE_OVER  # a person set the end of the snooze
    if (
        asked
        or kind in (AlertKind.SENSOR, AlertKind.AGENT)
        or transition.severity is Severity.URGENT
    ):
        return None, bed.budget
    if kind is AlertKind.STILL and _inhibits(bed.alerts.cold, at_ms):
        return SuppressedBy.INHIBITED, bed.budget
    allowed, budget = allow(bed.budget, at_ms, rules)
    if not allowed:
        return SuppressedBy.BUDGET, bed.budget
    awake = transition.reason is Reason.COLD_START  # only a sleeper who moves gets this warning
    first = transition.kind is not TransitionKind.RENOTIFIED and not alert.notified
    if first and rules.alerts.wait_s and not awake:
        return SuppressedBy.HOLD, bed.budget  # uncounted: the budget counts sounds only
    return None, budget


def _inhibits(cold_alert: AlertState, at_ms: int) -> bool:
    """Return True if people are notified of cold legs now: a second push adds nothing."""
    if (
        cold_alert.severity is None
        or cold_alert.acknowledged
        or is_silenced(cold_alert, at_ms, cold_alert.severity)
    ):
        return False
    waits = cold_alert.hold_until_ms is not None and at_ms < cold_alert.hold_until_ms
    return waits or (
        cold_alert.last_notified_ms is not None
        and at_ms - cold_alert.last_notified_ms <= INHIBITS_MS
    )


def _is_on_trial(trial: TrialNights, kind: AlertKind, severity: Severity, rules: Rules) -> bool:
    loud = (
        kind is AlertKind.COLD and severity is Severity.URGENT and bool(rules.alerts.learn_urgent)
    )
    return kind in BODY_KINDS and is_silent(trial) and not loud


def _figures(bed: Bed, kind: AlertKind, alert: AlertState, at_ms: int, rules: Rules) -> Figures:
    since = alert.since_ms
    minutes = None if since is None else (at_ms - since) // 60_000
    still_ms = still.still_since_ms(
        bed.observation.movement, bed.observation.occupancy, at_ms, rules
    )
    still_min = None if still_ms is None else (at_ms - still_ms) // 60_000
    if kind is AlertKind.COLD:
        base = bed.observation.cold.baseline_c
        return (
            ("leg_c", bed.observation.leg.celsius),
            ("usual_c", None if base is None else round(base, 1)),
            *_baseline_figures(bed.observation.cold.baseline_samples_c),
            ("room_c", bed.observation.room.celsius),
            ("for_min", minutes),
            ("still_min", still_min),
        )
    if kind is AlertKind.STILL:
        return (("still_min", still_min), ("leg_c", bed.observation.leg.celsius))
    if kind is AlertKind.SENSOR:
        return (("for_min", minutes), ("last_good_c", bed.observation.leg.last_raw_c))
    return (("silent_min", (at_ms - bed.observation.window_ms) // 60_000),)


def _baseline_figures(marks: tuple[float, ...]) -> Figures:
    """Return the range of the warmer half of the baseline samples, C."""
    if not marks:
        return ()
    warmer = sorted(marks)[len(marks) // 2 :]
    return (("usual_low_c", round(warmer[0], 1)), ("usual_high_c", round(warmer[-1], 1)))
