"""Quiet for all warnings: what its notice says of an alert that stands."""

import pytest

from legwatch.alerting.alert import AlertState, AlertStates
from legwatch.alerting.notice import Notice
from legwatch.alerting.response import respond
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind, Snooze
from legwatch.oncall.escalation import is_over
from legwatch.text.message import text

BEGIN = 1_767_400_000_000
MINUTE_MS = 60_000
END = BEGIN + 30 * MINUTE_MS
URGENT = AlertState(Severity.URGENT, fired_ms=BEGIN, notified=True, episode_ms=BEGIN)


def answered(alert: AlertState, kind: AlertKind | None = None) -> tuple[AlertState, Notice]:
    alerts, (notice, *_) = respond(AlertStates(cold=alert), Snooze(BEGIN, kind, END), BEGIN)
    return alerts.cold, notice


def test_an_urgent_alert_goes_on_and_quiet_waits_until_it_is_a_warning() -> None:
    alert, notice = answered(URGENT)
    assert alert == URGENT._replace(all_snoozed_until_ms=END)
    assert notice.reason is Reason.WARNINGS_ONLY
    assert not is_over(notice)
    assert text(notice) == "Quiet for 30 min. Urgent alerts still sound."


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.LOG])
def test_a_warning_is_quiet(severity: Severity) -> None:
    _, notice = answered(URGENT._replace(severity=severity))
    assert notice.reason is Reason.WARNINGS_ONLY
    assert is_over(notice)


def test_quiet_for_its_kind_is_quiet_for_what_is_urgent_too() -> None:
    _, notice = answered(URGENT, AlertKind.COLD)
    assert (notice.reason, is_over(notice)) == (Reason.BY_PERSON, True)
    _, notice = answered(URGENT._replace(snoozed_until_ms=END))  # of all is asked on top of it
    assert (notice.reason, is_over(notice)) == (Reason.BY_PERSON, True)


def test_without_an_alert_nothing_is_said_of_urgent_ones() -> None:
    _, notice = answered(AlertState())
    assert (notice.reason, notice.severity) == (Reason.BY_PERSON, Severity.LOG)
