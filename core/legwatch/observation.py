"""What is seen of one bed: readings that are believed, who is in bed, how warm it feels."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.conditions import cold as warmth
from legwatch.conditions.cold import Feeling, Warmth
from legwatch.events import Window
from legwatch.limits.limits import Rules
from legwatch.signals import movement as movements
from legwatch.signals import occupancy as occupancies
from legwatch.signals import offset as offsets
from legwatch.signals import repeated, thermometer
from legwatch.signals.movement import Count, Movement
from legwatch.signals.occupancy import Presence
from legwatch.signals.offset import Zero
from legwatch.signals.repeated import Frozen
from legwatch.signals.thermometer import Air


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
        to_ms, leg_c = w.to_ms, thermometer.as_told(w.leg_c)
        legs.append((to_ms, leg_c))
        pairs.append((to_ms, leg_c, w.leg_rh))
        rooms.append((to_ms, thermometer.as_told(w.room_c)))
        counts.append(Count(to_ms, w.moves, w.active_s))
        words.append((to_ms, w.in_bed))
        if w.faults:
            faulty.update(sensor for sensor, _ in w.faults)
        if to_ms > window_ms:
            if to_ms - window_ms > stale_ms:
                back_ms = to_ms
            window_ms = to_ms
    leg = thermometer.listen(was.leg, legs, at_ms, rules.health, fault="leg" in faulty)
    room = thermometer.listen(was.room, rooms, at_ms, rules.health, fault="room" in faulty)
    movement = movements.watch(was.movement, counts, rules, at_ms, fault="movement" in faulty)
    same = repeated.compare(was.frozen, pairs)
    if at_ms - window_ms > stale_ms:
        presence = occupancies.lose(was.presence, at_ms)
    else:
        off = was.zero.offset_c or 0.0
        presence = occupancies.follow(
            was.presence, words, leg, room, movement, at_ms, rules, offset_c=off
        )
    stuck = repeated.stuck(leg, same, movement, presence, at_ms, rules)
    zero = offsets.learn(was.zero, leg, room, movement, presence, at_ms)
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
    leg_c, room_c = offsets.felt(zero, leg.celsius, room.celsius)
    return Feeling(leg_c, room_c, room.celsius is not None)
