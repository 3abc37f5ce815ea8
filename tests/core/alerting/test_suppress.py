"""The stages that suppress a notice, each on its own, and the order in which they are asked."""

import pytest

from legwatch.alerting import suppress
from legwatch.alerting.alert import AlertState, Transition, after_notice
from legwatch.alerting.budget import Budget, spend
from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.alerting.suppress import Candidate, Context
from legwatch.alerting.trial_nights import TRIAL_OVER, TrialNights
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind
from legwatch.testing import ms
from repository import rules

NOW = ms("2026-01-03T02:00Z")
RULES = rules(alerts__wait_s=300, alerts__budget=1, alerts__learn_urgent=0)
WARNING = AlertState(Severity.WARNING, Reason.COOLED, NOW, NOW)
NOTIFIED = WARNING._replace(notified=True, last_notified_ms=NOW)
ON_TRIAL = TrialNights(live=True)
SPENT = spend(Budget(), NOW, RULES)
CONTEXT = Context(NOW, RULES, TRIAL_OVER, Budget(), AlertState())


def candidate(
    kind: AlertKind = AlertKind.COLD,
    transition: TransitionKind = TransitionKind.FIRED,
    severity: Severity = Severity.WARNING,
    reason: Reason = Reason.COOLED,
    alert: AlertState = WARNING,
) -> Candidate:
    return Candidate(kind, Transition(transition, severity, reason), alert, alert)


def test_the_first_warning_waits_and_costs_nothing() -> None:
    assert suppress.suppress(candidate(), CONTEXT)[:2] == (SuppressedBy.HOLD, Budget())


def test_a_warning_that_is_pushed_is_counted() -> None:
    again = candidate(transition=TransitionKind.RENOTIFIED)
    assert suppress.suppress(again, CONTEXT)[:2] == (None, SPENT)
    spent = CONTEXT._replace(budget=SPENT)
    assert suppress.suppress(again, spent)[:2] == (SuppressedBy.BUDGET, SPENT)


@pytest.mark.parametrize(
    "exempt",
    [
        candidate(severity=Severity.URGENT),
        candidate(AlertKind.SENSOR, reason=Reason.STUCK),
        candidate(AlertKind.AGENT, reason=Reason.AGENT_SILENT),
        candidate(transition=TransitionKind.RENOTIFIED, reason=Reason.SNOOZE_OVER),
        candidate(transition=TransitionKind.RESOLVED, alert=NOTIFIED),
        candidate(transition=TransitionKind.UNKNOWN, alert=NOTIFIED),
    ],
)
def test_what_the_budget_does_not_count_is_pushed_without_it(exempt: Candidate) -> None:
    spent = CONTEXT._replace(budget=SPENT, cold=NOTIFIED)
    assert suppress.suppress(exempt, spent)[:2] == (None, SPENT)


def test_a_mat_that_the_others_contradict_wakes_nobody_until_the_next_evening() -> None:
    mat = candidate(AlertKind.SENSOR, reason=Reason.MAT_DISAGREES)._replace(sensor="presence")
    by, _, told = suppress.suppress(mat, CONTEXT)
    assert (by, dict(told.bad)) == (SuppressedBy.LOW_URGENCY, {"presence": 1})
    told = suppress.suppress(mat, CONTEXT._replace(told=told)).told
    often = suppress.suppress(mat, CONTEXT._replace(told=told))
    assert often.by is SuppressedBy.BUDGET, "twice a night, without a sound, too"
    later = candidate(AlertKind.SENSOR, TransitionKind.RENOTIFIED, reason=Reason.MAT_DISAGREES)
    assert suppress.suppress(later, CONTEXT).by is None
    assert after_notice(WARNING, TransitionKind.FIRED, by, NOW, 0).notified


def test_nobody_hears_of_a_log_or_of_the_end_of_what_nobody_has_heard_of() -> None:
    for transition in (TransitionKind.RESOLVED, TransitionKind.UNKNOWN):
        silent = candidate(transition=transition)
        assert suppress.suppress(silent, CONTEXT).by is SuppressedBy.LOG_ONLY
    assert suppress.log_only(candidate(severity=Severity.LOG), CONTEXT) is SuppressedBy.LOG_ONLY


def test_a_snooze_silences_and_comes_before_the_other_stages() -> None:
    alert = WARNING._replace(snoozed_until_ms=NOW + 1)
    on_trial = CONTEXT._replace(trial=ON_TRIAL, budget=SPENT)
    assert suppress.suppress(candidate(alert=alert), on_trial).by is SuppressedBy.SILENCED
    over = WARNING._replace(snoozed_until_ms=NOW)
    assert suppress.silenced(candidate(alert=over), CONTEXT) is None


def test_trial_nights_are_for_the_body_and_may_let_urgent_cold_through() -> None:
    on_trial = CONTEXT._replace(trial=ON_TRIAL)
    urgent = candidate(severity=Severity.URGENT)
    assert suppress.trial(urgent, on_trial) is SuppressedBy.TRIAL
    loud = on_trial._replace(rules=rules(alerts__learn_urgent=1))
    assert suppress.trial(urgent, loud) is None
    assert suppress.trial(urgent._replace(kind=AlertKind.STILL), loud) is SuppressedBy.TRIAL
    assert suppress.trial(candidate(AlertKind.SENSOR), on_trial) is None


@pytest.mark.parametrize(
    ("cold", "by"),
    [
        (AlertState(), None),
        (WARNING._replace(hold_until_ms=NOW + 1), SuppressedBy.INHIBITED),
        (WARNING._replace(hold_until_ms=NOW), None),
        (NOTIFIED, SuppressedBy.INHIBITED),
        (NOTIFIED._replace(last_notified_ms=NOW - suppress.INHIBITS_MS - 1), None),
        (NOTIFIED._replace(acknowledged=True), None),
        (NOTIFIED._replace(snoozed_until_ms=NOW + 1), None),
    ],
)
def test_cold_legs_inhibit_a_warning_of_lying_still(
    cold: AlertState, by: SuppressedBy | None
) -> None:
    still = candidate(AlertKind.STILL, reason=Reason.STILL_TOO_LONG)
    assert suppress.inhibited(still, CONTEXT._replace(cold=cold)) is by
    assert suppress.inhibited(candidate(), CONTEXT._replace(cold=cold)) is None


def test_only_the_first_warning_of_a_sleeper_who_may_sleep_waits() -> None:
    assert suppress.hold(candidate(), CONTEXT) is SuppressedBy.HOLD
    assert suppress.hold(candidate(alert=NOTIFIED), CONTEXT) is None
    assert suppress.hold(candidate(reason=Reason.COLD_START), CONTEXT) is None
    at_once = CONTEXT._replace(rules=rules(alerts__wait_s=0))
    assert suppress.hold(candidate(), at_once) is None
