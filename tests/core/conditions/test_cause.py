"""What began an alert is its cause for as long as it stands."""

from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import replay
from legwatch.events import AlertKind, Event, Snooze
from legwatch.testing import ms, night, uncovering
from repository import rules

RULES = rules(alerts__learn_nights=0, stillness__joint_s=0)
BEGIN = ms("2026-01-02T21:00Z")


def test_after_a_quiet_time_the_urgent_alert_names_the_cover_still() -> None:
    def cooling(m: float) -> float:
        warm = uncovering((120, 420), uncovered_c=25.0)(m) or 0.0
        return warm - max(0.0, m - 150) * 0.06  # and colder while nobody answers

    windows: list[Event] = list(night(minutes=300, leg=cooling))
    quiet_ms = BEGIN + 136 * 60_000
    windows.insert(136 * 6, Snooze(quiet_ms, AlertKind.COLD, quiet_ms + 15 * 60_000))
    cold = [n for n in replay(windows, RULES) if n.kind is AlertKind.COLD]
    raised = [n.reason for n in cold if n.transition is TransitionKind.ESCALATED]
    assert raised
    assert Reason.COOLED not in raised


def test_in_a_bed_that_was_never_warm_the_urgent_alert_names_the_cover_still() -> None:
    covered = uncovering((150, 420), uncovered_c=20.0)
    leg = lambda m: min(covered(m) or 0.0, 27.2 + 0.2 * (m % 3))  # noqa: E731
    cold = [n for n in replay(night(minutes=300, leg=leg), RULES) if n.kind is AlertKind.COLD]
    (fired,) = [n for n in cold if n.transition is TransitionKind.FIRED]
    urgent = {n.reason for n in cold if n.severity is Severity.URGENT}
    assert fired.reason is Reason.UNCOVERED
    assert urgent == {Reason.UNCOVERED}
