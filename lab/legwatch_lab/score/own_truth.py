"""What a person noted of an own night, such as "02:40-03:35 uncovered", as spans of time."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from legwatch.engine import MINUTE_MS
from legwatch.errors import SettingsError
from legwatch.night import local

OPTION = "--truth"
_FORM = re.compile(
    r"(?:(?P<day>\d{4}-\d\d-\d\d)[ T])?(?P<begin>\d?\d:\d\d) ?- ?(?P<end>\d?\d:\d\d) +(?P<what>\w+)"
)
_EXAMPLE = '"02:40-03:35 uncovered" or "2026-01-07 02:40-03:35 out"'


class Noted(StrEnum):
    """What was so in a span that a person noted."""

    UNCOVERED = "uncovered"  # the leg with the sensor lay without a cover
    OUT = "out"  # nobody was in the bed


class OwnSpan(NamedTuple):
    """One noted span; UTC ms, `to_ms` is excluded."""

    from_ms: int
    to_ms: int
    what: Noted


def read(words: Sequence[str], first_ms: int, last_ms: int, zone: tzinfo) -> list[OwnSpan]:
    """Read what was noted of a night that was recorded from `first_ms` to `last_ms`, UTC ms.

    Times are those of the bed's clock. Raises SettingsError with what to write instead.
    """
    parts = [part.strip() for word in words for part in word.split(",") if part.strip()]
    spans = sorted(_span(part, first_ms, last_ms, zone) for part in parts)
    for before, after in pairwise(spans):
        if after.from_ms < before.to_ms:
            raise SettingsError(OPTION, "two of the spans overlap")
    return spans


def _span(part: str, first_ms: int, last_ms: int, zone: tzinfo) -> OwnSpan:
    found = _FORM.fullmatch(part)
    if found is None or found["what"] not in list(Noted):
        raise SettingsError(OPTION, f"{part!r} is not of the form {_EXAMPLE}")
    begin_ms = _once(found["begin"], found["day"], first_ms, last_ms, zone)
    ends = [ms for ms in _times(found["end"], begin_ms, last_ms, zone) if ms > begin_ms]
    if not ends:
        raise SettingsError(OPTION, f"{part!r} ends after the recording, {_until(last_ms, zone)}")
    return OwnSpan(begin_ms, ends[0], Noted(found["what"]))


def _once(clock: str, day: str | None, first_ms: int, last_ms: int, zone: tzinfo) -> int:
    # People note minutes: that of the first second is in it.
    times = list(_times(clock, first_ms - first_ms % MINUTE_MS, last_ms, zone))
    if day is not None:
        times = [ms for ms in times if f"{local(ms, zone):%Y-%m-%d}" == day]
    if len(times) > 1:
        raise SettingsError(OPTION, f"{clock} comes more than once in it: write the date before it")
    if not times:
        since = f"{local(first_ms, zone):%Y-%m-%d %H:%M}"
        raise SettingsError(
            OPTION,
            f"{clock} is not in the recording, which is from {since} {_until(last_ms, zone)}",
        )
    return times[0]


def _until(last_ms: int, zone: tzinfo) -> str:
    return f"to {local(last_ms, zone):%Y-%m-%d %H:%M} ({zone})"


def _times(clock: str, first_ms: int, last_ms: int, zone: tzinfo) -> Iterator[int]:
    """Yield when a clock shows this time between two moments."""
    hour, minute = map(int, clock.split(":"))
    if hour > 23 or minute > 59:
        raise SettingsError(OPTION, f"{clock} is no time of a day")
    day = local(first_ms, zone).date()
    while day <= local(last_ms, zone).date():
        at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
        if first_ms <= (at_ms := round(at.timestamp() * 1000)) <= last_ms:
            yield at_ms
        day += timedelta(days=1)
