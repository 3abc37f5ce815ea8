"""Turn the `time,channel,value` lines of a replay file into the windows of an agent."""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import chain, islice
from statistics import median
from typing import NoReturn

from legwatch.contract.fields import LATEST_MS, MAX_MOVES, MAX_WINDOW_MS
from legwatch.contract.press import Press
from legwatch.contract.roles import FIELDS, OTHERS
from legwatch.errors import RecordingError
from legwatch.events import Ack, ClockTrust, Event, Window
from legwatch.printable import shown

RANGES = {field.channel: (field.low, field.high) for field in FIELDS}
BUTTONS = ("ack", "cramp")
CHANNELS = (*RANGES, "button")
_MOVING = ("movement", "moved_s", "active_s")  # channels whose values add up in a window
ALIVE_MS = 60_000  # the logger was running if it wrote a line within this time
HOLE_MS = 1_800_000  # in a longer gap the logger was off: make no windows
TIME_FORM = "ISO 8601, such as 2026-01-31T22:15:00+01:00"
_HEADER = ["time", "channel", "value"]
_REFUSED = 1000  # refused lines to keep with their reason; only count the rest
_OPENING = 4  # first lines to keep, so that an error can show them


@dataclass(frozen=True, slots=True)
class ChannelReading:
    """One line of the file; `value` is a number, or the name of a button."""

    at_ms: int
    channel: str
    value: float | str


@dataclass(frozen=True, slots=True)
class Recording:
    """The readings of a replay file, sorted by time, and the lines that were not used."""

    readings: tuple[ChannelReading, ...]
    ignored: Mapping[str, int]  # number of lines by unknown channel
    refused: tuple[tuple[int, str], ...]  # (line number, why)
    refused_count: int = 0
    amiss: Mapping[str, int] = field(default_factory=dict)  # refused lines by wrong part
    opening: tuple[str, ...] = ()  # first lines with the header, safe to print
    columns: frozenset[str] = frozenset()  # the channels by the names that the file has


def parse(
    lines: Iterable[str], *, zone: tzinfo, renames: Mapping[str, str] | None = None
) -> Recording:
    """Read CSV lines with a header `time,channel,value`.

    Times are ISO 8601. A time without an offset is local time in `zone`. In the hour that occurs
    twice in autumn, the second round begins where the times step back. Raises RecordingError if the
    header is missing. A wrong line is refused and counted.
    """
    source = iter(lines)
    first = list(islice(source, _OPENING))
    opening = tuple(shown(line) for line in first)
    rows = csv.reader(chain(first, source))
    try:
        header = [cell.strip().lstrip("\ufeff") for cell in next(rows, [])]
        if header[:3] != _HEADER:
            is_ = f"it is '{opening[0]}'" if opening else "the file is empty"
            raise RecordingError(f"the first line must be time,channel,value; {is_}", opening)
        return _parse(rows, zone, renames or {}, opening)
    except csv.Error as error:
        raise RecordingError(f"line {rows.line_num}: {error}", opening) from None


def _parse(
    rows: Iterator[list[str]], zone: tzinfo, renames: Mapping[str, str], opening: tuple[str, ...]
) -> Recording:
    readings: list[ChannelReading] = []
    ignored: Counter[str] = Counter()
    refused: list[tuple[int, str]] = []
    amiss: Counter[str] = Counter()
    columns: set[str] = set()
    clock = _LocalClock(zone)
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        part = "line"
        try:
            if len(row) < len(_HEADER):
                _refuse(row)
            when, named, text = row[0], row[1].strip(), row[2]
            columns.add(named)
            channel = renames.get(named, named)
            if channel not in CHANNELS:
                ignored[channel] += 1
                continue
            part = "time"
            at_ms = clock.ms(when)
            part = "value"
            readings.append(ChannelReading(at_ms, channel, _value(channel, text)))
        except (ValueError, OverflowError) as error:
            amiss[part] += 1
            if len(refused) < _REFUSED:
                refused.append((number, str(error)))
    readings.sort(key=lambda reading: reading.at_ms)
    return Recording(
        readings=tuple(readings),
        ignored=dict(ignored),
        refused=tuple(refused),
        refused_count=amiss.total(),
        amiss=dict(amiss),
        opening=opening,
        columns=frozenset(columns),
    )


def _refuse(row: list[str]) -> NoReturn:
    raise ValueError(f"'{shown(','.join(row), 40)}' is not time,channel,value")


