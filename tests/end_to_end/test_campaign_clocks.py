"""The short forms of the campaigns on clocks: a sample in one process, two rows in real ones."""

import pytest

from campaigns.clock_rows import sample
from campaigns.clocks import SAMPLE, lines
from campaigns.clocks_real import ROWS, SHORT, campaign
from campaigns.false_clock import LIBRARIES
from repository import miss


def test_a_sample_of_steps_moves_no_alert() -> None:
    rows = list(lines(sample(24, SAMPLE)))
    assert len(rows) == SAMPLE
    assert [str(line) for line in rows if line.wrong] == []


@pytest.mark.usefixtures("mosquitto")
def test_a_step_moves_no_alert_of_real_processes() -> None:
    if not LIBRARIES:
        miss("libfaketime is not installed: sudo apt install faketime")
    rows = list(campaign(ROWS[:SHORT], long=False))
    assert [str(line) for line in rows if line.wrong] == []
