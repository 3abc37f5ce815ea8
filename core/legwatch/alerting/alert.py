"""The life of one alert: clear, firing at a level, acknowledged or snoozed, resolved.

Unknown neither fires nor clears: it is said once, and the alert waits. An acknowledgement belongs
to the episode and ends with it; a snooze is time and belongs to the kind.
"""

from typing import NamedTuple

from legwatch.alerting.notice import Held, What
from legwatch.conditions.verdict import RANK, Level, Reason, Truth, Verdict
from legwatch.events import Kind
from legwatch.limits.limits import Alerts


class Alarm(NamedTuple):
    """One kind's alert. Times in UTC ms; `level` None is clear."""

    level: Level | None = None
    reason: Reason | None = None
    since_ms: int | None = None  # when the condition began
    fired_ms: int | None = None
    sounded_ms: int | None = None  # the last time it was pushed
    told: bool = False  # somebody was pushed in this episode
    repeats: int = 0
    acked: bool = False
    raised: bool = False  # it has been urgent in this episode
    by_time: bool = False  # raised because nobody answered or moved, not because it got worse
    blind_ms: int | None = None  # since when it cannot be judged
    blind_said: bool = False
    ended_ms: int | None = None
    ended_level: Level | None = None
    ended_reason: Reason | None = None
    snoozed_ms: int | None = None  # quiet until
    hushed_ms: int | None = None  # warnings quiet until: every kind was snoozed at once
    wait_ms: int | None = None  # until when it waits for a natural movement before it sounds
    episode_ms: int | None = None  # when it fired, also after the time line has changed
    snooze_ends: bool = False  # with the episode: that is what was snoozed
    rested_ms: int | None = None  # when a quiet ended: until then nobody was to answer


class Alarms(NamedTuple):
    """One alarm a kind, in the order of Kind, which is the order of the notices of a minute."""

    cold: Alarm = Alarm()
    still: Alarm = Alarm()
    sensor: Alarm = Alarm()
    agent: Alarm = Alarm()

    def of(self, kind: Kind) -> Alarm:
        """Return the alarm of one kind."""
        return self[_PLACE[kind]]

    def put(self, kind: Kind, alarm: Alarm) -> "Alarms":
        """Return the alarms with one of them replaced."""
        changed = list(self)
        changed[_PLACE[kind]] = alarm
        return Alarms._make(changed)


NIGHT_MS = 12 * 3_600_000
_PLACE = {kind: place for place, kind in enumerate(Kind)}


class Word(NamedTuple):
    """What the alarm wants said; whether it may be pushed is decided for all kinds together."""

    what: What
    level: Level
    reason: Reason
    held: Held | None = None
    rule: str = ""  # the limit that made it so


def step(
    alarm: Alarm,
    verdict: Verdict,
    at_ms: int,
    limits: Alerts,
    *,
    not_answered_s: int = 0,
    stirred: bool = False,
) -> tuple[Alarm, Word | None]:
    """Take one minute's verdict in; `not_answered_s` 0: never raised by time alone.

    `stirred`: the sleeper has moved in this minute.
    """
    if stirred and alarm.wait_ms is not None:
        alarm = alarm._replace(wait_ms=at_ms)
    if alarm.level is None:
        return _clear(alarm, verdict, at_ms, limits)
    if verdict.truth is Truth.UNKNOWN:
        return _blind(alarm, verdict, at_ms, limits)
    if verdict.truth is Truth.NO:
        return _resolve(alarm, verdict, at_ms)
    return _firing(alarm._replace(blind_ms=None), verdict, at_ms, limits, not_answered_s)


def again(alarm: Alarm, verdict: Verdict, at_ms: int) -> tuple[Alarm, Word | None]:
    """Say a standing alert once more, also when it was acknowledged: a new night has begun."""
    if alarm.level is None or verdict.truth is not Truth.YES or snoozed(alarm, at_ms, alarm.level):
        return alarm, None
    reason = alarm.reason or verdict.reason
    return alarm._replace(acked=False), Word(What.REPEATED, alarm.level, reason)


def quiet_until(alarm: Alarm, level: Level | None) -> int:
    """Return until when the kind is to be quiet at a level, UTC ms; 0: it is not."""
    hushed = 0 if level is Level.URGENT else alarm.hushed_ms or 0
    return max(alarm.snoozed_ms or 0, hushed)


def snoozed(alarm: Alarm, at_ms: int, level: Level | None) -> bool:
    """Say whether the kind is to be quiet now."""
    return at_ms < quiet_until(alarm, level)


def _clear(alarm: Alarm, verdict: Verdict, at_ms: int, limits: Alerts) -> tuple[Alarm, Word | None]:
    if verdict.truth is not Truth.YES:
        return alarm, None
    rearmed = alarm.ended_ms is None or at_ms - alarm.ended_ms >= limits.rearm_s * 1000
    if not rearmed and alarm.ended_level and RANK[verdict.level] <= RANK[alarm.ended_level]:
        return alarm, None
    again = Reason.COLD_START in (alarm.ended_reason, verdict.reason)
    if again and alarm.ended_reason is verdict.reason and at_ms - (alarm.ended_ms or 0) < NIGHT_MS:
        return alarm, None  # a bed that does not warm is said once a night
    fired = Alarm(
        level=verdict.level,
        reason=verdict.reason,
        since_ms=verdict.since_ms,
        fired_ms=at_ms,
        snoozed_ms=alarm.snoozed_ms,
        hushed_ms=alarm.hushed_ms,
        episode_ms=at_ms,
    )
    return fired, Word(What.FIRED, verdict.level, verdict.reason, rule=verdict.rule)


