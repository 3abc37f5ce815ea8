"""The states of one alert: inactive, firing at a severity, acknowledged or snoozed, resolved.

An UNKNOWN verdict neither fires nor resolves an alert: the alert reports it once and stays as it
is. An acknowledgement ends with its episode. A snooze ends at a time and covers new episodes, too,
while it runs. Of a snooze that is over, as of all else in older episodes, a new one knows nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.alerting.notice import MAY_SOUND, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import (
    NO,
    RANK,
    UNKNOWN,
    YES,
    Figures,
    Firing,
    Reason,
    Rule,
    Severity,
    Verdict,
)
from legwatch.events import AlertKind
from legwatch.limits.rules import AlertLimits


class AlertState(NamedTuple):
    """The alert of one kind. Times are UTC ms. `severity` None: the alert is not firing."""

    severity: Severity | None = None
    reason: Reason | None = None
    since_ms: int | None = None  # when the condition began
    fired_ms: int | None = None
    last_notified_ms: int | None = None  # time of the last push
    notified: bool = False  # a push was sent in this episode
    repeats: int = 0
    acknowledged: bool = False
    escalated: bool = False  # it has been urgent in this episode
    escalated_by_timeout: bool = False  # by lack of an answer or movement, not by colder legs
    unknown_since_ms: int | None = None  # since when the verdict is UNKNOWN
    unknown_notified: bool = False
    ended_ms: int | None = None
    ended_severity: Severity | None = None
    ended_reason: Reason | None = None
    snoozed_until_ms: int | None = None  # end of a snooze of this kind
    all_snoozed_until_ms: int | None = None  # end of a snooze of all warnings
    hold_until_ms: int | None = None  # end of the hold, in which the alert waits for a movement
    episode_ms: int | None = None  # when it fired; names the episode, and never changes
    snooze_ends_with_episode: bool = False  # the snooze is for this episode only
    silence_ended_ms: int | None = None  # end of the last snooze: the time for an answer restarts
    outlasting_until_ms: int | None = None  # end of a shorter snooze that is not for one episode
    warming_ms: int | None = None  # since when the legs become warm again


class AlertStates(NamedTuple):
    """One alert per kind, in the order of AlertKind, which is the order of a minute's notices."""

    cold: AlertState = AlertState()
    still: AlertState = AlertState()
    sensor: AlertState = AlertState()
    agent: AlertState = AlertState()

    @property
    def firing(self) -> Sequence[Firing | None]:
        """What each condition has to know of its alert; None: the alert is not firing."""
        cold, still, sensor, agent = self
        if cold.severity is still.severity is sensor.severity is agent.severity is None:
            return _NONE_FIRES
        return [
            None if alert.severity is None else Firing(alert.severity, alert.reason, alert.fired_ms)
            for alert in self
        ]

    def of(self, kind: AlertKind) -> AlertState:
        """Return the alert of one kind."""
        return self[_PLACE[kind]]

    def put(self, kind: AlertKind, alert: AlertState) -> "AlertStates":
        """Return a copy in which the alert of one kind is replaced."""
        changed = list(self)
        changed[_PLACE[kind]] = alert
        return AlertStates._make(changed)


# What is silent again has been so for long, and of what comes and goes little is told a night.
_SILENT = frozenset(
    {Reason.AGENT_SILENT, Reason.NO_READINGS, Reason.IMPLAUSIBLE, Reason.MOVEMENT_MISSING}
)
_NONE_FIRES = (None,) * len(AlertStates._fields)  # as in most minutes
NIGHT_MS = 12 * 3_600_000
_PLACE = {kind: place for place, kind in enumerate(AlertKind)}


class Transition(NamedTuple):
    """A change of an alert that needs a notice; suppress.py decides whether to push the notice."""

    kind: TransitionKind
    severity: Severity
    reason: Reason
    rule: Rule | None = None  # the limit that decided
    evidence: Figures = ()  # the verdict's


def advance(
    alert: AlertState,
    verdict: Verdict,
    at_ms: int,
    limits: AlertLimits,
    *,
    not_answered_s: int = 0,
) -> tuple[AlertState, Transition | None]:
    """Apply one minute's verdict; `not_answered_s` 0: never escalate for lack of an answer."""
    if alert.severity is None:
        return _inactive(alert, verdict, at_ms, limits)
    if verdict.holds is UNKNOWN:
        return _cannot_judge(alert, verdict, at_ms, limits)
    if verdict.holds is NO:
        return _resolve(alert, verdict, at_ms)
    if alert.unknown_since_ms is not None:
        alert = alert._replace(unknown_since_ms=None)
    return _firing(alert, verdict, at_ms, limits, not_answered_s)


def end_hold(alert: AlertState, at_ms: int) -> AlertState:
    """End a hold, because the sleeper has moved."""
    return alert if alert.hold_until_ms is None else alert._replace(hold_until_ms=at_ms)


