"""Which night and which hour a moment belongs to, by the local clock."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

QUARTER_MS = 900_000


def local(at_ms: int, zone: tzinfo) -> datetime:
    """Return the local time of UTC milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def hour_and_night(at_ms: int, zone: tzinfo) -> tuple[int, int]:
    """Return the hour of a moment by the local clock, and the ordinal of its night."""
    return _of_quarter(at_ms // QUARTER_MS, zone)


@lru_cache(maxsize=64)
def _of_quarter(quarter: int, zone: tzinfo) -> tuple[int, int]:
    """Do so for a quarter of an hour: in every zone an hour begins with one."""
    at_ms = quarter * QUARTER_MS
    return local(at_ms, zone).hour, night_of(at_ms, zone).toordinal()


@lru_cache(maxsize=64)  # the minutes of the beds of a server end together
def night_of(at_ms: int, zone: tzinfo) -> date:
    """Return the night of a moment: the local date of the evening on which it began.

    A night runs from noon to noon on the local clock, so a night has 23, 24 or 25 hours. A moment
    after midnight belongs to the evening before.
    """
    moment = local(at_ms, zone)
    return moment.date() if moment.hour >= 12 else moment.date() - timedelta(days=1)


def noon_ms(night: date, zone: tzinfo) -> int:
    """Return when a night begins, UTC milliseconds: noon on the local clock."""
    return int(datetime.combine(night, time(12), zone).timestamp() * 1000)


@lru_cache(maxsize=8)  # the beds of a server begin their nights together
def noons_ms(night: date, zone: tzinfo) -> tuple[int, int]:
    """Return when a night begins and when it ends, UTC milliseconds."""
    return noon_ms(night, zone), noon_ms(night + timedelta(days=1), zone)


def evening_of(at_ms: int, zone: tzinfo, from_h: int) -> date:
    """Return the local date on which the hour `from_h` last began."""
    moment = local(at_ms, zone)
    return moment.date() if moment.hour >= from_h else moment.date() - timedelta(days=1)


def evenings(first_ms: int, last_ms: int, zone: tzinfo, from_h: int) -> Iterator[int]:
    """Yield when the hour `from_h` begins on each evening from `first_ms` to `last_ms`, UTC ms."""
    day = evening_of(first_ms, zone, from_h)
    while True:
        at_ms = int(datetime.combine(day, time(from_h), zone).timestamp() * 1000)
        if at_ms > last_ms:
            return
        if at_ms >= first_ms:
            yield at_ms
        day += timedelta(days=1)


def in_hours(at_ms: int, zone: tzinfo, from_h: int, to_h: int) -> bool:
    """Return True if the local hour is from `from_h` to before `to_h`, which may span midnight.

    `to_h` 24 after `from_h` is every hour; equal hours are none.
    """
    return is_within(local(at_ms, zone).hour, from_h, to_h)


def is_within(hour: int, from_h: int, to_h: int) -> bool:
    """Return True if `in_hours` holds in this hour."""
    hours = to_h - from_h if from_h <= to_h else to_h - from_h + 24
    return (hour - from_h) % 24 < hours
