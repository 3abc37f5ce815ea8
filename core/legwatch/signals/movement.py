"""The memory of the movement sensor. A missing count is unknown, not stillness."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker

KEPT = 4  # bouts of turning remembered
BOUT_MS = 60_000
# A PIR holds its line for up to 300 s after a movement (HC-SR501, data sheet: 5-300 s). One that is
# active for longer since its last edge has stuck, or is a switch that rests so: then edges count.
LONGEST_HOLD_MS = 600_000


class Movement(NamedTuple):
    """The movement sensor's memory, UTC ms."""

    heard_ms: int | None = None  # the last window with a count, 0 included
    heard_since_ms: int | None = None  # counted without a stale hole since: stillness starts here
    moved_ms: tuple[int, ...] = ()  # the last movements, newest last
    turned_ms: int | None = None  # the last movement of posture size
    expected: bool = False
    counts: bool = False  # it has shown that it counts, so a twitch can be told from a turn
    exit_or_entry_ms: int | None = None  # the last minute in which somebody seemed to get in or out
    total: int = 0  # movements in the last minute
    turns_ms: tuple[int, ...] = ()  # the last bouts of turning, newest last
    edge_ms: int | None = None  # the last window with an edge


_make = maker(Movement)
MovementSample = tuple[int, int, float | None]  # (at_ms, moves, active_s) of one window


def update(
    movement: Movement,
    counts: Sequence[MovementSample],
    rules: Rules,
    at_ms: int,
    *,
    fault: bool = False,
) -> Movement:
    """Take one minute's counts in; `at_ms` is its end, `fault` that the agent reported one.

    A sensor that counts what happens (vibration, piezo) tells a turn from a twitch by the count of
    a minute; one that only says "movement" (PIR) cannot, and then every movement is a turn. Which
    of the two it is, is seen from what it does. A PIR's line that stays active is a movement that
    goes on, though no edge comes.
    """
    heard, since, moved, turned, expected, counting, exit_or_entry, before, turns, edge = movement
    stale_ms = rules.health.stale_s * 1000
    total = 0
    held: int | None = None  # the last window in which the line was held
    for when, moves, active_s in counts:
        expected = True
        if heard is None or when - heard > stale_ms:
            since = when
        if heard is None or when > heard:
            heard = when
        if moves:
            edge = when
            total += moves
            moved = (*moved[1 - rules.presence.moves_in :], when)
        elif active_s and edge is not None and when - edge <= LONGEST_HOLD_MS:
            held = when
    if total:
        limits = rules.stillness
        counting = counting or total >= limits.counting_moves
        # Getting up takes half a minute, which may lie in two.
        if counting and total + before >= rules.presence.stand_moves:
            exit_or_entry = at_ms
        if total >= (limits.posture_moves if counting else 1):
            turned = moved[-1] if turned is None else max(turned, moved[-1])
            # Turning for minutes on end is one bout; it is known by its last minute.
            goes_on = bool(turns) and at_ms - turns[-1] <= BOUT_MS
            turns = (*turns[:-1], at_ms) if goes_on else (*turns[1 - KEPT :], at_ms)
    if held is not None and not counting and turned is not None:
        turned = max(turned, held)
    return _make(
        (
            heard,
            since,
            moved,
            turned,
            expected or fault,
            counting,
            exit_or_entry,
            total,
            turns,
            edge,
        )
    )


def is_known(movement: Movement, at_ms: int, rules: Rules) -> bool:
    """Say whether the sensor has counted lately."""
    return (
        movement.heard_ms is not None and at_ms - movement.heard_ms <= rules.health.stale_s * 1000
    )


def is_restless(movement: Movement, at_ms: int, within_s: int) -> bool:
    """Say whether the sleeper has had two bouts of turning within a while."""
    turns = movement.turns_ms
    return len(turns) > 1 and at_ms - turns[-2] < within_s * 1000
