"""Do the sensors contradict each other? Each one is a witness for and against the others.

One faulty sensor must not silence a bed. What one shows and the others rule out is told by name;
until it is mended, nothing is concluded from it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from legwatch.conditions.verdict import Reason
from legwatch.limits.rules import Rules
from legwatch.observation import Observation
from legwatch.signals.bed_warmth import is_at_skin
from legwatch.signals.coverage import ALL, SPAN_MS, comes_and_goes, known_min
from legwatch.signals.movement import TURN_S
from legwatch.signals.occupancy import APART_MS, TURNING_MS, believed_mat
from legwatch.signals.turning import turns_since

STAYED_MS = 600_000  # after a turn, in which air that a leg has left is cooler
WARM_MS = 3_600_000  # of air that a body warms without one movement: the sensor is blind
QUIET_MS = 9_000_000  # without any movement: the longest in the bench of nights is 2 h
UPON_MS = 3_600_000  # as warm as skin: a leg on the sensor, or a bottle beside it
UPON_TURNED_MS = 2_400_000  # the same, if it has stayed so though somebody has turned
BELOW_MS = 1_800_000  # far colder than the room, beside somebody who turns
FOUND_MS = 300_000  # warm so soon after windows came: nobody saw the bed warm
TURNS_MS = 3_600_000  # two bouts of turning within this time show that somebody is there
NEVER_WARM_MS = 2_700_000  # in bed, and the air was never that of a bed
ON_TOP_K = 0.25  # of the way from room to skin; uncovered legs have 0.2-0.4, thin covers 0.55
SLIPPED_MS = 1_200_000  # somebody turns in air that is the room's; a bed warms within this time
HEATED_MS = 1_200_000  # warm so long before somebody lay there: the bedroom was heated up
ROOM_MS = 1_800_000  # a room sensor above a heater is soon as cool as the room again
CALM_MS = 60_000  # a mat that has spoken within this time is not missing
BESIDE_MS, BOUTS = 3_600_000, 4  # so many bouts of turning over so long are a sleeper
SEEN_TURNS = 3  # bouts of turning in a stay that show what this sensor sees of a turn
OF_LEAST_TURN = 2.5  # times the least turn: a sensor of which turns are less often misses them
SETTLED_MS = 1_200_000  # getting in and falling asleep: who lies awake moves more than in sleep
MAT_GONE_MS = 43_200_000  # a mat that has said nothing for longer was taken away


class Complaint(NamedTuple):
    """A sensor that cannot be believed since `since_ms`; `known_min`: of the last half hour."""

    reason: Reason
    since_ms: int
    sensor: str
    known_min: int | None = None


def complaints(seen: Observation, rules: Rules) -> Iterator[Complaint]:
    """Yield what the sensors say against each other, most important first."""
    yield from _of_leg(seen)
    yield from _of_turns(seen, rules)
    yield from _of_room(seen)
    yield from _of_movement(seen)
    yield from _of_mat(seen, rules)
    yield from _of_holes(seen)


def is_calm(seen: Observation, moved_ms: int) -> bool:
    """Return True if there can be no complaint, as in most minutes; `moved_ms`: the last movement.

    It asks little, and never says yes where a complaint is due.
    """
    occupancy, warmth, at_ms = seen.occupancy, seen.warmth, seen.at_ms
    return (
        _feels(seen, moved_ms)
        and _sees(seen)
        and (warmth.room_ms is None or not _turns_in_room_air(seen))
        and seen.noisy_since_ms is None
        and seen.room_warmth.doubted_ms is None
        and occupancy.mat_doubted_ms is None
        and (occupancy.mat_ms is None or at_ms - occupancy.mat_ms < CALM_MS)
        and warmth.heard_ms is not None
        and (seen.leg_heard.known == ALL or not comes_and_goes(seen.leg_heard))
        and (seen.movement_heard.known == ALL or not comes_and_goes(seen.movement_heard))
        and (seen.room_heard.known == ALL or not comes_and_goes(seen.room_heard))
    )


def _feels(seen: Observation, moved_ms: int) -> bool:
    """Return True if the movement sensor is surely not blind: it has felt who warms the bed."""
    warm_ms, at_ms = seen.warmth.warm_ms, seen.at_ms
    if warm_ms is None or at_ms - moved_ms < WARM_MS or at_ms - warm_ms < WARM_MS:
        return True
    felt = moved_ms >= warm_ms and moved_ms >= (seen.movement.heard_since_ms or 0)
    return felt and at_ms - moved_ms < QUIET_MS


def _sees(seen: Observation) -> bool:
    """Return True if the thermometer by the legs surely shows the air by the legs."""
    occupancy = seen.occupancy
    _, _, skin_ms, below_ms, highest_k, _, _, _ = seen.warmth
    if below_ms is not None or skin_ms is not None or occupancy.slipped_ms is not None:
        return False
    if occupancy.in_bed:
        entered_ms = occupancy.entered_ms
        warming = entered_ms is None or seen.at_ms - entered_ms < NEVER_WARM_MS
        return warming or highest_k >= ON_TOP_K
    if occupancy.in_bed is None:
        return occupancy.entered_ms is not None
    return not _is_beside(seen)


def is_warm_by_leg(seen: Observation) -> bool:
    """Return True if this stay in bed has made the air by the leg sensor warm, as a bed does."""
    warmth = seen.warmth
    if not seen.occupancy.in_bed:
        return False
    return warmth.warm_ms is not None or warmth.highest_k >= ON_TOP_K


def cannot_see(seen: Observation) -> Reason | None:
    """Return why the thermometer by the legs does not show the air by the legs; None: it does."""
    if _sees(seen):
        return None
    return next((found.reason for found in _of_leg(seen)), None)


def is_mute(seen: Observation) -> bool:
    """Return True if the movement sensor has felt nothing of any size for hours: it may be dead.

    Who sleeps twitches between two turns.
    """
    moved_ms = seen.movement.moved_ms
    return not moved_ms or seen.at_ms - moved_ms[-1] >= QUIET_MS


def sees_turns(seen: Observation, rules: Rules) -> bool:
    """Return True if the movement sensor has shown in this stay in bed that it sees turns.

    Of a sensor that is far away or stiff, a turn is no more than a twitch: who turns looks still.
    By a loud one, a twitch looks like a turn, until some were felt: it has shown no turn.
    """
    movement, entered_ms = seen.movement, seen.occupancy.entered_ms
    if entered_ms is None or movement.usual_s is None:
        return False
    settled_ms = entered_ms + SETTLED_MS
    if movement.counts and turns_since(seen.turning, settled_ms) < SEEN_TURNS:
        return False
    shown = [turn for turn in movement.turns_ms if turn >= settled_ms]
    least_s = TURN_S if seen.seconds else rules.stillness.posture_moves
    return len(shown) >= SEEN_TURNS and movement.usual_s >= OF_LEAST_TURN * least_s


def _of_leg(seen: Observation) -> Iterator[Complaint]:
    at_ms, warmth, in_bed = seen.at_ms, seen.warmth, seen.occupancy.in_bed
    if warmth.below_ms is not None and at_ms - warmth.below_ms >= BELOW_MS and _is_there(seen):
        yield Complaint(Reason.EXCHANGED, warmth.below_ms, "leg")
    slipped_ms = seen.occupancy.slipped_ms
    if slipped_ms is not None and at_ms - slipped_ms >= SLIPPED_MS:
        yield Complaint(Reason.DISPLACED, slipped_ms, "leg")
    if _is_beside(seen):
        turns_ms = seen.movement.turns_ms
        yield Complaint(Reason.NOT_IN_BED, turns_ms[0], "leg")
    if in_bed is False:
        return
    if warmth.skin_ms is not None and _is_lain_upon(seen, warmth.skin_ms):
        yield Complaint(Reason.LAIN_UPON, warmth.skin_ms, "leg")
    entered_ms = seen.occupancy.entered_ms
    if in_bed and entered_ms is not None and entered_ms == warmth.stay_ms:
        late = at_ms - entered_ms >= NEVER_WARM_MS and seen.leg_c is not None
        there = seen.occupancy.mat or _has_turned_since(seen, entered_ms)
        if late and there and 0 < warmth.highest_k < ON_TOP_K:
            yield Complaint(Reason.NOT_IN_BED, entered_ms, "leg")


def _is_lain_upon(seen: Observation, skin_ms: int) -> bool:
    """Return True if a body must be upon it: a leg seldom lies so long, least after a turn."""
    held_ms = seen.at_ms - skin_ms
    if held_ms >= UPON_MS:
        return True
    if held_ms < UPON_TURNED_MS or not seen.movement_known or not is_at_skin(seen.leg_c, seen.k):
        return False
    turns = seen.movement.turns_ms
    return any(turn - skin_ms >= APART_MS and seen.at_ms - turn >= STAYED_MS for turn in turns)


def _of_turns(seen: Observation, rules: Rules) -> Iterator[Complaint]:
    """Yield the leg sensor if its air is the room's, and somebody goes on turning in the bed.

    By such a sensor the bed is empty, or nobody knows.
    """
    room_ms, occupancy, movement = seen.warmth.room_ms, seen.occupancy, seen.movement
    if room_ms is None or not _turns_in_room_air(seen) or not movement.counts:
        return
    if believed_mat(occupancy) is not None:
        return  # it knows better, and another rule tells
    if seen.room_c is None or seen.room_c >= rules.warmth.warm_room_c:
        return  # who lies there has no cover
    turns = [turn for turn in movement.turns_ms if turn - room_ms >= TURNING_MS]
    if not turns or turns[-1] - turns[0] < APART_MS or seen.at_ms - turns[-1] > BESIDE_MS:
        return
    if seen.at_ms - turns[0] >= SLIPPED_MS:
        yield Complaint(Reason.DISPLACED, turns[0], "leg")


def _turns_in_room_air(seen: Observation) -> bool:
    """Return True if something has turned in the room's air, in a bed that somebody lay in."""
    room_ms, turned_ms, occupancy = seen.warmth.room_ms, seen.movement.turned_ms, seen.occupancy
    if room_ms is None or turned_ms is None or occupancy.entered_ms is None or occupancy.in_bed:
        return False
    return seen.movement_known and turned_ms - room_ms >= TURNING_MS


