"""How long something has lasted is said as people say it."""

import pytest

from legwatch.alerting.notice import Notice, TransitionKind, report
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind
from legwatch.text.message import text
from legwatch.text.span import span
from legwatch_runtime.catalogue import language_named

DAY_MIN = 24 * 60


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0.9, "0 min"),
        (59, "59 min"),
        (60, "1 h"),
        (61, "1 h 1 min"),
        (2 * DAY_MIN - 1, "47 h 59 min"),
        (2 * DAY_MIN, "2 days"),
        (765 * 60 + 59, "31 days"),
    ],
)
def test_from_two_days_on_days_are_said_as_days(minutes: float, words: str) -> None:
    assert span(minutes) == words


def test_a_push_says_days_in_both_languages() -> None:
    silent = Notice(
        0,
        AlertKind.AGENT,
        TransitionKind.FIRED,
        Severity.WARNING,
        Reason.AGENT_SILENT,
        figures=(("silent_min", 765 * 60 + 59),),
    )
    assert text(silent).startswith("No word from the bedside for 31 days.")
    german = language_named("de")
    assert text(silent, german).startswith("Das Gerät am Bett schweigt seit 31 Tagen.")
    for reason in (Reason.NO_PUSH_LEAVES, Reason.WINDOWS_LOST, Reason.NOTHING_ARRIVES):
        words = text(report(reason, 0, (("for_min", 3 * DAY_MIN),)), german)
        assert "3 Tagen" in words