def after_notice(
    alert: AlertState,
    kind: TransitionKind,
    suppressed_by: SuppressedBy | None,
    at_ms: int,
    hold_until_ms: int,
) -> AlertState:
    """Remember the push of a transition, or begin the hold."""
    if suppressed_by is SuppressedBy.HOLD:
        return alert._replace(hold_until_ms=hold_until_ms)
    if suppressed_by in (None, SuppressedBy.LOW_URGENCY) and kind in MAY_SOUND:
        return alert._replace(notified=True, last_notified_ms=at_ms, hold_until_ms=None)
    return alert


def silenced_until_ms(alert: AlertState, severity: Severity | None) -> int:
    """Return the end of the snooze for this severity, UTC ms; 0: no snooze."""
    warnings_ms = 0 if severity is Severity.URGENT else alert.all_snoozed_until_ms or 0
    return max(alert.snoozed_until_ms or 0, warnings_ms)


def is_silenced(alert: AlertState, at_ms: int, severity: Severity | None) -> bool:
    """Return True if a snooze is in force at `at_ms` for this severity."""
    return at_ms < silenced_until_ms(alert, severity)


def after_end_ms(alert: AlertState) -> int | None:
    """Return the end of the snooze of this kind that goes on after this episode; None: none."""
    return alert.outlasting_until_ms if alert.snooze_ends_with_episode else alert.snoozed_until_ms


def running_ms(until_ms: int | None, at_ms: int) -> int | None:
    """Return the end of a snooze that still runs; None: there is none."""
    return until_ms if until_ms is not None and until_ms > at_ms else None


def _after_snoozes(alert: AlertState, at_ms: int) -> AlertState:
    """Forget the snoozes that are over, but for when the last of them ended."""
    both = (alert.snoozed_until_ms, alert.all_snoozed_until_ms)
    ended = [until_ms for until_ms in both if until_ms and until_ms <= at_ms]
    if not ended:
        return alert
    return alert._replace(
        snoozed_until_ms=running_ms(alert.snoozed_until_ms, at_ms),
        all_snoozed_until_ms=running_ms(alert.all_snoozed_until_ms, at_ms),
        outlasting_until_ms=running_ms(alert.outlasting_until_ms, at_ms),
        silence_ended_ms=max(ended),
    )


def _inactive(
    alert: AlertState, verdict: Verdict, at_ms: int, limits: AlertLimits
) -> tuple[AlertState, Transition | None]:
    if verdict.holds is not YES:
        return alert, None
    rearmed = alert.ended_ms is None or at_ms - alert.ended_ms >= limits.rearm_s * 1000
    rearmed = rearmed or verdict.reason in _SILENT
    if (
        not rearmed
        and alert.ended_severity
        and RANK[verdict.severity] <= RANK[alert.ended_severity]
    ):
        return alert, None
    again = Reason.COLD_START in (alert.ended_reason, verdict.reason)
    if again and alert.ended_reason is verdict.reason and at_ms - (alert.ended_ms or 0) < NIGHT_MS:
        return alert, None  # notify of a bed that does not warm once a night
    fired = AlertState(
        severity=verdict.severity,
        reason=verdict.reason,
        since_ms=verdict.since_ms,
        fired_ms=at_ms,
        snoozed_until_ms=running_ms(alert.snoozed_until_ms, at_ms),
        all_snoozed_until_ms=running_ms(alert.all_snoozed_until_ms, at_ms),
        episode_ms=at_ms,
    )
    return fired, _change(TransitionKind.FIRED, verdict)


def _change(kind: TransitionKind, verdict: Verdict) -> Transition:
    return Transition(kind, verdict.severity, verdict.reason, verdict.rule, verdict.evidence)


def _cannot_judge(
    alert: AlertState, verdict: Verdict, at_ms: int, limits: AlertLimits
) -> tuple[AlertState, Transition | None]:
    severity = alert.severity or Severity.LOG
    if alert.unknown_since_ms is None:
        return alert._replace(unknown_since_ms=at_ms), None
    if alert.unknown_notified or at_ms - alert.unknown_since_ms < limits.unknown_s * 1000:
        return alert, None
    return alert._replace(unknown_notified=True), Transition(
        TransitionKind.UNKNOWN, severity, verdict.reason
    )


def _resolve(
    alert: AlertState, verdict: Verdict, at_ms: int
) -> tuple[AlertState, Transition | None]:
    severity = alert.severity or Severity.LOG
    ended = AlertState(
        ended_ms=at_ms,
        ended_severity=severity,
        ended_reason=alert.reason,
        snoozed_until_ms=after_end_ms(alert),
        all_snoozed_until_ms=alert.all_snoozed_until_ms,
    )
    return ended, Transition(TransitionKind.RESOLVED, severity, verdict.reason)


