"""Turn the `time,channel,value` lines of a replay file into the windows of an agent."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import chain, islice, pairwise
from operator import itemgetter
from typing import NoReturn

from legwatch.contract.fields import LATEST_MS, MAX_MOVES, MAX_WINDOW_MS
from legwatch.contract.press import Press
from legwatch.contract.roles import FIELDS, OTHERS
from legwatch.errors import RecordingError
from legwatch.events import PLAYED, Ack, Event, Window
from legwatch.middle import median
from legwatch.named_tuples import maker
from legwatch.printable import shown

RANGES = {field.channel: (field.low, field.high) for field in FIELDS}
BUTTONS = ("ack", "cramp")
CHANNELS = (*RANGES, "button")
_MOVING = ("movement", "moved_s", "active_s")  # channels whose values add up in a window
ALIVE_MS = 60_000  # the logger was running if it wrote a line within this time
HOLE_MS = 1_800_000  # in a longer gap the logger was off: make no windows
MAT_KEPT_MS = 300_000  # at least, as of any other reading
TIME_FORM = "ISO 8601, such as 2026-01-31T22:15:00+01:00"
_EARLIEST_MS, _LATEST_MS = MAX_WINDOW_MS, LATEST_MS - MAX_WINDOW_MS
_SECONDS_MS = {f"{second:02}": 1000 * second for second in range(60)}
_MINUTES_MS = {f"{minute:02}:": 60_000 * minute for minute in range(60)}
_OFFSETS = ("Z", "+", "-")  # what a time zone begins with
_HEADER = ["time", "channel", "value"]
_KEPT = 4096  # values of a channel to keep as read: a sensor repeats them; a file may have more
_REFUSED = 1000  # refused lines to keep with their reason; only count the rest
_OPENING = 4  # first lines to keep, so that an error can show them


# One line of the file: (at_ms, channel, value); the value is a number, or the name of a button. A
# plain tuple, since a night has ten thousand: nothing else is made or taken apart as fast.
ChannelReading = tuple[int, str, float | str]
_Column = tuple[str, dict[str, float | str] | None]  # a channel and its values; None: no channel
_window = maker(Window)


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
    repeated: int = 0  # lines with a sum that were there already: exports that overlap


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
    columns: dict[str, _Column] = {}
    sums: set[ChannelReading] = set()
    repeated = 0
    clock = _LocalClock(zone)
    time: str | None = None
    at_ms = 0
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        part = "line"
        try:
            if len(row) < 3:
                _refuse(row)
            if (column := columns.get(row[1])) is None:
                columns[row[1]] = column = _column(row[1].strip(), renames)
            channel, values = column
            if values is None:
                ignored[channel] += 1
                continue
            part = "time"
            if row[0] != time:  # the lines of one moment repeat its time
                at_ms = clock.ms(row[0])
                time = row[0]
            part = "value"
            if (value := values.get(row[2])) is None:
                value = _value(channel, row[2])
                if len(values) < _KEPT:
                    values[row[2]] = value
            reading = (at_ms, channel, value)
            if channel in _MOVING and _is_sum(channel, value):
                if reading in sums:  # of exports that overlap
                    repeated += 1
                    continue
                sums.add(reading)
            readings.append(reading)
        except (ValueError, OverflowError) as error:
            amiss[part] += 1
            if len(refused) < _REFUSED:
                refused.append((number, str(error)))
    readings.sort(key=itemgetter(0))
    return Recording(
        readings=tuple(readings),
        ignored=dict(ignored),
        refused=tuple(refused),
        refused_count=amiss.total(),
        amiss=dict(amiss),
        opening=opening,
        columns=frozenset(name.strip() for name in columns),
        repeated=repeated,
    )


def _is_sum(channel: str, value: float | str) -> bool:
    """Return True for what a logger has summed up; a single edge may come twice in a second."""
    return channel != "movement" or (isinstance(value, float) and value > 1)


def _column(name: str, renames: Mapping[str, str]) -> _Column:
    channel = renames.get(name, name)
    return channel, {} if channel in CHANNELS else None


def _refuse(row: list[str]) -> NoReturn:
    raise ValueError(f"'{shown(','.join(row), 40)}' is not time,channel,value")


class _LocalClock:
    """Parses times; the time before tells which round of a repeated hour a time belongs to."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._last: datetime | None = None
        self._fold = 0
        self._hour, self._hour_ms = "", 0  # as read last
        self._minute, self._minute_ms = "", 0
        self._offset, self._ends_ms = "", dict[str, int]()  # seconds with that offset

    def ms(self, text: str) -> int:
        """Return the time of a line; within an hour, only minutes and seconds are read."""
        if text[:17] == self._minute or self._find_minute(text):
            second_ms = self._ends_ms.get(text[17:])
            if second_ms is not None:
                return self._minute_ms + second_ms
        return self._read(text)

    def _read(self, text: str) -> int:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            raise ValueError(f"the time '{shown(text, 40)}' is not {TIME_FORM}") from None
        naive = moment.tzinfo is None
        if naive:
            moment = self._place(moment)
        at_ms = round(moment.timestamp() * 1000)
        if not _EARLIEST_MS <= at_ms <= _LATEST_MS:
            raise ValueError(f"{shown(text, 40)} is not a time between 1970 and 2100")
        if not naive:
            self._keep_hour(text, at_ms)
        return at_ms

    def _find_minute(self, text: str) -> bool:
        minute_ms = _MINUTES_MS.get(text[14:17])
        if minute_ms is None or text[:14] != self._hour:
            return False
        self._minute, self._minute_ms = text[:17], self._hour_ms + minute_ms
        return True

    def _keep_hour(self, text: str, at_ms: int) -> None:
        """Keep what the other times of an hour begin from, if the text has the usual form."""
        minute, second, offset = text[14:17], text[17:19], text[19:]
        usual = text[13:14] == ":" and minute in _MINUTES_MS and second in _SECONDS_MS
        if not usual or offset[:1] not in _OFFSETS:
            return
        hour_ms = at_ms - _MINUTES_MS[minute] - _SECONDS_MS[second]
        if not _EARLIEST_MS <= hour_ms <= _LATEST_MS - 3_600_000:
            return
        self._hour, self._hour_ms, self._minute = text[:14], hour_ms, ""
        if offset != self._offset:
            self._offset = offset
            self._ends_ms = {second + offset: ms for second, ms in _SECONDS_MS.items()}

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
    if not low <= number <= high:  # not true of nan either
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
    maker = _WindowMaker(recording.readings, boot, length_s)
    seen: dict[str, list[float]] = {}
    end = alive_ms = presses = 0
    for at_ms, channel, value in recording.readings:
        if at_ms >= end:
            if end:
                yield maker.window(seen, end, alive_ms, at_ms)
            if not end or at_ms - alive_ms > HOLE_MS:
                end = at_ms // length_ms * length_ms
                maker.begin(end)
            end += length_ms
            seen = {}
            while at_ms >= end:
                yield maker.window(seen, end, alive_ms, at_ms)
                end += length_ms
        alive_ms = at_ms
        if isinstance(value, str):
            presses += 1
            yield Press(f"{boot}-{presses}", value, at_ms)
        elif channel in seen:
            seen[channel].append(value)
        else:
            seen[channel] = [value]
    if end:
        yield maker.window(seen, end, alive_ms)