class _LocalClock:
    """Parses times; the time before tells which round of a repeated hour a time belongs to."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._last: datetime | None = None
        self._fold = 0
        self._text, self._ms = "", 0  # as read last: the lines of one moment repeat its time

    def ms(self, text: str) -> int:
        if text != self._text:
            self._ms = self._read(text)
            self._text = text
        return self._ms

    def _read(self, text: str) -> int:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            raise ValueError(f"the time '{shown(text, 40)}' is not {TIME_FORM}") from None
        if moment.tzinfo is None:
            moment = self._place(moment)
        at_ms = round(moment.timestamp() * 1000)
        if not MAX_WINDOW_MS <= at_ms <= LATEST_MS - MAX_WINDOW_MS:
            raise ValueError(f"{shown(text, 40)} is not a time between 1970 and 2100")
        return at_ms

    def _place(self, naive: datetime) -> datetime:
        back = self._last is not None and (self._last - naive).total_seconds() > ALIVE_MS / 1000
        self._last = naive
        first, second = naive.replace(tzinfo=self._zone), naive.replace(tzinfo=self._zone, fold=1)
        if first.utcoffset() == second.utcoffset():
            self._fold = 0
            return first
        if back:
            self._fold = 1
        return second if self._fold else first


def _value(channel: str, text: str) -> float | str:
    if channel == "button":
        word = text.strip()
        if word not in BUTTONS:
            raise ValueError(f"button '{shown(word, 20)}' is not one of {', '.join(BUTTONS)}")
        return word
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{channel} '{shown(text, 20)}' is not a number") from None
    low, high = RANGES[channel]
    if not math.isfinite(number) or not low <= number <= high:
        raise ValueError(f"{channel} {shown(text, 20)} is outside {low:g} to {high:g}")
    return number


def windows(
    recording: Recording, *, boot: str = "00000000", length_s: int = 10
) -> Iterator[Window | Press]:
    """Yield the windows of a recording (on the UTC grid of `length_s`) and the button presses.

    A window without a movement line has 0 moves if the recording has a movement channel and the
    logger wrote any line within a minute. If the logger writes zeros, too, a movement line within a
    minute is needed. Otherwise the count is unknown. The same holds for `moved_s` and `active_s`.
    """
    length_ms = length_s * 1000
    readings = recording.readings
    used = {reading.channel for reading in readings}
    moving = {name: _MovementCount(name, readings) for name in _MOVING if name in used}
    mat: bool | None = None
    seq = index = presses = 0
    end = first_ms = 0
    alive_ms: int | None = None
    while index < len(readings):
        if alive_ms is None or readings[index].at_ms - alive_ms > HOLE_MS:
            end = readings[index].at_ms // length_ms * length_ms
            first_ms, mat = first_ms or end, None
        end += length_ms
        seen: dict[str, list[float]] = {}
        while index < len(readings) and readings[index].at_ms < end:
            reading = readings[index]
            index += 1
            alive_ms = reading.at_ms
            if isinstance(reading.value, str):
                presses += 1
                yield Press(f"{boot}-{presses}", reading.value, reading.at_ms)
            else:
                seen.setdefault(reading.channel, []).append(reading.value)
        soon = index < len(readings) and readings[index].at_ms - end <= ALIVE_MS
        alive = soon or (alive_ms is not None and end - alive_ms <= ALIVE_MS)
        if "in_bed" in seen:
            mat = seen["in_bed"][-1] >= 0.5
        sums = {
            name: counted.sum(seen.get(name), end, alive=alive) for name, counted in moving.items()
        }
        moves = sums.get("movement")
        seq += 1
        yield Window(
            boot=boot,
            seq=seq,
            from_ms=end - length_ms,
            to_ms=end,
            mono_ms=end - first_ms,
            clock=ClockTrust.PLAYED.value,
            leg_c=_middle(seen.get("leg_temperature_c")),
            leg_rh=_middle(seen.get("leg_humidity_pct")),
            room_c=_middle(seen.get("room_temperature_c")),
            room_rh=_middle(seen.get("room_humidity_pct")),
            moves=None if moves is None else min(MAX_MOVES, round(moves)),
            in_bed=mat if alive else None,
            moved_s=_within(sums["moved_s"], length_s) if "moved_s" in sums else None,
            active_s=_within(sums["active_s"], length_s) if "active_s" in sums else None,
            others=_others(seen) if OTHERS else (),
        )


class _MovementCount:
    """The sum of a channel's values in a window; decides whether no line means 0 or unknown."""

    def __init__(self, channel: str, readings: Sequence[ChannelReading]) -> None:
        values = [reading.value for reading in readings if reading.channel == channel]
        self._watched, self._writes_zeros = bool(values), 0.0 in values
        self._last_ms: int | None = None

    def sum(self, values: list[float] | None, end_ms: int, *, alive: bool) -> float | None:
        """Return the sum of a window's values; None: unknown."""
        if values:
            self._last_ms = end_ms
        near = self._last_ms is not None and end_ms - self._last_ms <= ALIVE_MS
        known = self._watched and alive and (near or not self._writes_zeros)
        return sum(values or ()) if known else None


def _within(seconds: float | None, length_s: int) -> float | None:
    """Limit a sum of seconds to the window's length, which overlapping lines can exceed."""
    return None if seconds is None else round(min(seconds, float(length_s)), 2)


def events(recording: Recording) -> Iterator[Event]:
    """Yield the events that the server would give to the engine."""
    for item in windows(recording):
        if isinstance(item, Window):
            yield item
        elif item.button == "ack":
            yield Ack(item.at_ms, item.kind)


def _others(seen: Mapping[str, list[float]]) -> tuple[tuple[str, float], ...]:
    middles = ((field.name, _middle(seen.get(field.channel))) for field in OTHERS)
    return tuple((name, value) for name, value in middles if value is not None)


def _middle(values: list[float] | None) -> float | None:
    return round(median(values), 2) if values else None
