"""One bed, one minute: what was seen goes through the rules, and the alerts live on."""

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
from legwatch.conditions import cold as warmth
from legwatch.conditions import sensors as health
from legwatch.conditions import still as stillness
from legwatch.conditions.early_sign import below_in_min
from legwatch.conditions.sensors import new_night
from legwatch.conditions.verdict import Figures, Reason, Severity, TriState, Verdict, unknown, yes
from legwatch.events import BODY_KINDS, AlertKind, Window
from legwatch.limits.limits import Rules, limit
from legwatch.observation import Observation, observe, temperatures

_KINDS = tuple(AlertKind)
# A carer who was woken for cold legs needs some minutes to get up, look and go back. Until then the
# same visit serves for lying still; later it is another visit, and needs its own word.
INHIBITS_MS = 15 * 60_000
EARLY_SIGN_AGAIN_MS = 60 * 60_000


class Bed(NamedTuple):
    """What is remembered of one bed between minutes."""

    observation: Observation = Observation()
    legs: TriState = TriState.UNKNOWN  # the last verdict on the legs
    alerts: AlertStates = AlertStates()
    budget: Budget = Budget()
    trial: TrialNights = TrialNights()
    early_sign_ms: int = 0  # the last early sign


def minute(
    was: Bed, windows: Sequence[Window], at_ms: int, rules: Rules, *, away: bool = False
) -> tuple[Bed, tuple[Notice, ...]]:
    """Judge the minute that ended at `at_ms`; `windows` are those that came in it.

    `away`: nobody could listen in it, so a silence is not the agent's.
    """
    sight = observe(
        was.observation, windows, at_ms, rules, cold_is_firing=was.alerts.cold.severity is not None
    )
    learning = trial_nights.update(was.trial, windows, at_ms, rules, in_bed=sight.occupancy.in_bed)
    if learning.done and is_silent(was.trial):
        was = was._replace(alerts=_count_from_now_on(was.alerts, at_ms))
    cold = _cold(sight, was.alerts.cold, at_ms, rules)
    still = _still(sight, was.alerts.still, at_ms, rules)
    sensors, agent = _health(sight, was.alerts, at_ms, rules)
    if away and was.alerts.agent.severity is None:
        agent = unknown(Reason.AGENT_SILENT)
    verdicts = (cold, still, sensors, agent)
    if _nothing_to_do(was.alerts, verdicts):
        bed = Bed(sight, cold.holds, was.alerts, was.budget, learning, was.early_sign_ms)
        return _with_early_sign(bed, at_ms, rules)
    moved = sight.movement.moved_ms
    stirred = bool(moved) and moved[-1] > was.observation.window_ms
    alarms, words = [], []
    for kind, alarm, verdict in zip(_KINDS, was.alerts, verdicts, strict=True):
        # Who was not told cannot answer.
        answers = kind is AlertKind.COLD and not is_silent(learning)
        answered_s = rules.warmth.not_answered_s if answers else 0
        after, word = advance(
            alarm,
            verdict,
            at_ms,
            rules.alerts,
            not_answered_s=answered_s,
            moved_this_minute=stirred,
        )
        said_ms = after.last_notified_ms
        if word is None and said_ms and kind not in BODY_KINDS and new_night(said_ms, at_ms, rules):
            after, word = remind(after, verdict, at_ms)
        alarms.append(after)
        # A health alert *is* the word that something is unknown.
        if word is not None and (word.kind is not TransitionKind.UNKNOWN or kind in BODY_KINDS):
            words.append((kind, word))
    bed = Bed(sight, cold.holds, AlertStates(*alarms), was.budget, learning, was.early_sign_ms)
    notices = []
    for kind, word in words:
        bed, notice = _notice(bed, kind, word, at_ms, rules, before=was.alerts.of(kind))
        if notice is not None:
            notices.append(notice)
    return bed, tuple(notices)


def _with_early_sign(bed: Bed, at_ms: int, rules: Rules) -> tuple[Bed, tuple[Notice, ...]]:
    """Add an early sign where there is one: never while the legs are not known to be warm."""
    minutes = expected_min(bed, at_ms, rules)
    if minutes is None or at_ms - bed.early_sign_ms < EARLY_SIGN_AGAIN_MS:
        return bed, ()
    alarm = AlertState(episode_ms=at_ms)
    figures = (*_figures(bed, AlertKind.COLD, alarm, at_ms, rules), ("in_min", minutes))
    limit_c = ("limit_c", rules.warmth.plain_c)
    reason = warmth.cooling_reason(bed.observation.cold, at_ms, rules)
    held = SuppressedBy.TRIAL if is_silent(bed.trial) else SuppressedBy.EARLY_SIGN
    notice = Notice(
        at_ms,
        AlertKind.COLD,
        TransitionKind.EXPECTED,
        Severity.LOG,
        reason,
        (*figures, limit_c),
        held,
        at_ms,
    )
    return bed._replace(early_sign_ms=at_ms), (notice,)