def _firing(
    alert: AlertState, verdict: Verdict, at_ms: int, limits: AlertLimits, not_answered_s: int
) -> tuple[AlertState, Transition | None]:
    severity, urgent = alert.severity or Severity.LOG, Severity.URGENT
    if verdict.warming != (alert.warming_ms is not None):
        return _turned(alert, verdict, at_ms)
    if verdict.since_ms is not None and _unanswered(alert, at_ms, not_answered_s, limits):
        raised = _after_snoozes(alert, at_ms)._replace(
            severity=urgent, escalated_by_timeout=True, escalated=True, repeats=0
        )
        rule = Rule("warmth.not_answered_s", float(not_answered_s))
        return raised, Transition(TransitionKind.ESCALATED, urgent, Reason.NOT_ANSWERED, rule)
    if RANK[verdict.severity] > RANK[severity]:
        by_time = verdict.reason is Reason.COLD_AND_STILL
        raised = _after_snoozes(alert, at_ms)._replace(
            severity=verdict.severity,
            reason=verdict.reason,
            acknowledged=False,
            escalated_by_timeout=by_time,
            escalated=verdict.severity is urgent,
            repeats=0,
        )
        return raised, _change(TransitionKind.ESCALATED, verdict)
    if RANK[verdict.severity] < RANK[severity] and not alert.escalated_by_timeout:
        # A snooze of all warnings that ended while the alert was urgent has not silenced it.
        all_ms = running_ms(alert.all_snoozed_until_ms, at_ms)
        return alert._replace(severity=verdict.severity, all_snoozed_until_ms=all_ms), None
    return _renotify(alert, verdict, at_ms, limits)


def _turned(
    alert: AlertState, verdict: Verdict, at_ms: int
) -> tuple[AlertState, Transition | None]:
    """Say that the legs become warm, or that they are cold again, to those who wait for its end."""
    severity = alert.severity or Severity.LOG
    waits = alert.notified and not alert.acknowledged and not is_silenced(alert, at_ms, severity)
    alert = alert._replace(warming_ms=at_ms if verdict.warming else None)
    if not waits:
        return alert, None
    if verdict.warming:
        return alert, Transition(TransitionKind.WARMING, severity, Reason.WARMING)
    if not verdict.again:
        return alert, None  # it has wavered: all is as before
    again = verdict._replace(severity=severity, reason=Reason.COLD_AGAIN)
    return alert, _change(TransitionKind.RENOTIFIED, again)


def _unanswered(alert: AlertState, at_ms: int, not_answered_s: int, limits: AlertLimits) -> bool:
    """Return True if a warning has had no answer for `not_answered_s`; at most once in an episode.

    The time runs only after a notification, and not during a snooze. The usual wait for a movement
    counts, a longer one does not: who heard it just now has had no time to answer.
    """
    due = alert.severity is Severity.WARNING and not alert.acknowledged and not alert.escalated
    due = due and alert.notified and alert.reason is not Reason.COLD_START
    if not due or not not_answered_s or alert.fired_ms is None:
        return False
    heard_ms = (alert.last_notified_ms or 0) - limits.wait_s * 1000
    silent_ms = silenced_until_ms(alert, alert.severity)
    since_ms = max(alert.fired_ms, heard_ms, alert.silence_ended_ms or 0, silent_ms)
    return at_ms - since_ms >= not_answered_s * 1000


def _renotify(
    alert: AlertState, verdict: Verdict, at_ms: int, limits: AlertLimits
) -> tuple[AlertState, Transition | None]:
    severity, reason = alert.severity or Severity.LOG, alert.reason or Reason.BY_PERSON
    until_ms = silenced_until_ms(alert, severity)
    holding = alert.hold_until_ms is not None and at_ms < alert.hold_until_ms
    if until_ms and at_ms >= until_ms and not (verdict.ending or verdict.warming):
        alert = _after_snoozes(alert, at_ms)
        if not alert.acknowledged and not holding and severity is not Severity.LOG:
            return alert, Transition(TransitionKind.RENOTIFIED, severity, Reason.SNOOZE_OVER)
    if alert.acknowledged or holding or at_ms < until_ms or severity is Severity.LOG:
        return alert, None
    if not alert.notified and verdict.since_ms is not None:
        # No push so far, for example for lack of budget, and the verdict is still YES.
        return alert, Transition(TransitionKind.RENOTIFIED, severity, reason)
    due = (
        alert.last_notified_ms is not None
        and at_ms - alert.last_notified_ms >= limits.repeat_urgent_s * 1000
    )
    holds = verdict.since_ms is not None
    if severity is Severity.URGENT and due and holds and alert.repeats < limits.repeat_urgent:
        return alert._replace(repeats=alert.repeats + 1), Transition(
            TransitionKind.RENOTIFIED, severity, reason
        )
    return alert, None


def rebase(alert: AlertState, at_ms: int) -> AlertState:
    """Move an alert to a new time line: a firing alert stays firing, since no reading ended it."""
    if alert.severity is None:
        return AlertState()
    return AlertState(
        alert.severity,
        alert.reason,
        at_ms,
        at_ms,
        notified=alert.notified,
        acknowledged=alert.acknowledged,
        episode_ms=alert.episode_ms,
    )
