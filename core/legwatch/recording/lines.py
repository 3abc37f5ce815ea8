"""Read the `time,channel,value` lines of a replay file."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import chain, islice
from operator import itemgetter
from typing import NoReturn

from legwatch.contract.roles import FIELDS
from legwatch.errors import RecordingError
from legwatch.printable import shown
from legwatch.recording.local_time import LocalClock

RANGES = {field.channel: (field.low, field.high) for field in FIELDS}
BUTTONS = ("ack", "cramp")
CHANNELS = (*RANGES, "button")
MOVING = ("movement", "moved_s", "active_s")  # channels whose values add up in a window
_HEADER = ["time", "channel", "value"]
_KEPT = 8192  # ends of lines to keep as read: sensors repeat their values; a file may have more
_REFUSED = 1000  # refused lines to keep with their reason; only count the rest
_OPENING = 4  # first lines to keep, so that an error can show them

# One line of the file: (at_ms, channel, value); the value is a number, or the name of a button. A
# plain tuple, since a night has ten thousand: nothing else is made or taken apart as fast.
ChannelReading = tuple[int, str, float | str]
# What stands behind the time: (channel, value, whether it is a sum of the logger).
_End = tuple[str, float | str, bool]


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
    reader = _Reader(chain(first, source), LocalClock(zone), renames or {})
    try:
        header = [cell.strip().lstrip("\ufeff") for cell in reader.header()]
        if header[:3] != _HEADER:
            is_ = f"it is '{opening[0]}'" if opening else "the file is empty"
            raise RecordingError(f"the first line must be time,channel,value; {is_}", opening)
        reader.read()
    except csv.Error as error:
        raise RecordingError(f"line {reader.line_number}: {error}", opening) from None
    return Recording(
        readings=reader.in_order(),
        ignored=dict(reader.ignored),
        refused=tuple(reader.refused),
        refused_count=reader.amiss.total(),
        amiss=dict(reader.amiss),
        opening=opening,
        columns=frozenset(name.strip() for name in reader.columns),
        repeated=reader.repeated,
    )


class _Reader:
    """Takes lines apart. Most end as an earlier one did, and such a line needs no CSV."""

    def __init__(self, lines: Iterator[str], clock: LocalClock, renames: Mapping[str, str]) -> None:
        self.ignored: Counter[str] = Counter()
        self.refused: list[tuple[int, str]] = []
        self.amiss: Counter[str] = Counter()
        self.columns: dict[str, str] = {}  # channels by the names that the file has
        self.repeated = 0
        self._readings: list[ChannelReading] = []
        self._ordered = True  # no reading is older than the one before
        self._lines, self._clock, self._renames = lines, clock, renames
        self._ends: dict[str, _End] = {}
        self._sums: set[ChannelReading] = set()
        self._held: list[str] = []
        self._rows = csv.reader(self._for_csv())
        self._unused = 0  # rows that are no reading
        self._done_by_csv = 0  # rows that needed CSV

    @property
    def line_number(self) -> int:
        """The number of the line that was read last."""
        return self._rows.line_num + self._done - self._done_by_csv

    def header(self) -> list[str]:
        """Return the first line's cells; none of an empty file."""
        return next(self._rows, [])

    def in_order(self) -> tuple[ChannelReading, ...]:
        """Return the readings by their time; most files have them so."""
        if not self._ordered:
            self._readings.sort(key=itemgetter(0))
        return tuple(self._readings)

    def read(self) -> None:
        """Read all other lines; note those that are not used."""
        readings, ends, usual_ms = self._readings, self._ends, self._clock.usual_ms
        time: str | None = None
        at_ms = before_ms = 0
        for line in self._lines:
            text, _, rest = line.partition(",")
            end = ends.get(rest)
            if end is not None and text != time:
                if (ms := usual_ms(text)) is None:
                    end = None
                else:
                    time, at_ms = text, ms
            if end is None:
                if (found := self._by_csv(line, rest)) is None:
                    continue
                at_ms, end = found
                time = None if '"' in text else text
            if at_ms < before_ms:
                self._ordered = False
            before_ms = at_ms
            channel, value, is_sum = end
            reading = (at_ms, channel, value)
            if is_sum and self._was_there(reading):
                continue
            readings.append(reading)

    @property
    def _done(self) -> int:
        """The number of rows that were read, without the header."""
        return len(self._readings) + self.repeated + self._unused

    def _by_csv(self, line: str, rest: str) -> tuple[int, _End] | None:
        """Return the time of a line, and what stands behind it; None: it is not used."""
        self._held.append(line)
        row = next(self._rows)
        self._done_by_csv += 1
        found = self._taken_apart(row) if row else None
        if found is None:
            self._unused += 1
        elif '"' not in line and len(self._ends) < _KEPT:
            self._ends[rest] = found[1]
        return found

    def _taken_apart(self, row: list[str]) -> tuple[int, _End] | None:
        """Return the time of a row, and what it says; None: it is not used."""
        part = "line"
        try:
            if len(row) < 3:
                _refuse(row)
            if (channel := self.columns.get(row[1])) is None:
                name = row[1].strip()
                self.columns[row[1]] = channel = self._renames.get(name, name)
            if channel not in CHANNELS:
                self.ignored[channel] += 1
                return None
            part = "time"
            at_ms = self._clock.ms(row[0])
            part = "value"
            value = _value(channel, row[2])
        except (ValueError, OverflowError) as error:
            self.amiss[part] += 1
            if len(self.refused) < _REFUSED:
                self.refused.append((self._done + 2, str(error)))
            return None
        return at_ms, (channel, value, channel in MOVING and _is_sum(channel, value))

    def _was_there(self, reading: ChannelReading) -> bool:
        """Return True for a sum that was read before: exports overlap."""
        if reading in self._sums:
            self.repeated += 1
            return True
        self._sums.add(reading)
        return False

    def _for_csv(self) -> Iterator[str]:
        """Yield the line that is held, and those after it if it has a quote that stays open."""
        while True:
            if self._held:
                yield self._held.pop()
            elif (line := next(self._lines, None)) is not None:
                yield line
            else:
                return


def _is_sum(channel: str, value: float | str) -> bool:
    """Return True for what a logger has summed up; a single edge may come twice in a second."""
    return channel != "movement" or (isinstance(value, float) and value > 1)


def _refuse(row: list[str]) -> NoReturn:
    raise ValueError(f"'{shown(','.join(row), 40)}' is not time,channel,value")


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
