"""The short form of the campaign on threads."""

from pathlib import Path

import pytest

from campaigns.threads import IDLE, run, show


@pytest.mark.usefixtures("mosquitto")
def test_no_thread_and_no_callback_fails_unseen(tmp_path: Path) -> None:
    rows = list(run(tmp_path, long=False))
    assert [show(row) for row in rows if row.wrong] == []
    assert {row.process for row in rows} == {"server", "agent"}
    assert sum(row.fate != IDLE for row in rows) >= 25
