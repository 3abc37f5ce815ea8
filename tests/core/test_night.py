"""Which night a moment belongs to, on the two nights when clocks change too."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.engine import replay
from legwatch.night import in_hours, night_of
from legwatch.testing import ms, night, uncovering
from repository import BERLIN, rules

ZONES = [ZoneInfo(z) for z in ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia")]


@pytest.mark.parametrize(
    ("moment", "of"),
    [
        ("2026-01-02T22:00Z", date(2026, 1, 2)),
        ("2026-01-03T10:59Z", date(2026, 1, 2)),
        ("2026-01-03T11:00Z", date(2026, 1, 3)),
        ("2026-03-28T23:30Z", date(2026, 3, 28)),  # spring: 02:00 becomes 03:00 in this night
        ("2026-03-29T09:59Z", date(2026, 3, 28)),
        ("2026-10-24T22:30Z", date(2026, 10, 24)),  # autumn: 03:00 becomes 02:00 in this night
        ("2026-10-25T10:59Z", date(2026, 10, 24)),
    ],
)
def test_a_night_runs_from_noon_to_noon(moment: str, of: date) -> None:
    assert night_of(ms(moment), BERLIN) == of


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(ZONES))
def test_nights_follow_each_other(at_ms: int, zone: ZoneInfo) -> None:
    later = night_of(at_ms + 3_600_000, zone)
    assert 0 <= (later - night_of(at_ms, zone)).days <= 2  # Apia once left out a whole day


def test_hours_may_span_midnight() -> None:
    hours = [h for h in range(24) if in_hours(ms(f"2026-01-02T{h:02}:00Z"), BERLIN, 20, 10)]
    assert hours == [*range(9), *range(19, 24)]  # Berlin is an hour ahead


@pytest.mark.parametrize("begin", ["2026-03-28T21:00Z", "2026-10-24T20:00Z"])
def test_durations_are_elapsed_time_when_clocks_change(begin: str) -> None:
    plain = list(replay(night(leg=uncovering((180, 300), uncovered_c=25.5)), rules()))
    switched = list(
        replay(night(leg=uncovering((180, 300), uncovered_c=25.5), begin=begin), rules())
    )
    shift = ms(begin) - ms("2026-01-02T21:00Z")
    assert [(n.at_ms - shift, n.kind, n.transition, n.figures) for n in switched] == [
        (n.at_ms, n.kind, n.transition, n.figures) for n in plain
    ]
    assert len(plain) >= 3
