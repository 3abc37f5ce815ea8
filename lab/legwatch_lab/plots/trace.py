"""A night minute by minute, as the rules saw it: what a picture is drawn from."""

from collections.abc import Iterable
from datetime import date, tzinfo
from typing import NamedTuple

from legwatch.alerting.notice import Notice
from legwatch.engine import MINUTE_MS, BedState, advance, start
from legwatch.events import Event, Window
from legwatch.limits.rules import Rules
from legwatch.night import night_of

GAP_MS = 120_000  # a longer hole between two minutes is shown as one


class TraceMinute(NamedTuple):
    """One minute that the rules have judged; None is unknown."""

    at_ms: int  # its end
    leg_c: float | None  # as believed
    room_c: float | None
    usual_c: float | None  # the baseline of the warm, occupied minutes
    in_bed: bool | None
    moves: int | None


class Trace(NamedTuple):
    """One night of a recording. `readings` are the air by the legs as it was read."""

    night: date
    minutes: tuple[TraceMinute, ...]
    readings: tuple[tuple[int, float], ...]
    notices: tuple[Notice, ...]


def follow(events: Iterable[Event], rules: Rules, zone: tzinfo) -> list[Trace]:
    """Run the rules over a recording; one trace a night, from noon to noon in `zone`."""
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
        state, said = advance(state, event, rules)
        notices += said
        if before_ms and state.minute_end_ms != before_ms:
            minutes.append(_minute(state, moves))
    return _nights(minutes, readings, notices, zone)


def _minute(state: BedState, moves: dict[int, int]) -> TraceMinute:
    sight, at_ms = state.bed.observation, state.minute_end_ms - MINUTE_MS
    return TraceMinute(
        at_ms,
        sight.leg.celsius,
        sight.room.celsius,
        sight.cold.baseline_c,
        sight.occupancy.in_bed,
        moves.pop(at_ms, None),
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
