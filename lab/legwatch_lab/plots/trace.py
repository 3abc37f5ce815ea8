"""The data of a plot: a night minute by minute, as the engine saw it."""

from collections.abc import Iterable
from datetime import date, tzinfo
from typing import NamedTuple

from legwatch.alerting.notice import Notice
from legwatch.engine import MINUTE_MS, BedState, advance, start, view
from legwatch.events import Event, Window
from legwatch.limits.rules import Rules
from legwatch.night import night_of

GAP_MS = 120_000  # a longer time between two minutes is drawn as a gap


class TraceMinute(NamedTuple):
    """One minute as the engine judged it; None: unknown."""

    at_ms: int  # end of the minute, UTC ms
    leg_c: float | None  # the engine's estimate, not a reading
    room_c: float | None
    usual_c: float | None  # the baseline of the warm, occupied minutes
    in_bed: bool | None
    moves: int | None


class Trace(NamedTuple):
    """One night of a recording; `readings` are (UTC ms, C) of the leg sensor, unprocessed."""

    night: date
    minutes: tuple[TraceMinute, ...]
    readings: tuple[tuple[int, float], ...]
    notices: tuple[Notice, ...]


def follow(events: Iterable[Event], rules: Rules, zone: tzinfo) -> list[Trace]:
    """Replay a recording; return one trace for each night, from noon to noon in `zone`."""
    state = start()
    minutes: list[TraceMinute] = []
    readings: list[tuple[int, float]] = []
    notices: list[Notice] = []
    moves: dict[int, int] = {}
    for event in events:
        if isinstance(event, Window):
            end_ms = -(-event.to_ms // MINUTE_MS) * MINUTE_MS
            if event.moves is not None:
                moves[end_ms] = moves.get(end_ms, 0) + event.moves
            if event.leg_c is not None:
                readings.append((event.to_ms, event.leg_c))
        before_ms = state.minute_end_ms
        state, new_notices = advance(state, event, rules)
        notices += new_notices
        if before_ms and state.minute_end_ms != before_ms:
            minutes.append(_minute(state, moves))
    return _nights(minutes, readings, notices, zone)


def _minute(state: BedState, moves: dict[int, int]) -> TraceMinute:
    at_ms = state.minute_end_ms - MINUTE_MS
    counted, seen = moves.pop(at_ms, None), view(state)
    if seen is None:  # the clock was set back: a new time line has no minute yet
        return TraceMinute(at_ms, None, None, None, None, moves=counted)
    return TraceMinute(
        at_ms, seen.leg_c, seen.room_c, usual_c=seen.usual_c, in_bed=seen.in_bed, moves=counted
    )


def _nights(
    minutes: list[TraceMinute],
    readings: list[tuple[int, float]],
    notices: list[Notice],
    zone: tzinfo,
) -> list[Trace]:
    by_night: dict[date, list[TraceMinute]] = {}
    for minute in minutes:
        by_night.setdefault(night_of(minute.at_ms - 1, zone), []).append(minute)
    return [
        Trace(
            night,
            tuple(mine),
            tuple(r for r in readings if night_of(r[0] - 1, zone) == night),
            tuple(n for n in notices if night_of(n.at_ms - 1, zone) == night),
        )
        for night, mine in by_night.items()
    ]
