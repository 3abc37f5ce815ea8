"""What lamp and buzzer show of a notice."""

import pytest

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind, report
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind
from legwatch.oncall.at_bed import Shown, at_bed

COLD, STILL, SENSOR = AlertKind.COLD, AlertKind.STILL, AlertKind.SENSOR


def notice(
    what: TransitionKind,
    held: SuppressedBy | None = None,
    kind: AlertKind = COLD,
    reason: Reason = Reason.UNCOVERED,
    level: Severity = Severity.WARNING,
) -> Notice:
    return Notice(0, kind, what, level, reason, suppressed_by=held)


FIRED, ENDED = TransitionKind.FIRED, TransitionKind.RESOLVED
SIGN, QUIET = TransitionKind.EXPECTED, TransitionKind.SNOOZED


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (notice(FIRED), Shown.HEARD),
        (notice(TransitionKind.ESCALATED), Shown.HEARD),
        (notice(TransitionKind.RENOTIFIED, kind=STILL), Shown.HEARD),
        (notice(FIRED, kind=SENSOR), Shown.HEARD),
        (notice(FIRED, SuppressedBy.HOLD), Shown.LIT),
        (notice(FIRED, SuppressedBy.TRIAL), Shown.LIT),
        (notice(FIRED, SuppressedBy.TRIAL, STILL), None),
        (notice(FIRED, SuppressedBy.BUDGET), None),
        (notice(FIRED, SuppressedBy.SILENCED), None),
        (notice(FIRED, SuppressedBy.INHIBITED, STILL), None),
        (notice(FIRED, SuppressedBy.LOW_URGENCY, SENSOR), None),
        (notice(FIRED, SuppressedBy.LOG_ONLY), None),
        (notice(SIGN, SuppressedBy.EARLY_SIGN), Shown.LIT),
        (notice(SIGN, SuppressedBy.SILENCED), None),
        (notice(ENDED, SuppressedBy.LOG_ONLY), Shown.CALM),
        (notice(TransitionKind.ACKNOWLEDGED), Shown.CALM),
        (notice(TransitionKind.WARMING), Shown.CALM),
        (notice(TransitionKind.UNKNOWN), None),
        (notice(QUIET), Shown.CALM),
        (notice(QUIET, reason=Reason.WARNINGS_ONLY, level=Severity.URGENT), None),
        (report(Reason.BEDSIDE_GONE, 0, ()), None),
    ],
)
def test_the_lamp_for_what_is_quiet_and_the_buzzer_for_what_sounds(
    told: Notice, shown: Shown | None
) -> None:
    assert at_bed(told) is shown