def expected_min(bed: Bed, at_ms: int, rules: Rules) -> int | None:
    """Return in how many minutes the legs are expected to be cold, or None."""
    settled = at_ms >= bed.observation.occupancy.settled_ms
    if bed.legs is not TriState.NO or not settled or bed.alerts.cold.severity is not None:
        return None
    if bed.observation.occupancy.in_bed is not True:
        return None
    sight = bed.observation
    return below_in_min(sight.cold, temperatures(sight), sight.leg, sight.movement, at_ms, rules)


def _count_from_now_on(alarms: AlertStates, at_ms: int) -> AlertStates:
    """Return the alarms at the end of learning: what stands untold can be answered from now on."""
    for kind in BODY_KINDS:
        alarm = alarms.of(kind)
        if alarm.severity is not None and not alarm.notified:
            alarms = alarms.put(kind, alarm._replace(fired_ms=at_ms))
    return alarms


def _nothing_to_do(alarms: AlertStates, verdicts: tuple[Verdict, ...]) -> bool:
    """Say whether all is clear and stays so: most minutes of most nights."""
    for alarm in alarms:
        if alarm.severity is not None:
            return False
    return all(verdict.holds is not TriState.YES for verdict in verdicts)


def _cold(sight: Observation, alarm: AlertState, at_ms: int, rules: Rules) -> Verdict:
    cold = warmth.judge(
        sight.cold,
        sight.leg,
        temperatures(sight),
        sight.occupancy,
        sight.movement,
        at_ms,
        rules,
        firing=alarm.severity,
    )
    return _escalated_if_still(sight, cold, alarm, at_ms, rules)


def _escalated_if_still(
    sight: Observation, cold: Verdict, alarm: AlertState, at_ms: int, rules: Rules
) -> Verdict:
    """Raise a standing cold warning when the sleeper has not moved for it either.

    Not one of a bed that has not warmed: that is told to who lies awake, and wakes nobody later.
    """
    standing = cold.holds is TriState.YES and alarm.severity is Severity.WARNING
    standing = standing and cold.reason is not Reason.COLD_START
    limit_s = rules.stillness.joint_s
    if not standing or not limit_s or cold.severity is Severity.URGENT or cold.since_ms is None:
        return cold
    since = stillness.still_since_ms(sight.movement, sight.occupancy, at_ms, rules)
    if since is None or at_ms - since < limit_s * 1000:
        return cold
    return yes(Severity.URGENT, Reason.COLD_AND_STILL, cold.since_ms, "stillness.joint_s")


def _still(sight: Observation, alarm: AlertState, at_ms: int, rules: Rules) -> Verdict:
    return stillness.judge(
        sight.movement,
        sight.occupancy,
        at_ms,
        rules,
        firing=alarm.severity,
        fired_ms=alarm.fired_ms,
    )


def _health(
    sight: Observation, alarms: AlertStates, at_ms: int, rules: Rules
) -> tuple[Verdict, Verdict]:
    sensors = health.judge_sensors(
        sight.leg,
        sight.room,
        sight.movement,
        sight.occupancy,
        window_ms=sight.window_ms,
        back_ms=sight.back_ms,
        at_ms=at_ms,
        rules=rules,
        leg_stuck=sight.leg_stuck,
        displaced_since_ms=sight.cold.displaced_since_ms,
        firing=alarms.sensor.reason if alarms.sensor.severity else None,
    )
    agent = health.judge_agent(
        sight.window_ms, sight.back_ms, at_ms, rules, firing=alarms.agent.severity is not None
    )
    return sensors, agent


