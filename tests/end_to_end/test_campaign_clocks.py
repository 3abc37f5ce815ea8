"""The short forms of the campaigns on clocks: a sample in one process, two rows in real ones."""

import pytest

from campaigns.clock_rows import SLEEP, sample
from campaigns.clocks import SAMPLE, Line, lines
from campaigns.clocks_real import ROWS, SHORT, campaign
from campaigns.false_clock import LIBRARIES
from repository import miss

# Of what nobody measured, or what comes too late, there is no evidence: after a sleep of minutes,
# uncovered legs are seen anew.
SEEN_ANEW = {"cold", "push"}


def _wrong(line: Line) -> set[str]:
    wrong = set(line.wrong)
    return wrong - SEEN_ANEW if line.row.step == SLEEP else wrong


def test_a_sample_of_steps_moves_no_alert() -> None:
    rows = list(lines(sample(24, SAMPLE)))
    assert len(rows) == SAMPLE
    assert [str(line) for line in rows if _wrong(line)] == []


@pytest.mark.usefixtures("mosquitto")
def test_a_step_moves_no_alert_of_real_processes() -> None:
    if not LIBRARIES:
        miss("libfaketime is not installed: sudo apt install faketime")
    rows = list(campaign(ROWS[:SHORT], long=False))
    assert [str(line) for line in rows if line.wrong] == []
