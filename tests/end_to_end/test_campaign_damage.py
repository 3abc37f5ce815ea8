"""The campaign "damage" in its short form: no row is wrong."""

from pathlib import Path

from campaigns.cold_night import Fate
from campaigns.damage import rows

MOST_LOG_BYTES = 20_000  # a night says what is wrong, and does not repeat it


def test_whatever_is_damaged_a_cold_bed_is_told_and_what_was_lost_is_said(tmp_path: Path) -> None:
    table = rows(tmp_path)
    assert {row.name: row.wrong for row in table if not row.good} == {}
    assert sum(row.fates[Fate.TOLD] for row in table) > 50  # the damages are damages
    assert max(row.most_log_bytes for row in table) < MOST_LOG_BYTES