def _notice(
    bed: Bed, kind: AlertKind, word: Transition, at_ms: int, rules: Rules, *, before: AlertState
) -> tuple[Bed, Notice | None]:
    """Decide whether it is pushed, and put reason and figures to it."""
    alarm = bed.alerts.of(kind)
    held, budget = _suppressed_by(bed, kind, word, alarm, at_ms, rules)
    if (
        held in (SuppressedBy.BUDGET, SuppressedBy.INHIBITED, SuppressedBy.TRIAL)
        and word.kind is TransitionKind.RENOTIFIED
    ):
        return bed, None  # it was not told before and still may not be: nothing new to write down
    figures = _figures(bed, kind, alarm, at_ms, rules) + _hold_figures(alarm, before, word, at_ms)
    if word.rule == "warmth.change_sure":
        figures += warmth.evidence(bed.observation.cold, bed.observation.movement, at_ms, rules)
    if word.rule:
        figures += (("rule", f"{word.rule} = {limit(rules, word.rule):g}"),)
    if held is SuppressedBy.HOLD:
        alarm = alarm._replace(hold_until_ms=at_ms + rules.alerts.wait_s * 1000)
    elif held is None and word.kind not in (TransitionKind.RESOLVED, TransitionKind.UNKNOWN):
        alarm = alarm._replace(notified=True, last_notified_ms=at_ms, hold_until_ms=None)
    bed = bed._replace(alerts=bed.alerts.put(kind, alarm), budget=budget)
    episode_ms = alarm.episode_ms or before.episode_ms
    notice = Notice(at_ms, kind, word.kind, word.severity, word.reason, figures, held, episode_ms)
    return bed, notice


def _hold_figures(alarm: AlertState, before: AlertState, word: Transition, at_ms: int) -> Figures:
    """Return how the wait for a natural movement came out, where this word ends one."""
    if (
        before.hold_until_ms is None
        or before.fired_ms is None
        or word.kind is TransitionKind.UNKNOWN
    ):
        return ()
    ended = {TransitionKind.RESOLVED: "over", TransitionKind.ESCALATED: "urgent"}.get(word.kind)
    if ended is None:
        ended = "moved" if alarm.hold_until_ms != before.hold_until_ms else "time"
    return (("waited_min", (at_ms - before.fired_ms) // 60_000), ("wait_ended", ended))


def _suppressed_by(
    bed: Bed, kind: AlertKind, word: Transition, alarm: AlertState, at_ms: int, rules: Rules
) -> tuple[SuppressedBy | None, Budget]:
    if word.suppressed_by is not None:
        return word.suppressed_by, bed.budget
    if word.severity is Severity.LOG:
        return SuppressedBy.LOG_ONLY, bed.budget
    if is_silenced(alarm, at_ms, word.severity):
        return SuppressedBy.SILENCED, bed.budget
    if word.kind in (TransitionKind.RESOLVED, TransitionKind.UNKNOWN):
        return (
            None
            if alarm.notified or word.kind is TransitionKind.RESOLVED
            else SuppressedBy.LOG_ONLY
        ), bed.budget
    if _is_on_trial(bed.trial, kind, word.severity, rules):
        return SuppressedBy.TRIAL, bed.budget
    asked = word.reason is Reason.SNOOZE_OVER  # by whoever set the snooze
    if asked or kind in (AlertKind.SENSOR, AlertKind.AGENT) or word.severity is Severity.URGENT:
        return None, bed.budget
    if kind is AlertKind.STILL and _inhibits(bed.alerts.cold, at_ms):
        return SuppressedBy.INHIBITED, bed.budget
    allowed, budget = allow(bed.budget, at_ms, rules)
    if not allowed:
        return SuppressedBy.BUDGET, bed.budget
    awake = word.reason is Reason.COLD_START  # which is only said to a sleeper who stirs
    first = word.kind is not TransitionKind.RENOTIFIED and not alarm.notified
    if first and rules.alerts.wait_s and not awake:
        return SuppressedBy.HOLD, bed.budget  # the budget counts what makes a sound
    return None, budget


def _inhibits(cold: AlertState, at_ms: int) -> bool:
    """Say whether cold legs are being told of just now, so that lying still needs no own word."""
    if cold.severity is None or cold.acknowledged or is_silenced(cold, at_ms, cold.severity):
        return False
    waits = cold.hold_until_ms is not None and at_ms < cold.hold_until_ms
    return waits or (
        cold.last_notified_ms is not None and at_ms - cold.last_notified_ms <= INHIBITS_MS
    )


def _is_on_trial(learning: TrialNights, kind: AlertKind, level: Severity, rules: Rules) -> bool:
    loud = kind is AlertKind.COLD and level is Severity.URGENT and bool(rules.alerts.learn_urgent)
    return kind in BODY_KINDS and is_silent(learning) and not loud


def _figures(bed: Bed, kind: AlertKind, alarm: AlertState, at_ms: int, rules: Rules) -> Figures:
    since = alarm.since_ms
    minutes = None if since is None else (at_ms - since) // 60_000
    still = stillness.still_since_ms(
        bed.observation.movement, bed.observation.occupancy, at_ms, rules
    )
    still_min = None if still is None else (at_ms - still) // 60_000
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
    """Return the range of the warmer half of what the air was before."""
    if not marks:
        return ()
    warmer = sorted(marks)[len(marks) // 2 :]
    return (("usual_low_c", round(warmer[0], 1)), ("usual_high_c", round(warmer[-1], 1)))
