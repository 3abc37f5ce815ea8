"""The times of a replay file: ISO 8601, with an offset or by the local clock."""

from datetime import datetime, tzinfo

from legwatch.contract.fields import LATEST_MS, MAX_WINDOW_MS
from legwatch.printable import shown

BACK_S = 60  # in an hour that comes twice, times that step back by more begin the second round
TIME_FORM = "ISO 8601, such as 2026-01-31T22:15:00+01:00"
_EARLIEST_MS, _LATEST_MS = MAX_WINDOW_MS, LATEST_MS - MAX_WINDOW_MS
_SECONDS_MS = {f"{second:02}": 1000 * second for second in range(60)}
_MINUTES_MS = {f"{minute:02}:": 60_000 * minute for minute in range(60)}
_OFFSETS = ("Z", "+", "-")  # what a time zone begins with


class LocalClock:
    """Parses times; the time before tells which round of a repeated hour a time belongs to."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._last: datetime | None = None
        self._fold = 0
        self._text: str | None = None  # as read last
        self._text_ms = 0
        self._hour, self._hour_ms = "", 0
        self._minute, self._minute_ms = "", 0
        self._offset, self._ends_ms = "", dict[str, int]()  # seconds with that offset

    def ms(self, text: str) -> int:
        """Return the time of a line; the lines of one moment repeat its text."""
        if text != self._text:
            usual_ms = self.usual_ms(text)
            self._text_ms = self._read(text) if usual_ms is None else usual_ms
            self._text = text
        return self._text_ms

    def usual_ms(self, text: str) -> int | None:
        """Return a time of the hour that was read last, by its minutes and seconds; else None."""
        if text[:17] == self._minute or self._find_minute(text):
            second_ms = self._ends_ms.get(text[17:])
            return None if second_ms is None else self._minute_ms + second_ms
        return None

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
        back = self._last is not None and (self._last - naive).total_seconds() > BACK_S
        self._last = naive
        first, second = naive.replace(tzinfo=self._zone), naive.replace(tzinfo=self._zone, fold=1)
        if first.utcoffset() == second.utcoffset():
            self._fold = 0
            return first
        if back:
            self._fold = 1
        return second if self._fold else first