class _WindowMaker:
    """Makes the windows of a recording one after the other, and knows what lasts beyond one."""

    def __init__(self, readings: Sequence[ChannelReading], boot: str, length_s: int) -> None:
        self._boot, self._length_s = boot, length_s
        used = set(map(itemgetter(1), readings))
        self._moving = [(name, _MovementCount(name, readings)) for name in _MOVING if name in used]
        self._mat: bool | None = None
        self._mat_ms, self._mat_kept_ms = 0, _mat_kept_ms(readings)
        self._seq = self._first_ms = 0

    def begin(self, at_ms: int) -> None:
        """Begin, at first or after a hole."""
        self._first_ms, self._mat = self._first_ms or at_ms, None

    def window(
        self,
        seen: Mapping[str, list[float]],
        end_ms: int,
        alive_ms: int,
        next_ms: int | None = None,
    ) -> Window:
        """Return the next window; the logger wrote a line at `alive_ms`, and one at `next_ms`."""
        alive = end_ms - alive_ms <= ALIVE_MS
        alive = alive or (next_ms is not None and next_ms - end_ms <= ALIVE_MS)
        if "in_bed" in seen:
            self._mat, self._mat_ms = seen["in_bed"][-1] >= 0.5, end_ms
        elif self._mat_kept_ms and end_ms - self._mat_ms > self._mat_kept_ms:
            self._mat = None
        moves = moved_s = active_s = None
        for name, counted in self._moving:
            found = counted.sum(seen.get(name), end_ms, alive=alive)
            if found is None:
                continue
            if name == "movement":
                moves = min(MAX_MOVES, round(found))
            elif name == "moved_s":
                moved_s = self._within(found)
            else:
                active_s = self._within(found)
        self._seq += 1
        return _window(
            (
                self._boot,
                self._seq,
                end_ms - 1000 * self._length_s,
                end_ms,
                end_ms - self._first_ms,
                PLAYED,
                _middle(seen["leg_temperature_c"]) if "leg_temperature_c" in seen else None,
                _middle(seen["leg_humidity_pct"]) if "leg_humidity_pct" in seen else None,
                _middle(seen["room_temperature_c"]) if "room_temperature_c" in seen else None,
                _middle(seen["room_humidity_pct"]) if "room_humidity_pct" in seen else None,
                moves,
                self._mat if alive else None,
                (),
                None,
                None,
                moved_s,
                active_s,
                _others(seen) if OTHERS else (),
            )
        )

    def _within(self, seconds: float) -> float:
        """Limit a sum of seconds to the window's length, which overlapping lines can exceed."""
        return round(min(seconds, float(self._length_s)), 2)