def _is_beside(seen: Observation) -> bool:
    """Return True if somebody has turned for an hour in a bed that never warmed by this sensor."""
    movement, warmth, occupancy = seen.movement, seen.warmth, seen.occupancy
    # Without a mat it is this sensor's own air that says that the bed is empty.
    told = occupancy.in_bed is not None and (occupancy.in_bed or occupancy.mat is not None)
    if told or occupancy.entered_ms is not None:
        return False
    turns = movement.turns_ms
    known = seen.movement_known and movement.counts
    if len(turns) < BOUTS or not known or warmth.warm_ms is not None:
        return False
    began_ms = max(warmth.begun_ms or seen.at_ms, seen.back_ms)
    lately = seen.at_ms - turns[-1] <= BESIDE_MS
    # Who is restless has had the last bouts within less than an hour.
    turning_ms = movement.turning_ms or 0
    first_ms = turning_ms if turning_ms > began_ms else turns[0]
    if not lately or first_ms <= began_ms:
        return False
    # The last turn may be somebody who gets in: the bed has had no time to warm.
    return any(
        turn - first_ms >= BESIDE_MS - SLIPPED_MS and seen.at_ms - turn >= SLIPPED_MS
        for turn in turns
    )


def _of_room(seen: Observation) -> Iterator[Complaint]:
    doubted_ms = seen.room_warmth.doubted_ms
    exchanged = seen.warmth.below_ms is not None
    if doubted_ms is None or exchanged or seen.at_ms - doubted_ms < ROOM_MS:
        return
    entered_ms = seen.occupancy.entered_ms
    lay_there = entered_ms is not None and entered_ms - doubted_ms <= HEATED_MS
    turns = seen.movement.turns_ms[-2:]  # the first may be somebody who gets in
    turns_there = entered_ms is None and len(turns) > 1 and turns[0] > doubted_ms
    if lay_there or turns_there:
        yield Complaint(Reason.ROOM_WARMED, doubted_ms, "room")


