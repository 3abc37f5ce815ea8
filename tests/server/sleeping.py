"""Whole live nights on a ward's clock, one window a minute and one commit a night."""

from collections.abc import Callable
from typing import Any

from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.testing import live_window, wobbling
from legwatch_server.inbox import Arrived
from legwatch_server.testing import InProcessServer
from server.ward import BEGIN, MINUTE_MS

DAY_MS = 86_400_000
UP_MIN = 15  # the bed is seen empty for so long in the morning
EMPTY = {"leg_c": 19.0, "room_c": 18.0, "moves": 0, "in_bed": False}
Air = Callable[[float], float | None]
Look = Callable[[int], dict[str, Any]]
WARM = wobbling(30)


def turning(every_min: int, leg: Air = WARM, **more: Any) -> Look:
    """Return a sleeper who turns every so many minutes, in a room of 18 °C."""
    return lambda m: {
        "leg_c": leg(m),
        "room_c": 18.0,
        "moves": 1 if m % every_min == 0 else 0,
        "in_bed": True,
        **more,
    }


def cooling(celsius: float) -> Air:
    """Return air by legs that warm at first and then stay cool under their cover."""
    wobble = wobbling(0)
    return lambda m: round(max(celsius, 29.2 - max(0, m - 60) * 0.02) + (wobble(m) or 0), 1)


def sleep(
    ward: InProcessServer, number: int, look: Look, minutes: int = 240, bed: str = "b"
) -> None:
    """Let one night go by; the first is number 0 and begins at the ward's beginning."""
    begin_ms = BEGIN + number * DAY_MS
    arrivals: list[Arrived] = []
    for m in range(minutes + UP_MIN):
        to_ms, seq = begin_ms + (m + 1) * MINUTE_MS, number * 2000 + m + 1
        seen = look(m) | (EMPTY if m >= minutes else {})
        window = live_window(seq, to_ms, length_ms=MINUTE_MS, **seen)
        name = topic(bed, Channel.WINDOW)
        arrivals.append(ward.message(name, encode_window(window), arrived_ms=to_ms))
    ward.clock.advance(begin_ms + (minutes + UP_MIN) * MINUTE_MS - ward.clock.now_ms)
    ward.turn(arrivals)
    ward.settle()
    ward.idle(20 * MINUTE_MS)  # no word comes after the night
    ward.settle()
