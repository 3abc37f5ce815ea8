"""What is seen of one bed: readings that are believed, who is in bed, how warm it feels."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from legwatch import health, warmth
from legwatch.air import Air, as_told, listen
from legwatch.change import Change
from legwatch.contrast import Contrast, Usual
from legwatch.events import Window
from legwatch.frozen import Frozen, compare
from legwatch.movement import Count, Movement, watch
from legwatch.presence import Presence, follow, lose
from legwatch.rules import Rules
from legwatch.warmth import Feeling, Warmth
from legwatch.zero import Zero, felt, learn


class Sight(NamedTuple):
    """The senses' memory; `leg` is what the sensor says, `feeling` what is made of it."""

    window_ms: int = 0  # end of the newest window
    back_ms: int = 0  # since when windows come without a hole
    minutes: int = 0  # judged so far
    leg: Air = Air()
    room: Air = Air()
    movement: Movement = Movement()
    presence: Presence = Presence()
    warmth: Warmth = Warmth()
    stuck: bool = False  # the thermometer by the legs
    zero: Zero = Zero()
    frozen: Frozen = Frozen()


def see(was: Sight, windows: Sequence[Window], at_ms: int, rules: Rules, *, cold: bool) -> Sight:
    """Take one minute's windows in; `cold` says that the cold alert is firing."""
    window_ms, back_ms = was.window_ms, was.back_ms
    stale_ms = rules.health.stale_s * 1000
    faulty: set[str] = set()
    legs, rooms, counts, words, pairs = [], [], [], [], []
    for w in windows:
        to_ms, leg_c = w.to_ms, as_told(w.leg_c)
        legs.append((to_ms, leg_c))
        pairs.append((to_ms, leg_c, w.leg_rh))
        rooms.append((to_ms, as_told(w.room_c)))
        counts.append(Count(to_ms, w.moves, w.active_s))
        words.append((to_ms, w.in_bed))
        if w.faults:
            faulty.update(sensor for sensor, _ in w.faults)
        if to_ms > window_ms:
            if to_ms - window_ms > stale_ms:
                back_ms = to_ms
            window_ms = to_ms
    leg = listen(was.leg, legs, at_ms, rules.health, fault="leg" in faulty)
    room = listen(was.room, rooms, at_ms, rules.health, fault="room" in faulty)
    movement = watch(was.movement, counts, rules, at_ms, fault="movement" in faulty)
    same = compare(was.frozen, pairs)
    if at_ms - window_ms > stale_ms:
        presence = lose(was.presence, at_ms)
    else:
        off = was.zero.offset_c or 0.0
        presence = follow(was.presence, words, leg, room, movement, at_ms, rules, offset_c=off)
    stuck = health.stuck(leg, same, movement, presence, at_ms, rules)
    zero = learn(was.zero, leg, room, movement, presence, at_ms)
    now = _feeling(leg, room, zero, stuck=stuck)
    warm = warmth.feel(was.warmth, leg, now, presence, at_ms, rules, firing=cold)
    minutes = was.minutes + 1
    return Sight(
        window_ms, back_ms, minutes, leg, room, movement, presence, warm, stuck, zero, same
    )


def feeling(sight: Sight) -> Feeling:
    """Return what the air by the legs and in the room is taken for."""
    return _feeling(sight.leg, sight.room, sight.zero, stuck=sight.stuck)


def _feeling(leg: Air, room: Air, zero: Zero, *, stuck: bool) -> Feeling:
    if stuck or leg.celsius is None:
        return Feeling(None, room.celsius, room.celsius is not None)
    leg_c, room_c = felt(zero, leg.celsius, room.celsius)
    return Feeling(leg_c, room_c, room.celsius is not None)


def from_list(fields: list[Any]) -> Sight:
    """Read it back from JSON."""
    movement = Movement(*fields[5])
    return Sight(
        int(fields[0]),
        int(fields[1]),
        int(fields[2]),
        _air(fields[3]),
        _air(fields[4]),
        movement._replace(moved_ms=tuple(movement.moved_ms), turns_ms=tuple(movement.turns_ms)),
        Presence(*fields[6]),
        _warmth(fields[7]),
        bool(fields[8]),
        *_zero_and_frozen(fields[9:]),
    )


def _air(fields: list[Any]) -> Air:
    air = Air(*fields)
    return air._replace(step=tuple(air.step), trail=tuple(air.trail))


def _warmth(fields: list[Any]) -> Warmth:
    """Read it; an older version told its contrast otherwise, and knows it anew in half an hour."""
    warm = Warmth(*fields)
    warm = warm._replace(marks=tuple(warm.marks))
    if len(fields) < len(Warmth._fields):
        return warm._replace(change=Change())
    change, night = Change(*warm.change), Contrast(*warm.contrast)
    return warm._replace(
        change=change._replace(course_c=tuple(change.course_c)),
        contrast=night._replace(
            marks=tuple(night.marks), usual=None if night.usual is None else Usual(*night.usual)
        ),
    )


def _zero_and_frozen(fields: list[Any]) -> tuple[Zero, Frozen]:
    """Read what states of older versions may not have."""
    return (Zero(*fields[0]), Frozen(*fields[1])) if fields else (Zero(), Frozen())
