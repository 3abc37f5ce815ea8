"""Why a notice is stored, but not pushed: stages of one signature, of which the first one counts.

A stage looks at one candidate and says by what it suppresses it, or None. Whatever passes all
stages is pushed. What is told of a sensor is counted, with a sound or without.
"""

from collections.abc import Callable
from typing import NamedTuple

from legwatch.alerting import told_sensors
from legwatch.alerting.alert import AlertState, Transition, is_silenced
from legwatch.alerting.budget import Budget, allows, spend
from legwatch.alerting.notice import MAY_SOUND, SuppressedBy, TransitionKind
from legwatch.alerting.told_sensors import ToldSensors
from legwatch.alerting.trial_nights import TrialNights, is_silent, urgent_sounds
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import BODY_KINDS, AlertKind
from legwatch.limits.rules import Rules

# A carer who is woken for cold legs needs some minutes to get up, look and go back. In this time a
# warning of lying still asks for the same visit; later it asks for another visit.
INHIBITS_MS = 15 * 60_000


class Candidate(NamedTuple):
    """A transition that may be pushed, with its alert before and after this minute."""

    kind: AlertKind
    transition: Transition
    before: AlertState
    alert: AlertState
    sensor: str = ""  # which one the notice is about, if it is about one


class Context(NamedTuple):
    """What else the stages look at."""

    at_ms: int
    rules: Rules
    trial: TrialNights
    budget: Budget
    cold: AlertState  # the alert of cold legs, which inhibits the one of lying still
    told: ToldSensors = ToldSensors()


class Suppression(NamedTuple):
    """What suppresses a candidate, None: nothing; and the budget, which counts this push."""

    by: SuppressedBy | None
    budget: Budget
    told: ToldSensors  # the same for the sensors


Stage = Callable[[Candidate, Context], SuppressedBy | None]


def suppress(candidate: Candidate, context: Context) -> Suppression:
    """Ask the stages in turn."""
    by = next((by for stage in STAGES if (by := stage(candidate, context))), None)
    if by not in (None, SuppressedBy.LOW_URGENCY):
        return Suppression(by, context.budget, context.told)
    at_ms, rules, told = context.at_ms, context.rules, context.told
    if candidate.kind not in BODY_KINDS:
        told = told_sensors.count(told, candidate.sensor, candidate.transition.kind, at_ms, rules)
    if not _is_body_warning(candidate):
        return Suppression(by, context.budget, told)
    return Suppression(None, spend(context.budget, at_ms, rules), told)


def log_only(candidate: Candidate, context: Context) -> SuppressedBy | None:
    """Push nothing of severity LOG, nor the end of an alert of which nobody was notified."""
    del context
    ended = candidate.transition.kind is TransitionKind.RESOLVED
    unheard = ended and not candidate.before.notified
    log = candidate.transition.severity is Severity.LOG
    return SuppressedBy.LOG_ONLY if log or unheard else None


def silenced(candidate: Candidate, context: Context) -> SuppressedBy | None:
    """Push nothing during a snooze."""
    severity = candidate.transition.severity
    silent = is_silenced(candidate.alert, context.at_ms, severity)
    return SuppressedBy.SILENCED if silent else None


def unheard(candidate: Candidate, context: Context) -> SuppressedBy | None:
    """Do not push that an alert can no longer be judged if nobody was notified of it."""
    del context
    unknown = candidate.transition.kind is TransitionKind.UNKNOWN
    return SuppressedBy.LOG_ONLY if unknown and not candidate.before.notified else None


def trial(candidate: Candidate, context: Context) -> SuppressedBy | None:
    """Let no body alert sound in the trial nights, unless the owner wants urgent cold."""
    if candidate.transition.kind not in MAY_SOUND or candidate.kind not in BODY_KINDS:
        return None
    urgent = candidate.transition.severity is Severity.URGENT
    loud = urgent and urgent_sounds(candidate.kind, context.trial, context.rules)
    return SuppressedBy.TRIAL if is_silent(context.trial) and not loud else None


def inhibited(candidate: Candidate, context: Context) -> SuppressedBy | None:
    """Push no warning of lying still while people are notified of cold legs."""
    if candidate.kind is not AlertKind.STILL or not _is_body_warning(candidate):
        return None
    return SuppressedBy.INHIBITED if _inhibits(context.cold, context.at_ms) else None


def budget(candidate: Candidate, context: Context) -> SuppressedBy | None:
    """Push no warning for which the night's budget is used up."""
    if not _is_body_warning(candidate):
        return None
    allowed = allows(context.budget, context.at_ms, context.rules)
    return None if allowed else SuppressedBy.BUDGET


def low_urgency(candidate: Candidate, context: Context) -> SuppressedBy | None:
    """Wake nobody for a mat that the other sensors contradict: they go on watching without it.

    What contradicts it may be somebody else in the bed, or beside it.
    """
    del context
    transition = candidate.transition
    doubted = transition.reason is Reason.MAT_DISAGREES
    first = transition.kind is TransitionKind.FIRED
    return SuppressedBy.LOW_URGENCY if doubted and first else None


def often(candidate: Candidate, context: Context) -> SuppressedBy | None:
    """Push nothing about a sensor of which enough was told this night."""
    if candidate.kind in BODY_KINDS:
        return None
    kind, at_ms, rules = candidate.transition.kind, context.at_ms, context.rules
    if told_sensors.is_no_end(kind, candidate.before.reason):
        return SuppressedBy.BUDGET
    allowed = told_sensors.allows(context.told, candidate.sensor, kind, at_ms, rules)
    return None if allowed else SuppressedBy.BUDGET


def hold(candidate: Candidate, context: Context) -> SuppressedBy | None:
    """Let the first warning of an episode wait for a natural movement of the sleeper.

    Only a sleeper who is awake gets a warning that the bed does not warm, so it does not wait.
    """
    if not _is_body_warning(candidate) or not context.rules.alerts.wait_s:
        return None
    transition = candidate.transition
    again = transition.kind is TransitionKind.RENOTIFIED or candidate.alert.notified
    awake = transition.reason is Reason.COLD_START
    return None if again or awake else SuppressedBy.HOLD


STAGES: tuple[Stage, ...] = (
    *(log_only, silenced, unheard, trial, inhibited, budget, often, low_urgency, hold),
)


def _is_body_warning(candidate: Candidate) -> bool:
    """Return True for what the budget counts; a person has chosen the end of a snooze."""
    transition = candidate.transition
    return (
        transition.kind in MAY_SOUND
        and candidate.kind in BODY_KINDS
        and transition.severity is not Severity.URGENT
        and transition.reason is not Reason.SNOOZE_OVER
    )


def _inhibits(cold: AlertState, at_ms: int) -> bool:
    """Return True if people are notified of cold legs now: a second push adds nothing."""
    if cold.severity is None or cold.acknowledged or is_silenced(cold, at_ms, cold.severity):
        return False
    waits = cold.hold_until_ms is not None and at_ms < cold.hold_until_ms
    notified_ms = cold.last_notified_ms
    return waits or (notified_ms is not None and at_ms - notified_ms <= INHIBITS_MS)
