"""What is seen of one bed: readings that are believed, who is in bed, how warm it feels."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from legwatch import health, warmth
from legwatch.air import Air, listen
from legwatch.events import Window
from legwatch.movement import Movement, watch
from legwatch.presence import Presence, follow, lose
from legwatch.rules import Rules
from legwatch.warmth import Warmth


class Sight(NamedTuple):
    """The senses' memory; `leg` is what the sensor says, `believed` what is made of it."""

    window_ms: int = 0  # end of the newest window
    back_ms: int = 0  # since when windows come without a hole
    minutes: int = 0  # judged so far
    leg: Air = Air()
    room: Air = Air()
    movement: Movement = Movement()
    presence: Presence = Presence()
    warmth: Warmth = Warmth()
    stuck: bool = False  # the thermometer by the legs


def see(was: Sight, windows: Sequence[Window], at_ms: int, rules: Rules, *, cold: bool) -> Sight:
    """Take one minute's windows in; `cold` says that the cold alert is firing."""
    window_ms, back_ms = was.window_ms, was.back_ms
    stale_ms = rules.health.stale_s * 1000
    faulty: set[str] = set()
    legs, rooms, counts, words = [], [], [], []
    for w in windows:
        to_ms = w.to_ms
        legs.append((to_ms, w.leg_c))
        rooms.append((to_ms, w.room_c))
        counts.append((to_ms, w.moves))
        words.append((to_ms, w.in_bed))
        if w.faults:
            faulty.update(sensor for sensor, _ in w.faults)
        if to_ms > window_ms:
            if to_ms - window_ms > stale_ms:
                back_ms = to_ms
            window_ms = to_ms
    leg = listen(was.leg, legs, at_ms, rules.health, fault="leg" in faulty)
    room = listen(was.room, rooms, at_ms, rules.health, fault="room" in faulty)
    movement = watch(was.movement, counts, rules, fault="movement" in faulty)
    if at_ms - window_ms > stale_ms:
        presence = lose(was.presence, at_ms)
    else:
        presence = follow(was.presence, words, leg, room, movement, at_ms, rules)
    stuck = health.stuck(leg, movement, presence, at_ms, rules)
    air = leg._replace(celsius=None) if stuck else leg
    felt = warmth.feel(was.warmth, air, room, presence, at_ms, rules, firing=cold)
    minutes = was.minutes + 1
    return Sight(window_ms, back_ms, minutes, leg, room, movement, presence, felt, stuck)


def believed(sight: Sight) -> Air:
    """Return the air by the legs, its temperature taken away while the sensor is stuck."""
    return sight.leg._replace(celsius=None) if sight.stuck else sight.leg


def from_list(fields: list[Any]) -> Sight:
    """Read it back from JSON."""
    movement = Movement(*fields[5])
    return Sight(
        int(fields[0]),
        int(fields[1]),
        int(fields[2]),
        _air(fields[3]),
        _air(fields[4]),
        movement._replace(moved_ms=tuple(movement.moved_ms)),
        Presence(*fields[6]),
        Warmth(*fields[7])._replace(marks=tuple(fields[7][1])),
        bool(fields[8]),
    )


def _air(fields: list[Any]) -> Air:
    air = Air(*fields)
    return air._replace(step=tuple(air.step), trail=tuple(air.trail))