def _blind(alarm: Alarm, verdict: Verdict, at_ms: int, limits: Alerts) -> tuple[Alarm, Word | None]:
    level = alarm.level or Level.LOG
    if alarm.blind_ms is None:
        return alarm._replace(blind_ms=at_ms), None
    if alarm.blind_said or at_ms - alarm.blind_ms < limits.unknown_s * 1000:
        return alarm, None
    return alarm._replace(blind_said=True), Word(What.UNKNOWN, level, verdict.reason)


def _resolve(alarm: Alarm, verdict: Verdict, at_ms: int) -> tuple[Alarm, Word | None]:
    level = alarm.level or Level.LOG
    ended = Alarm(
        ended_ms=at_ms,
        ended_level=level,
        ended_reason=alarm.reason,
        snoozed_ms=None if alarm.snooze_ends else alarm.snoozed_ms,
        hushed_ms=alarm.hushed_ms,
    )
    held = None if alarm.told else Held.LOG_ONLY
    return ended, Word(What.RESOLVED, level, verdict.reason, held)


def _firing(
    alarm: Alarm, verdict: Verdict, at_ms: int, limits: Alerts, not_answered_s: int
) -> tuple[Alarm, Word | None]:
    level, urgent = alarm.level or Level.LOG, Level.URGENT
    if verdict.since_ms is not None and _unanswered(alarm, at_ms, not_answered_s):
        raised = alarm._replace(level=urgent, by_time=True, raised=True, repeats=0)
        return raised, Word(What.RAISED, urgent, Reason.NOT_ANSWERED, rule="warmth.not_answered_s")
    if RANK[verdict.level] > RANK[level]:
        by_time = verdict.reason is Reason.COLD_AND_STILL
        raised = alarm._replace(
            level=verdict.level,
            reason=verdict.reason,
            acked=False,
            by_time=by_time,
            raised=verdict.level is urgent,
            repeats=0,
        )
        return raised, Word(What.RAISED, verdict.level, verdict.reason, rule=verdict.rule)
    if RANK[verdict.level] < RANK[level] and not alarm.by_time:
        return alarm._replace(level=verdict.level), None
    return _remind(alarm, verdict, at_ms, limits)


def _unanswered(alarm: Alarm, at_ms: int, not_answered_s: int) -> bool:
    """Say whether a warning has stood for too long; an episode is raised so once.

    Nobody can have answered what was told to nobody, nor had to while quiet was asked for.
    """
    waiting = alarm.level is Level.WARNING and not alarm.acked and not alarm.raised
    waiting = waiting and alarm.told and alarm.reason is not Reason.COLD_START
    if not waiting or not not_answered_s or alarm.fired_ms is None:
        return False
    since_ms = max(alarm.fired_ms, alarm.rested_ms or 0, quiet_until(alarm, alarm.level))
    return at_ms - since_ms >= not_answered_s * 1000


def _remind(
    alarm: Alarm, verdict: Verdict, at_ms: int, limits: Alerts
) -> tuple[Alarm, Word | None]:
    level, reason = alarm.level or Level.LOG, alarm.reason or Reason.BY_PERSON
    until_ms = quiet_until(alarm, level)
    if until_ms and at_ms >= until_ms:
        alarm = alarm._replace(snoozed_ms=None, hushed_ms=None, rested_ms=until_ms)
        if not alarm.acked and level is not Level.LOG:
            return alarm, Word(What.REPEATED, level, Reason.SNOOZE_OVER)
    waits = alarm.wait_ms is not None and at_ms < alarm.wait_ms
    if alarm.acked or waits or at_ms < until_ms or level is Level.LOG:
        return alarm, None
    if not alarm.told and verdict.since_ms is not None:
        # The night's budget held it back, and it is still true.
        return alarm, Word(What.REPEATED, level, reason)
    due = alarm.sounded_ms is not None and at_ms - alarm.sounded_ms >= limits.repeat_urgent_s * 1000
    holds = verdict.since_ms is not None
    if level is Level.URGENT and due and holds and alarm.repeats < limits.repeat_urgent:
        return alarm._replace(repeats=alarm.repeats + 1), Word(What.REPEATED, level, reason)
    return alarm, None


def carried(alarm: Alarm, at_ms: int) -> Alarm:
    """Return a standing alarm on another time line: it stands, and nobody has seen it end."""
    if alarm.level is None:
        return Alarm()
    return Alarm(
        alarm.level,
        alarm.reason,
        at_ms,
        at_ms,
        told=alarm.told,
        acked=alarm.acked,
        episode_ms=alarm.episode_ms,
    )
