"""Sums a bed's night up: its minutes from its windows, and its figures from its minutes.

The order in which windows come makes no difference: everything is added up in whole thousandths.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from legwatch_server.store.codec import decode, encode
from legwatch_server.store.pack import Row
from legwatch_server.store.records import Figures

MINUTE_MS = 60_000
HOUR_MIN = 60
ENOUGH_MIN = 30  # an hour with fewer known minutes has no mean
_MEANS = ("leg_c", "leg_rh", "room_c", "room_rh")
_SUMS = ("moves", "moved_s", "active_s")
_MEASURES = (*_MEANS, *_SUMS)
_measured = attrgetter(*_MEASURES)


class Minute(NamedTuple):
    """A minute of a night; None: no window has said it."""

    windows: int  # 0: nothing is known of it
    leg_c: float | None = None  # means
    leg_rh: float | None = None
    room_c: float | None = None
    room_rh: float | None = None
    moves: int | None = None  # sums
    moved_s: float | None = None
    active_s: float | None = None
    in_bed: int | None = None  # 1: in most windows


UNKNOWN = Minute(0)


class MinuteSums:
    """What the windows of a night add up to, minute by minute."""

    def __init__(self, from_ms: int, to_ms: int) -> None:
        self._from_ms, self._to_ms = from_ms, to_ms
        self._ids: set[int] = set()
        self._sums: dict[int, list[int]] = {}

    @property
    def last_id(self) -> int:
        """The newest window that was added; 0: none."""
        return max(self._ids, default=0)

    def add(self, rows: Iterable[Row]) -> None:
        """Add windows; one that was added before, or ends outside of the night, changes nothing."""
        for row in rows:
            if self._from_ms <= row.to_ms < self._to_ms and row.id not in self._ids:
                self._ids.add(row.id)
                self._add(row)

    def _add(self, row: Row) -> None:
        minute = (row.to_ms - self._from_ms) // MINUTE_MS
        sums = self._sums.setdefault(minute, [0] * (3 + 2 * len(_MEASURES)))
        sums[0] += 1
        if row.in_bed is not None:
            sums[1] += 1
            sums[2] += bool(row.in_bed)
        at = 3
        for value in _measured(row):
            if value is not None:
                sums[at] += 1
                sums[at + 1] += round(value * 1000)
            at += 2

    def minutes(self) -> list[Minute]:
        """Return all minutes of the night."""
        count = -(-(self._to_ms - self._from_ms) // MINUTE_MS)
        return [_minute(self._sums.get(place)) for place in range(count)]


def _minute(sums: Sequence[int] | None) -> Minute:
    if sums is None:
        return UNKNOWN
    windows, told, in_bed, *measured = sums
    pairs = list(zip(measured[::2], measured[1::2], strict=True))
    leg_c, leg_rh, room_c, room_rh = (
        round(total / count / 1000, 2) if count else None for count, total in pairs[:4]
    )
    moves, moved_s, active_s = (total / 1000 if count else None for count, total in pairs[4:])
    return Minute(
        windows=windows,
        leg_c=leg_c,
        leg_rh=leg_rh,
        room_c=room_c,
        room_rh=room_rh,
        moves=None if moves is None else int(moves),
        moved_s=moved_s,
        active_s=active_s,
        in_bed=int(2 * in_bed > told) if told else None,
    )


def packed(minutes: Sequence[Minute]) -> bytes:
    """Return minutes as bytes."""
    return encode(list(zip(*minutes, strict=True)))


def unpacked(data: bytes) -> list[Minute]:
    """Return the minutes of `packed`; raises ValueError for bytes that are none."""
    return list(map(Minute._make, zip(*decode(data), strict=True)))


def figures(minutes: Sequence[Minute], from_ms: int) -> Figures:
    """Return the figures of a night that begins at `from_ms`."""
    leg_low_c, leg_low_ms = _coldest([one.leg_c for one in minutes], from_ms)
    room_low_c, room_low_ms = _coldest([one.room_c for one in minutes], from_ms)
    moved = [one.moves for one in minutes if one.moves is not None]
    seconds = [one.moved_s for one in minutes if one.moved_s is not None]
    beds = [one.in_bed for one in minutes if one.in_bed is not None]
    return Figures(
        windows=sum(one.windows for one in minutes),
        known_min=sum(one.windows > 0 for one in minutes),
        in_bed_min=sum(beds) if beds else None,
        leg_mean_c=_mean([one.leg_c for one in minutes]),
        leg_low_c=leg_low_c,
        leg_low_ms=leg_low_ms,
        room_mean_c=_mean([one.room_c for one in minutes]),
        room_low_c=room_low_c,
        room_low_ms=room_low_ms,
        moves=sum(moved) if moved else None,
        moved_s=round(sum(seconds), 1) if seconds else None,
        still_s=max(_still_runs(minutes), default=None),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    hundredths = [round(value * 100) for value in values if value is not None]
    return round(sum(hundredths) / len(hundredths) / 100, 2) if hundredths else None


def _coldest(values: Sequence[float | None], from_ms: int) -> tuple[float | None, int | None]:
    """Return the lowest mean of an hour from noon on, and when that hour began."""
    hours = []
    for begin in range(0, len(values), HOUR_MIN):
        hour = values[begin : begin + HOUR_MIN]
        mean = _mean(hour)
        if mean is not None and sum(value is not None for value in hour) >= ENOUGH_MIN:
            hours.append((mean, from_ms + begin * MINUTE_MS))
    return min(hours, default=(None, None))


def _still_runs(minutes: Iterable[Minute]) -> Iterator[float]:
    """Yield how long each time without a movement was, s; with a gap or out of bed it ends."""
    for still, run in groupby(minutes, _is_still):
        if still:
            yield 60.0 * sum(1 for _ in run)


def _is_still(minute: Minute) -> bool:
    known = minute.moves is not None or minute.moved_s is not None
    return known and not minute.moves and not minute.moved_s and minute.in_bed != 0
