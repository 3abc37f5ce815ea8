"""Helpers for tests of whatever uses the engine: nights to play, and a driver of the engine.

A night is described by functions of the minutes since its beginning:

    windows = night(leg=uncovering((180, 205)), room=wobbling(16))
    state, notices = drive(start(), windows, rules)

Everything here is pure: the same arguments give the same windows.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

from legwatch.alerting.notice import Notice, iso
from legwatch.engine import BedState, advance
from legwatch.events import ClockTrust, Event, Window
from legwatch.limits.rules import Rules

WINDOW_MS = 10_000
BOOT = "0000000a"  # of the agent in `live_window`

Level = Callable[[float], float | None]  # by the minute of the night; None: not known
Count = Callable[[float], int | None]
Presence = Callable[[float], bool | None]


def ms(text: str) -> int:
    """Return UTC milliseconds of `2026-01-02T22:00Z`; raises ValueError without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text}: a zone is expected, such as Z")
    return int(moment.astimezone(UTC).timestamp() * 1000)


def constant(value: float | None) -> Level:
    """Return a level that is the same all night."""
    return lambda _minute: value


def wobbling(celsius: float) -> Level:
    """Return air that is never exactly the same, as real air is."""
    return lambda minute: round(celsius + 0.3 * math.sin(minute / 7), 1)


def uncovering(
    *spans: tuple[float, float],
    covered_c: float = 31.0,
    uncovered_c: float = 22.0,
    lag_min: float = 6.0,
) -> Level:
    """Return the air by legs that are uncovered during the spans (minutes).

    The air follows with a first-order lag. It starts at 20 C at minute 0, when the sleeper lies
    down.
    """

    def celsius(minute: float) -> float:
        now, at = 20.0, 0.0
        edges = sorted({edge for span in spans for edge in span if edge < minute} | {minute})
        for edge in edges:
            middle = (at + edge) / 2
            goal = uncovered_c if any(a <= middle < b for a, b in spans) else covered_c
            now = goal + (now - goal) * math.exp(-(edge - at) / lag_min)
            at = edge
        return round(now + 0.2 * math.sin(minute / 7), 1)

    return celsius


def turning(every_min: int) -> Count:
    """Return one movement at every so many minutes."""
    return lambda minute: 1 if minute % every_min < 0.1 else 0


_WARM = wobbling(31)
_ROOM = constant(18.0)
_UNKNOWN = constant(None)
_RESTING = turning(20)


def _in_bed(_minute: float) -> bool:
    return True


def _never(_minute: float) -> bool:
    return False


class Course(TypedDict, total=False):
    """What the sensors of a night say, each as a function of the minute."""

    leg: Level
    room: Level
    moves: Count
    mat: Presence
    rh: Level  # humidity of leg and room, percent
    active: Level  # seconds of movement in a window


_ORDINARY: Course = {
    "leg": _WARM,
    "room": _ROOM,
    "moves": _RESTING,
    "mat": _in_bed,
    "rh": _UNKNOWN,
    "active": _UNKNOWN,
}


def night(
    *,
    begin: str = "2026-01-02T21:00Z",
    minutes: int = 480,
    silent: Callable[[float], bool] = _never,
    **course: Unpack[Course],
) -> Iterator[Window]:
    """Yield the ten-second windows of a recording; what `course` does not say is ordinary.

    While `silent` holds, no window is sent, but the sequence numbers go on.
    """
    start = ms(begin)
    now: Course = {**_ORDINARY, **course}
    for i in range(minutes * 60_000 // WINDOW_MS):
        minute = i * WINDOW_MS / 60_000
        if silent(minute):
            continue
        from_ms = start + i * WINDOW_MS
        rh, active = now["rh"](minute), now["active"](minute)
        yield Window(
            boot="00000000",
            seq=i + 1,
            from_ms=from_ms,
            to_ms=from_ms + WINDOW_MS,
            mono_ms=(i + 1) * WINDOW_MS,
            clock=ClockTrust.PLAYED.value,
            leg_c=now["leg"](minute),
            leg_rh=rh,
            room_c=now["room"](minute),
            room_rh=rh,
            moves=now["moves"](minute),
            in_bed=now["mat"](minute),
            moved_s=active,
            active_s=active,
        )


def live_window(seq: int, to_ms: int, *, length_ms: int = WINDOW_MS, **fields: Any) -> Window:
    """Return a window of an agent whose clock is set; `fields` are those of a Window."""
    window = Window(
        boot=BOOT,
        seq=seq,
        from_ms=to_ms - length_ms,
        to_ms=to_ms,
        mono_ms=seq * length_ms,
        clock=ClockTrust.SYNCED.value,
        age_ms=0,
    )
    return window._replace(**fields)


def drive(state: BedState, events: Iterable[Event], rules: Rules) -> tuple[BedState, list[Notice]]:
    """Let the engine take events in; return the state after the last one, and all notices."""
    notices: list[Notice] = []
    for event in events:
        state, new = advance(state, event, rules)
        notices += new
    return state, notices


def recording_lines(windows: Iterable[Window], *, zone: bool = True) -> Iterator[str]:
    """Yield the lines of a replay file from which the same windows are read again.

    Without `zone` the times carry none, as in a file that some other program has written.
    """
    yield "time,channel,value"
    for window in windows:
        at = iso(window.from_ms)
        seen = {
            "leg_temperature_c": window.leg_c,
            "leg_humidity_pct": window.leg_rh,
            "room_temperature_c": window.room_c,
            "room_humidity_pct": window.room_rh,
            "movement": window.moves,
            "in_bed": None if window.in_bed is None else int(window.in_bed),
        }
        for channel, value in seen.items():
            if value is not None:
                yield f"{at if zone else at.rstrip('Z')},{channel},{value}"
