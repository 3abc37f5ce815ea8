"""Quiet that is over counts no more: an alert that fires anew starts from nothing."""

from typing import Any

import pytest

from legwatch.alerting.alert import AlertState, AlertStates, advance
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.alerting.response import respond
from legwatch.conditions.verdict import Reason, Severity, TriState, Verdict
from legwatch.engine import replay
from legwatch.events import AlertKind, Event, Snooze
from legwatch.testing import ms, night, uncovering
from repository import rules

BEGIN = ms("2026-01-02T21:00Z")
MINUTE_MS = 60_000
LIMITS = rules().alerts
WARNING = AlertState(
    Severity.WARNING, Reason.UNCOVERED, BEGIN, BEGIN, BEGIN, notified=True, episode_ms=BEGIN
)
RAISED: dict[str, Any] = {"severity": Severity.URGENT, "escalated": True}


def at(minutes: float) -> int:
    return BEGIN + int(minutes * MINUTE_MS)


def verdict(severity: Severity, reason: Reason = Reason.UNCOVERED) -> Verdict:
    return Verdict(TriState.YES, reason, severity, since_ms=BEGIN)


def said(*answers: Snooze, **own: Any) -> list[Notice]:
    """Return what is said of cold legs that are uncovered at 02:44, of a sleeper who lies still."""
    leg, moves = uncovering((344, 420), uncovered_c=25.5), lambda m: int(m < 330 and m % 7 < 0.1)
    windows = night(leg=leg, moves=moves, minutes=430)
    events: list[Event] = sorted([*windows, *answers], key=lambda event: event.at_ms)
    given = replay(events, rules(stillness__joint_s=0, **own))
    return [n for n in given if n.kind is AlertKind.COLD and n.transition not in SNOOZED]


SNOOZED = {TransitionKind.SNOOZED}


@pytest.mark.parametrize("kind", [AlertKind.COLD, None])
@pytest.mark.parametrize("own", [{}, {"alerts__budget": 1}])
def test_quiet_that_is_over_changes_nothing_of_a_later_alert(
    kind: AlertKind | None, own: dict[str, Any]
) -> None:
    undisturbed = said(**own)
    fired, sounded, *_ = undisturbed
    assert (fired.suppressed_by, sounded.reason) == (SuppressedBy.HOLD, Reason.UNCOVERED)
    assert 10 * MINUTE_MS <= sounded.at_ms - fired.at_ms <= 12 * MINUTE_MS
    assert said(Snooze(at(181), kind, at(241)), **own) == undisturbed
    # Also if it ends in the very minute in which the alert fires.
    assert said(Snooze(at(181), kind, fired.at_ms), **own) == undisturbed


def test_quiet_that_still_runs_holds_for_a_later_alert_and_says_its_end() -> None:
    fired, told, *_ = said(Snooze(at(181), None, at(380)))
    assert fired.suppressed_by is SuppressedBy.SILENCED
    assert (told.at_ms, told.reason, told.suppressed_by) == (at(380), Reason.SNOOZE_OVER, None)


def test_quiet_that_ends_while_the_alert_waits_does_not_cut_the_wait_short() -> None:
    fired, sounded, *_ = said()
    asked = Snooze(fired.at_ms + MINUTE_MS, None, fired.at_ms + 4 * MINUTE_MS)
    again_fired, again_sounded, *_ = said(asked)
    assert (again_fired, again_sounded) == (fired, sounded)


def test_quiet_for_warnings_that_ended_while_it_was_urgent_sounds_no_more() -> None:
    alert = WARNING._replace(**RAISED, all_snoozed_until_ms=at(30))
    alert, change = advance(alert, verdict(Severity.WARNING), at(60), LIMITS)
    assert (alert.severity, change) == (Severity.WARNING, None)
    _, change = advance(alert, verdict(Severity.WARNING), at(61), LIMITS)
    assert change is None


def test_quiet_for_warnings_runs_on_after_quiet_for_one_kind_has_ended() -> None:
    alert = WARNING._replace(**RAISED, snoozed_until_ms=at(30), all_snoozed_until_ms=at(90))
    alert, change = advance(alert, verdict(Severity.URGENT), at(30), LIMITS)
    assert change is not None
    assert change.reason is Reason.SNOOZE_OVER
    assert alert.all_snoozed_until_ms == at(90)


def test_an_alert_that_is_raised_as_quiet_ends_says_it_once() -> None:
    alert = WARNING._replace(severity=Severity.LOG, snoozed_until_ms=at(30))
    alert, change = advance(alert, verdict(Severity.WARNING), at(30), LIMITS)
    assert change is not None
    assert change.kind is TransitionKind.ESCALATED
    _, change = advance(alert, verdict(Severity.WARNING), at(31), LIMITS)
    assert change is None


def quiet(minutes: int, *, for_it: bool) -> Snooze:
    return Snooze(at(1), AlertKind.COLD, at(minutes), episode_ms=BEGIN if for_it else None)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("for_it_min", "until_min"), [(60, 30), (20, 30)])
def test_quiet_for_one_alert_does_not_make_another_quiet_longer(
    order: int, for_it_min: int, until_min: int
) -> None:
    """Quiet for the kind lasts 30 min, quiet for this alert ends with it."""
    alerts = AlertStates(cold=WARNING)
    for asked in [quiet(for_it_min, for_it=True), quiet(30, for_it=False)][::order]:
        alerts, _ = respond(alerts, asked, at(1))
    assert alerts.cold.snoozed_until_ms == at(max(for_it_min, 30))
    ended, _ = advance(alerts.cold, Verdict(TriState.NO, Reason.WARM_AGAIN), at(5), LIMITS)
    assert ended.snoozed_until_ms == at(until_min)


@pytest.mark.parametrize(("until", "sounds"), [(240, 0), (600, 1)])
def test_quiet_that_ended_without_readings_wakes_nobody_whose_legs_are_warm_again(
    until: int, sounds: int
) -> None:
    leg = uncovering((180, until), uncovered_c=25.5)
    windows = list(night(leg=leg, moves=lambda m: int(m % 7 < 0.1), minutes=600))
    gap = (at(205), at(400))  # the alert has sounded before it
    quiet = Snooze(at(198), None, at(228))
    heard: list[Event] = [w for w in windows if w.to_ms <= gap[0] or w.from_ms >= gap[1]]
    given = replay(
        sorted([*heard, quiet], key=lambda event: event.at_ms), rules(stillness__joint_s=0)
    )
    of_cold = [n for n in given if n.kind is AlertKind.COLD and n.suppressed_by is None]
    assert of_cold[0].at_ms <= at(197)
    again = [n for n in of_cold if n.reason is Reason.SNOOZE_OVER]
    assert len(again) == sounds
    assert any(n.transition is TransitionKind.RESOLVED for n in of_cold) == (not sounds)
