"""The memory of the movement sensor. A missing count is unknown, not stillness.

Movement is measured in seconds, not in edges: a vibration switch gives from one to sixty edges a
knock, and how many is a matter of its spring. What a turn usually measures is learned for each
sensor, so that getting up can be told from a turn.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker

KEPT = 4  # bouts of turning remembered
BOUT_MS = 60_000
RESTLESS_MS = 900_000  # without a rest of two minutes; who gets up has lain still before
FOLLOWS_MS = 3_600_000  # of two bouts further apart, the later one begins anew
# A PIR holds its line for up to 300 s after a movement (HC-SR501, data sheet: 5-300 s). One that is
# active for longer since its last edge has stuck, or is a switch that rests so: then edges count.
LONGEST_HOLD_MS = 600_000
TURN_S = 1.0  # of a line whose seconds are measured: a knock moves it for 0.2-0.4 s (SW-420)
LONGEST_TURN_S = 60.0  # of a bout from which a turn's usual size is learned
ENOUGH_BOUTS = 5  # fewer do not say what is usual
USUAL_WEIGHT = 0.15  # of a new bout
# Getting up is so many times a usual turn: of a sensor that sees little of either, and of one that
# takes every movement for a long one.
OF_SHORT, OF_LONG = 1.5, 1.3
BOUNCING, OF_BOUNCING = 1.3, 1.3
LEAST_STAND_S = 5.0
NOISY_MS = 3_000_000  # without a minute of rest: nobody moves so, asleep or awake
REST_S = 120  # of a long window that is a rest, too
REST_MIN = 2  # quiet minutes in a row that are a rest; a line that jitters has single ones


class Movement(NamedTuple):
    """The movement sensor's memory, UTC ms."""

    heard_ms: int | None = None  # the last window with a count, 0 included
    heard_since_ms: int | None = None  # counted without a stale hole since: stillness starts here
    moved_ms: tuple[int, ...] = ()  # the last movements, newest last
    turned_ms: int | None = None  # the last movement of posture size
    expected: bool = False
    counts: bool = False  # it has shown that it counts, so a twitch can be told from a turn
    exit_or_entry_ms: int | None = None  # the last minute in which somebody seemed to get in or out
    total: float = 0  # seconds with movement in the last minute
    turns_ms: tuple[int, ...] = ()  # the last bouts of turning, newest last
    edge_ms: int | None = None  # the last window with an edge
    bout_s: float = 0  # seconds with movement in the bout that goes on
    usual_s: float | None = None  # what a turn usually measures
    bouts: int = 0  # from how many that is known, at most ENOUGH_BOUTS
    rested_ms: int | None = None  # the end of the last rest, or when it was first heard
    quiet_min: int = 0  # quiet minutes in a row, at most REST_MIN
    bout_moves: int = 0  # edges in the bout that goes on
    bounces: float = 0.0  # share of bouts with more edges than seconds, lately
    turning_ms: int | None = None  # the first bout since which each followed within an hour


_make = maker(Movement)


# What one window says of the movement line: (at_ms, edges, seconds with movement, active_s, whether
# the agent has measured the seconds, length of the window in s). Edges count as one second at most.
MovementSample = tuple[int, int, float, float | None, bool, int]


def sample(window: Window) -> MovementSample:
    """Return the movement of a window that has a count."""
    moves, moved_s = window.moves or 0, window.moved_s
    to_ms, active_s = window.to_ms, window.active_s
    length_s = (to_ms - window.from_ms) // 1000 or 1
    if moves and not moved_s:
        return to_ms, moves, min(moves, length_s), active_s, False, length_s
    # A line that is held, and has no edge, is another matter: see `_heard`.
    seconds = (moved_s or 0) if moves else 0
    return to_ms, moves, seconds, active_s, moved_s is not None, length_s


