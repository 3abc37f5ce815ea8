"""Reads the sensors of a bed as the agent does, and gives what they say each second."""

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

from legwatch.events import Window
from legwatch_device import fittings
from legwatch_device.sampler import Sampler
from legwatch_device.settings import AgentSettings
from legwatch_runtime.clock import SystemClock
from legwatch_runtime.part import Parts

WINDOW_S, SAMPLE_S = 1, 2.0
PATIENCE_S = 5.0


def windows(settings: AgentSettings, seconds: float) -> Iterator[dict[str, Any]]:
    """Yield what the sensors say, once a second: only what is known, by the names of the wire."""
    said, stop = SimpleQueue[Any](), threading.Event()
    parts = Parts()
    feed = Sampler(
        fittings.sensors(settings), SystemClock(), window_s=WINDOW_S, sample_s=SAMPLE_S, parts=parts
    )
    part = parts.add("look", lambda: feed.run(said.put, stop), within_s=float("inf"))
    part.start()
    try:
        for _ in range(max(1, round(seconds / WINDOW_S))):
            try:
                yield _values(said.get(timeout=WINDOW_S + PATIENCE_S))
            except Empty:
                return
    finally:
        stop.set()


def _values(window: Window) -> dict[str, Any]:
    known: dict[str, Any] = {
        "leg_c": window.leg_c,
        "room_c": window.room_c,
        "moves": window.moves,
        "moved_s": window.moved_s,
        "in_bed": window.in_bed,
        "faults": dict(window.faults) or None,
    }
    return {name: value for name, value in known.items() if value is not None}


Turned = Callable[[], None]
