"""One bed, one minute: what was seen goes through the rules, and the alerts live on."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.alerting import trial_nights
from legwatch.alerting.alert import Alarm, Alarms, Word, again, snoozed, step
from legwatch.alerting.budget import Budget, allow
from legwatch.alerting.notice import Held, Notice, What
from legwatch.alerting.trial_nights import Learning, quiet
from legwatch.conditions import cold as warmth
from legwatch.conditions import sensors as health
from legwatch.conditions import still as stillness
from legwatch.conditions.early_sign import below_in_min
from legwatch.conditions.sensors import new_night
from legwatch.conditions.verdict import Figures, Level, Reason, Truth, Verdict, unknown, yes
from legwatch.events import BODY, Kind, Window
from legwatch.limits.limits import Rules, limit
from legwatch.observation import Sight, feeling, see

_KINDS = tuple(Kind)
# A carer who was woken for cold legs needs some minutes to get up, look and go back. Until then the
# same visit serves for lying still; later it is another visit, and needs its own word.
JOINED_MS = 15 * 60_000
EARLY_AGAIN_MS = 60 * 60_000


class Bed(NamedTuple):
    """What is remembered of one bed between minutes."""

    sight: Sight = Sight()
    legs: Truth = Truth.UNKNOWN  # the last verdict on the legs
    alarms: Alarms = Alarms()
    budget: Budget = Budget()
    learning: Learning = Learning()
    early_ms: int = 0  # the last early sign


def minute(
    was: Bed, windows: Sequence[Window], at_ms: int, rules: Rules, *, away: bool = False
) -> tuple[Bed, tuple[Notice, ...]]:
    """Judge the minute that ended at `at_ms`; `windows` are those that came in it.

    `away`: nobody could listen in it, so a silence is not the agent's.
    """
    sight = see(was.sight, windows, at_ms, rules, cold=was.alarms.cold.level is not None)
    learning = trial_nights.follow(
        was.learning, windows, at_ms, rules, in_bed=sight.presence.in_bed
    )
    if learning.done and quiet(was.learning):
        was = was._replace(alarms=_from_now_on(was.alarms, at_ms))
    cold = _cold(sight, was.alarms.cold, at_ms, rules)
    still = _still(sight, was.alarms.still, at_ms, rules)
    sensors, agent = _health(sight, was.alarms, at_ms, rules)
    if away and was.alarms.agent.level is None:
        agent = unknown(Reason.AGENT_SILENT)
    verdicts = (cold, still, sensors, agent)
    if _nothing_to_do(was.alarms, verdicts):
        bed = Bed(sight, cold.truth, was.alarms, was.budget, learning, was.early_ms)
        return _with_sign(bed, at_ms, rules)
    moved = sight.movement.moved_ms
    stirred = bool(moved) and moved[-1] > was.sight.window_ms
    alarms, words = [], []
    for kind, alarm, verdict in zip(_KINDS, was.alarms, verdicts, strict=True):
        # Who was not told cannot answer.
        answers = kind is Kind.COLD and not quiet(learning)
        answered_s = rules.warmth.not_answered_s if answers else 0
        after, word = step(
            alarm, verdict, at_ms, rules.alerts, not_answered_s=answered_s, stirred=stirred
        )
        said_ms = after.sounded_ms
        if word is None and said_ms and kind not in BODY and new_night(said_ms, at_ms, rules):
            after, word = again(after, verdict, at_ms)
        alarms.append(after)
        # A health alert *is* the word that something is unknown.
        if word is not None and (word.what is not What.UNKNOWN or kind in BODY):
            words.append((kind, word))
    bed = Bed(sight, cold.truth, Alarms(*alarms), was.budget, learning, was.early_ms)
    notices = []
    for kind, word in words:
        bed, notice = _say(bed, kind, word, at_ms, rules, before=was.alarms.of(kind))
        if notice is not None:
            notices.append(notice)
    return bed, tuple(notices)


def _with_sign(bed: Bed, at_ms: int, rules: Rules) -> tuple[Bed, tuple[Notice, ...]]:
    """Add an early sign where there is one: never while the legs are not known to be warm."""
    minutes = expected_min(bed, at_ms, rules)
    if minutes is None or at_ms - bed.early_ms < EARLY_AGAIN_MS:
        return bed, ()
    alarm = Alarm(episode_ms=at_ms)
    figures = (*_figures(bed, Kind.COLD, alarm, at_ms, rules), ("in_min", minutes))
    limit_c = ("limit_c", rules.warmth.plain_c)
    reason = warmth.reason(bed.sight.warmth, at_ms, rules)
    held = Held.LEARNING if quiet(bed.learning) else Held.EARLY
    notice = Notice(
        at_ms, Kind.COLD, What.EXPECTED, Level.LOG, reason, (*figures, limit_c), held, at_ms
    )
    return bed._replace(early_ms=at_ms), (notice,)


def expected_min(bed: Bed, at_ms: int, rules: Rules) -> int | None:
    """Return in how many minutes the legs are expected to be cold, or None."""
    settled = at_ms >= bed.sight.presence.settled_ms
    if bed.legs is not Truth.NO or not settled or bed.alarms.cold.level is not None:
        return None
    if bed.sight.presence.in_bed is not True:
        return None
    sight = bed.sight
    return below_in_min(sight.warmth, feeling(sight), sight.leg, sight.movement, at_ms, rules)


def _from_now_on(alarms: Alarms, at_ms: int) -> Alarms:
    """Return the alarms at the end of learning: what stands untold can be answered from now on."""
    for kind in BODY:
        alarm = alarms.of(kind)
        if alarm.level is not None and not alarm.told:
            alarms = alarms.put(kind, alarm._replace(fired_ms=at_ms))
    return alarms


def _nothing_to_do(alarms: Alarms, verdicts: tuple[Verdict, ...]) -> bool:
    """Say whether all is clear and stays so: most minutes of most nights."""
    for alarm in alarms:
        if alarm.level is not None:
            return False
    return all(verdict.truth is not Truth.YES for verdict in verdicts)


def _cold(sight: Sight, alarm: Alarm, at_ms: int, rules: Rules) -> Verdict:
    cold = warmth.judge(
        sight.warmth,
        sight.leg,
        feeling(sight),
        sight.presence,
        sight.movement,
        at_ms,
        rules,
        firing=alarm.level,
    )
    return _joint(sight, cold, alarm, at_ms, rules)


def _joint(sight: Sight, cold: Verdict, alarm: Alarm, at_ms: int, rules: Rules) -> Verdict:
    """Raise a standing cold warning when the sleeper has not moved for it either.

    Not one of a bed that has not warmed: that is told to who lies awake, and wakes nobody later.
    """
    standing = cold.truth is Truth.YES and alarm.level is Level.WARNING
    standing = standing and cold.reason is not Reason.COLD_START
    limit_s = rules.stillness.joint_s
    if not standing or not limit_s or cold.level is Level.URGENT or cold.since_ms is None:
        return cold
    since = stillness.still_since(sight.movement, sight.presence, at_ms, rules)
    if since is None or at_ms - since < limit_s * 1000:
        return cold
    return yes(Level.URGENT, Reason.COLD_AND_STILL, cold.since_ms, "stillness.joint_s")


def _still(sight: Sight, alarm: Alarm, at_ms: int, rules: Rules) -> Verdict:
    return stillness.judge(
        sight.movement,
        sight.presence,
        at_ms,
        rules,
        firing=alarm.level,
        fired_ms=alarm.fired_ms,
    )


def _health(sight: Sight, alarms: Alarms, at_ms: int, rules: Rules) -> tuple[Verdict, Verdict]:
    sensors = health.judge_sensors(
        sight.leg,
        sight.room,
        sight.movement,
        sight.presence,
        window_ms=sight.window_ms,
        back_ms=sight.back_ms,
        at_ms=at_ms,
        rules=rules,
        leg_stuck=sight.stuck,
        slipped_ms=sight.warmth.slipped_ms,
        firing=alarms.sensor.reason if alarms.sensor.level else None,
    )
    agent = health.judge_agent(
        sight.window_ms, sight.back_ms, at_ms, rules, firing=alarms.agent.level is not None
    )
    return sensors, agent


def _say(
    bed: Bed, kind: Kind, word: Word, at_ms: int, rules: Rules, *, before: Alarm
) -> tuple[Bed, Notice | None]:
    """Decide whether it is pushed, and put reason and figures to it."""
    alarm = bed.alarms.of(kind)
    held, budget = _held(bed, kind, word, alarm, at_ms, rules)
    if held in (Held.BUDGET, Held.JOINED, Held.LEARNING) and word.what is What.REPEATED:
        return bed, None  # it was not told before and still may not be: nothing new to write down
    figures = _figures(bed, kind, alarm, at_ms, rules) + _waited(alarm, before, word, at_ms)
    if word.rule == "warmth.change_sure":
        figures += warmth.doubt(bed.sight.warmth, bed.sight.movement, at_ms, rules)
    if word.rule:
        figures += (("rule", f"{word.rule} = {limit(rules, word.rule):g}"),)
    if held is Held.WAITING:
        alarm = alarm._replace(wait_ms=at_ms + rules.alerts.wait_s * 1000)
    elif held is None and word.what not in (What.RESOLVED, What.UNKNOWN):
        alarm = alarm._replace(told=True, sounded_ms=at_ms, wait_ms=None)
    bed = bed._replace(alarms=bed.alarms.put(kind, alarm), budget=budget)
    episode_ms = alarm.episode_ms or before.episode_ms
    notice = Notice(at_ms, kind, word.what, word.level, word.reason, figures, held, episode_ms)
    return bed, notice


def _waited(alarm: Alarm, before: Alarm, word: Word, at_ms: int) -> Figures:
    """Return how the wait for a natural movement came out, where this word ends one."""
    if before.wait_ms is None or before.fired_ms is None or word.what is What.UNKNOWN:
        return ()
    ended = {What.RESOLVED: "over", What.RAISED: "urgent"}.get(word.what)
    if ended is None:
        ended = "moved" if alarm.wait_ms != before.wait_ms else "time"
    return (("waited_min", (at_ms - before.fired_ms) // 60_000), ("wait_ended", ended))


def _held(
    bed: Bed, kind: Kind, word: Word, alarm: Alarm, at_ms: int, rules: Rules
) -> tuple[Held | None, Budget]:
    if word.held is not None:
        return word.held, bed.budget
    if word.level is Level.LOG:
        return Held.LOG_ONLY, bed.budget
    if snoozed(alarm, at_ms, word.level):
        return Held.SNOOZED, bed.budget
    if word.what in (What.RESOLVED, What.UNKNOWN):
        return (None if alarm.told or word.what is What.RESOLVED else Held.LOG_ONLY), bed.budget
    if _learns(bed.learning, kind, word.level, rules):
        return Held.LEARNING, bed.budget
    asked = word.reason is Reason.SNOOZE_OVER  # by whoever set the snooze
    if asked or kind in (Kind.SENSOR, Kind.AGENT) or word.level is Level.URGENT:
        return None, bed.budget
    if kind is Kind.STILL and _goes_with(bed.alarms.cold, at_ms):
        return Held.JOINED, bed.budget
    allowed, budget = allow(bed.budget, at_ms, rules)
    if not allowed:
        return Held.BUDGET, bed.budget
    awake = word.reason is Reason.COLD_START  # which is only said to a sleeper who stirs
    first = word.what is not What.REPEATED and not alarm.told
    if first and rules.alerts.wait_s and not awake:
        return Held.WAITING, bed.budget  # the budget counts what makes a sound
    return None, budget


def _goes_with(cold: Alarm, at_ms: int) -> bool:
    """Say whether cold legs are being told of just now, so that lying still needs no own word."""
    if cold.level is None or cold.acked or snoozed(cold, at_ms, cold.level):
        return False
    waits = cold.wait_ms is not None and at_ms < cold.wait_ms
    return waits or (cold.sounded_ms is not None and at_ms - cold.sounded_ms <= JOINED_MS)


def _learns(learning: Learning, kind: Kind, level: Level, rules: Rules) -> bool:
    loud = kind is Kind.COLD and level is Level.URGENT and bool(rules.alerts.learn_urgent)
    return kind in BODY and quiet(learning) and not loud


def _figures(bed: Bed, kind: Kind, alarm: Alarm, at_ms: int, rules: Rules) -> Figures:
    since = alarm.since_ms
    minutes = None if since is None else (at_ms - since) // 60_000
    still = stillness.still_since(bed.sight.movement, bed.sight.presence, at_ms, rules)
    still_min = None if still is None else (at_ms - still) // 60_000
    if kind is Kind.COLD:
        base = bed.sight.warmth.baseline_c
        return (
            ("leg_c", bed.sight.leg.celsius),
            ("usual_c", None if base is None else round(base, 1)),
            *_usual(bed.sight.warmth.marks),
            ("room_c", bed.sight.room.celsius),
            ("for_min", minutes),
            ("still_min", still_min),
        )
    if kind is Kind.STILL:
        return (("still_min", still_min), ("leg_c", bed.sight.leg.celsius))
    if kind is Kind.SENSOR:
        return (("for_min", minutes), ("last_good_c", bed.sight.leg.raw))
    return (("silent_min", (at_ms - bed.sight.window_ms) // 60_000),)


def _usual(marks: tuple[float, ...]) -> Figures:
    """Return the range of the warmer half of what the air was before."""
    if not marks:
        return ()
    warmer = sorted(marks)[len(marks) // 2 :]
    return (("usual_low_c", round(warmer[0], 1)), ("usual_high_c", round(warmer[-1], 1)))