def update(
    was: Movement,
    samples: Sequence[MovementSample],
    rules: Rules,
    at_ms: int,
    *,
    still: bool = False,
    fault: bool = False,
) -> Movement:
    """Take one minute's samples in; `at_ms` is its end, `fault` that the agent reported one.

    A sensor that counts what happens (vibration, piezo) tells a turn from a twitch by the seconds
    of a minute; one that only says "movement" (PIR) cannot, and then every movement is a turn.
    Which of the two it is, is seen from what it does. A PIR's line that stays active is a movement
    that goes on, though no edge comes. `still`: nothing moves in any sample.
    """
    heard_ms, stale_ms = was.heard_ms, rules.health.stale_s * 1000
    recent = heard_ms is not None and at_ms - heard_ms <= stale_ms
    if still and recent and samples and samples[-1][0] == at_ms:
        return _still(was, at_ms, at_ms)  # as in most minutes: no sample is newer, no hole is stale
    now, minute = _heard(was, samples, rules, stale_ms)
    if minute.edges:
        now = _moved(now, minute, at_ms, rules)
    elif samples:
        now = _still(now, now.heard_ms, at_ms)
    else:
        now = now._replace(expected=now.expected or fault, total=0.0)
    if minute.held_ms is not None and not now.counts and now.turned_ms is not None:
        return now._replace(turned_ms=max(now.turned_ms, minute.held_ms))
    return now


class _Minute(NamedTuple):
    """What the line did in one minute."""

    moved_s: float
    edges: int
    measured: bool  # the agent has measured seconds
    held_ms: int | None  # the last window in which the line was held


def _heard(
    was: Movement, samples: Sequence[MovementSample], rules: Rules, stale_ms: int
) -> tuple[Movement, _Minute]:
    """Add the samples up, and remember when they came."""
    heard, since, moved, edge = was.heard_ms, was.heard_since_ms, was.moved_ms, was.edge_ms
    rested, quiet_min = was.rested_ms, was.quiet_min
    total, edges, measured = 0.0, 0, False
    held: int | None = None
    for when, moves, moved_s, active_s, is_measured, length_s in samples:
        if heard is None or when - heard > stale_ms:
            since, rested, quiet_min = when, when, 0
        if heard is None or when > heard:
            heard = when
        if moves:
            edge, measured = when, measured or is_measured
            total += moved_s
            edges += moves
            moved = (*moved[1 - rules.presence.moves_in :], when)
            if length_s - moved_s >= REST_S:
                rested = when
        elif active_s and edge is not None and when - edge <= LONGEST_HOLD_MS:
            held = when
    # All at once: `_replace` takes four times as long, in each minute with a movement.
    now = _make((heard, since, moved, *was[3:9], edge, *was[10:13], rested, quiet_min, *was[15:]))
    return now, _Minute(total, edges, measured, held)


def _moved(was: Movement, minute: _Minute, at_ms: int, rules: Rules) -> Movement:
    """Take a minute with edges in: somebody who got up, a turn, or a twitch."""
    limits, total = rules.stillness, round(minute.moved_s, 1)
    counting = was.counts or minute.edges >= limits.counting_moves
    # Getting up takes half a minute, which may lie in two.
    stands = counting and total + was.total >= _stand_s(was.usual_s, was.bouts, was.bounces, rules)
    heard, since, moved, turned, _, _, exit_or_entry, _, turns, edge = was[:10]
    bout_s, usual_s, bouts, rested, _, bout_moves, bounces, turning = was[10:]
    # A line that does not rest says nothing of somebody who gets up.
    stands = stands and at_ms - (rested or at_ms) < RESTLESS_MS
    least_s = TURN_S if minute.measured else limits.posture_moves
    if not counting or total >= least_s:
        turned = moved[-1] if turned is None else max(turned, moved[-1])
        if not turns or at_ms - turns[-1] > FOLLOWS_MS:
            turning = at_ms
        turns = _turns(turns, at_ms)
    if counting and not was.counts:
        turning = at_ms  # what was taken for turns may have been twitches
    if total >= least_s:
        bout_s = round(bout_s + total, 1)
        bout_moves += 0 if minute.measured else minute.edges  # measured seconds are debounced
    return _make(
        (
            heard,
            since,
            moved,
            turned,
            True,
            counting,
            at_ms if stands else exit_or_entry,
            total,
            turns,
            edge,
            bout_s,
            usual_s,
            bouts,
            rested,
            0,
            bout_moves,
            bounces,
            turning,
        )
    )