def _mat_kept_ms(readings: Sequence[ChannelReading]) -> int:
    """Return how long a word of the mat counts; 0: until the next one.

    A file that repeats the same word does so at a pace, and then silence is no word any more. One
    that has a line only where something changed says nothing by its silence.
    """
    said = [(at_ms, value) for at_ms, name, value in readings if name == "in_bed"]
    pairs = list(pairwise(said))
    if not any(a[1] == b[1] for a, b in pairs):
        return 0
    gaps_ms = sorted(b[0] - a[0] for a, b in pairs)
    return max(MAT_KEPT_MS, 2 * gaps_ms[len(gaps_ms) // 2])


class _MovementCount:
    """The sum of a channel's values in a window; decides whether no line means 0 or unknown."""

    def __init__(self, channel: str, readings: Sequence[ChannelReading]) -> None:
        self._writes_zeros = any(value == 0 and name == channel for _, name, value in readings)
        self._last_ms: int | None = None

    def sum(self, values: list[float] | None, end_ms: int, *, alive: bool) -> float | None:
        """Return the sum of a window's values; None: unknown."""
        if values:
            self._last_ms = end_ms
        if not alive:
            return None
        if self._writes_zeros and (self._last_ms is None or end_ms - self._last_ms > ALIVE_MS):
            return None
        return sum(values) if values else 0


def events(recording: Recording) -> Iterator[Event]:
    """Yield the events that the server would give to the engine."""
    for item in windows(recording):
        if isinstance(item, Window):
            yield item
        elif item.button == "ack":
            yield Ack(item.at_ms, item.kind)


def _others(seen: Mapping[str, list[float]]) -> tuple[tuple[str, float], ...]:
    there = [field for field in OTHERS if field.channel in seen]
    return tuple((field.name, _middle(seen[field.channel])) for field in there)


def _middle(values: list[float]) -> float:
    value = values[0] if len(values) == 1 else median(values)
    return _rounded(value) if value else value  # to the cache, -0.0 is 0.0


@lru_cache(maxsize=2048)  # the same readings come again and again
def _rounded(value: float) -> float:
    return round(value, 2)
