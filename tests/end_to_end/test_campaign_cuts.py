"""The campaign "cuts" in its short form: no bedside ends in a wrong way."""

from campaigns.cuts import KINDS, rows

CUTS = 12  # of each kind


def test_a_bedside_that_loses_its_power_loses_only_its_last_seconds() -> None:
    found = list(rows(CUTS))
    assert [row.name for row in found] == list(KINDS)
    assert {row.name: row.wrong for row in found if row.wrong} == {}
    assert sum(row.waited for row in found) > CUTS  # there was something to lose