def _turns(turns: tuple[int, ...], at_ms: int) -> tuple[int, ...]:
    """Add a turn. Turning for minutes on end is one bout; it is known by its last minute."""
    goes_on = bool(turns) and at_ms - turns[-1] <= BOUT_MS
    return (*turns[:-1], at_ms) if goes_on else (*turns[1 - KEPT :], at_ms)


def _still(was: Movement, heard_ms: int | None, at_ms: int) -> Movement:
    """Take a minute without edges in: it ends a bout, and two of them are a rest."""
    _, since, moved, turned, _, counts, exit_or_entry, _, turns, edge = was[:10]
    bout_s, usual_s, bouts, rested, quiet_min, bout_moves, bounces, turning = was[10:]
    if bout_s:
        more = bout_moves >= BOUNCING * bout_s
        bounces = round(bounces + _weight(bouts) * (more - bounces), 2)
        usual_s, bouts = _learned(usual_s, bouts, bout_s)
        bout_s, bout_moves = 0.0, 0
    quiet_min = quiet_min + 1 if quiet_min < REST_MIN else REST_MIN
    if quiet_min == REST_MIN:
        rested = at_ms
    return _make(
        (
            heard_ms,
            since,
            moved,
            turned,
            True,
            counts,
            exit_or_entry,
            0.0,
            turns,
            edge,
            bout_s,
            usual_s,
            bouts,
            rested,
            quiet_min,
            bout_moves,
            bounces,
            turning,
        )
    )


def _stand_s(usual_s: float | None, bouts: int, bounces: float, rules: Rules) -> float:
    """Return from how many seconds on a movement is somebody who gets in or out.

    Of a sensor that bounces, each window with a movement is full: a turn looks as long as a way out
    of bed.
    """
    stand_s = float(rules.presence.stand_moves)
    if usual_s is None or bouts < ENOUGH_BOUTS:
        return stand_s
    if bounces > 0.5:
        return max(stand_s, OF_BOUNCING * usual_s)
    if OF_SHORT * usual_s < stand_s:
        return max(LEAST_STAND_S, OF_SHORT * usual_s)
    return OF_LONG * usual_s if usual_s > stand_s else stand_s


def _learned(usual_s: float | None, bouts: int, bout_s: float) -> tuple[float | None, int]:
    """Return what a turn usually measures after one more bout; a very long one is no turn."""
    if bout_s > LONGEST_TURN_S:
        return usual_s, bouts
    if usual_s is None:
        return bout_s, 1
    nearer_s = usual_s + _weight(bouts) * (min(bout_s, 3 * usual_s) - usual_s)
    return round(nearer_s, 1), min(ENOUGH_BOUTS, bouts + 1)


def _weight(bouts: int) -> float:
    """Return the weight of one more bout: the first ones count more."""
    return max(USUAL_WEIGHT, 1 / (bouts + 1))


def is_known(movement: Movement, at_ms: int, rules: Rules) -> bool:
    """Say whether the sensor has counted lately."""
    return (
        movement.heard_ms is not None and at_ms - movement.heard_ms <= rules.health.stale_s * 1000
    )


def noisy_since_ms(movement: Movement, at_ms: int) -> int | None:
    """Return since when the sensor says movement without any rest, UTC ms; None: it rests.

    Then it says nothing of the sleeper: a line that oscillates, a retriggering PIR, or a washing
    machine next door.
    """
    rested = movement.rested_ms
    return rested if rested is not None and at_ms - rested >= NOISY_MS else None


def is_restless(movement: Movement, at_ms: int, within_s: int) -> bool:
    """Say whether the sleeper has had two bouts of turning within a while."""
    turns = movement.turns_ms
    return len(turns) > 1 and at_ms - turns[-2] < within_s * 1000
