"""Replay the lines of a night in this process, or for another one: a line of JSON each way.

As a program it needs nothing but the core and the profiles of the tree that is on its path, also an
older one: so one tree judges what another one says.
"""

import gc
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from functools import cache, lru_cache, partial
from importlib import import_module
from typing import Any, NamedTuple

from legwatch import engine, recording
from legwatch.events import Event, Tick, Window

GRACE_MS = 60_000  # after the end, so that a silence at the end is noticed
RARE = 100_000  # new objects between two looks for garbage in cycles
# Where a tree has its profiles, and its notices: the newest place first.
SENSORS = {"leg": "leg_temperature_c", "room": "room_temperature_c", "movement": "movement"}
_NAMES = {channel: (name,) for name, channel in SENSORS.items()} | {"moved_s": ("movement",)}
PROFILES = ("legwatch_runtime.profiles", "legwatch_server.profiles")
NOTICES = ("legwatch.alerting.notice", "legwatch.notice")


class Order(NamedTuple):
    """What to replay; `left_out` are channels that this build does not have."""

    lines: tuple[str, ...]
    left_out: Sequence[str]
    end_ms: int
    no_mat_ms: int | None = None  # from then on, windows say that the mat is not known


def said(order: Order) -> list[dict[str, Any]]:
    """Return the notices of a night as `legwatch replay --format jsonl` gives them."""
    gc.set_threshold(RARE)  # nothing here is a cycle, and a night has ten thousand readings
    as_json = _first(NOTICES).as_json
    built = _built(order)
    events = [*_events(recording.events(built), order), Tick(order.end_ms + GRACE_MS)]
    fitted = {name for name, channel in SENSORS.items() if channel not in order.left_out}
    mute = fitted - {name for _, channel, _ in built.readings for name in _NAMES.get(channel, ())}
    replay = partial(_set_up, fitted) if mute and hasattr(engine, "set_up") else engine.replay
    notices = replay(events, _rules())
    return [json.loads(as_json(notice, bed="bed", text="")) for notice in notices]


def _set_up(fitted: set[str], events: Iterable[Event], rules: Any) -> Iterator[Any]:
    """Yield the notices of a bed whose agent has told which sensors it is set up with.

    So one that never gives anything is missed, as in a bed that is watched.
    """
    state = engine.set_up(engine.start(), fitted)
    for event in events:
        state, notices = engine.advance(state, event, rules)
        yield from notices


def _built(order: Order) -> recording.Recording:
    """Return what a build records; the file is read once for all builds."""
    whole = _parsed(order.lines)
    left = tuple(one for one in whole.readings if one[1] not in order.left_out)
    return replace(whole, readings=left)


@lru_cache(maxsize=1)
def _parsed(lines: tuple[str, ...]) -> recording.Recording:
    return recording.parse(lines, zone=UTC)


def _events(events: Iterable[Event], order: Order) -> Iterable[Event]:
    if order.no_mat_ms is None:
        return events
    from_ms = order.no_mat_ms
    return (
        event._replace(in_bed=None)
        if isinstance(event, Window) and event.to_ms > from_ms
        else event
        for event in events
    )


@cache
def _rules() -> Any:
    return _first(PROFILES).rules_for("standard", {}, UTC)


@cache
def _first(names: tuple[str, ...]) -> Any:
    missing = None
    for name in names:
        try:
            return import_module(name)
        except ImportError as error:
            missing = error
    raise missing or ImportError(names)


def main(lines: Iterable[str], to: Any) -> None:
    """Answer each order until there are no more; the lines of a night are kept for its builds."""
    night: tuple[str, ...] = ()
    for line in lines:
        asked: Mapping[str, Any] = json.loads(line)
        night = tuple(asked.get("lines") or night)
        order = Order(night, asked["left_out"], asked["end_ms"], asked.get("no_mat_ms"))
        to.write(json.dumps(said(order)) + "\n")
        to.flush()


if __name__ == "__main__":
    main(sys.stdin, sys.stdout)