def _of_movement(seen: Observation) -> Iterator[Complaint]:
    movement, at_ms, warm_ms = seen.movement, seen.at_ms, seen.warmth.warm_ms
    if seen.noisy_since_ms is not None:
        yield Complaint(Reason.MOVEMENT_NOISY, seen.noisy_since_ms, "movement")
    if not seen.movement_known or movement.heard_since_ms is None or warm_ms is None:
        return
    heard_ms = max(warm_ms, movement.heard_since_ms)
    last_ms = movement.moved_ms[-1] if movement.moved_ms else 0
    if last_ms < heard_ms:
        # Who was found in bed, after a start or a gap, has had no reason to move.
        found = warm_ms - (seen.warmth.begun_ms or 0) < FOUND_MS
        held_ms = QUIET_MS if found else WARM_MS
        if at_ms - heard_ms >= held_ms and last_ms < warm_ms - WARM_MS:
            yield Complaint(Reason.MOVEMENT_SILENT, heard_ms, "movement")
        return
    if at_ms - last_ms >= QUIET_MS:
        yield Complaint(Reason.MOVEMENT_QUIET, last_ms, "movement")


def _of_mat(seen: Observation, rules: Rules) -> Iterator[Complaint]:
    occupancy, at_ms = seen.occupancy, seen.at_ms
    if occupancy.mat_doubted_ms is not None:
        yield Complaint(Reason.MAT_DISAGREES, occupancy.mat_doubted_ms, "presence")
    if occupancy.mat_ms is None:
        return
    silent_ms = at_ms - max(occupancy.mat_ms, seen.back_ms)
    if rules.health.alert_s * 1000 <= silent_ms <= MAT_GONE_MS:
        yield Complaint(Reason.MAT_MISSING, occupancy.mat_ms, "presence")


def _of_holes(seen: Observation) -> Iterator[Complaint]:
    heard = (
        ("leg", seen.leg.expected, seen.leg_heard),
        ("movement", seen.movement.expected, seen.movement_heard),
        ("room", seen.room.expected, seen.room_heard),
    )
    for sensor, expected, coverage in heard:
        if expected and comes_and_goes(coverage):
            since_ms = seen.at_ms - SPAN_MS
            yield Complaint(Reason.COMES_AND_GOES, since_ms, sensor, known_min(coverage))


def _is_there(seen: Observation) -> bool:
    """Return True if somebody is in bed by what has nothing to do with the thermometers."""
    if seen.occupancy.mat:
        return True
    turns = seen.movement.turns_ms
    return len(turns) > 1 and seen.at_ms - turns[-2] <= TURNS_MS and seen.movement_known


def _has_turned_since(seen: Observation, since_ms: int) -> bool:
    turned = seen.movement.turned_ms
    return turned is not None and turned > since_ms + 600_000
