"""What the movement sensor has shown. Silence is not stillness: only a count speaks."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from legwatch.rules import Rules

KEPT = 4  # turns remembered


class Movement(NamedTuple):
    """The movement sensor's memory, UTC ms."""

    heard_ms: int | None = None  # the last window with a count, 0 included
    heard_since_ms: int | None = None  # counted without a stale hole since: stillness starts here
    moved_ms: tuple[int, ...] = ()  # the last movements, newest last
    turned_ms: int | None = None  # the last movement of posture size
    expected: bool = False
    counts: bool = False  # it has shown that it counts, so a twitch can be told from a turn
    turns_ms: tuple[int, ...] = ()  # the last minutes with a turn, newest last


Count = tuple[int, int | None]  # (at_ms, movements)


def watch(
    movement: Movement, counts: Sequence[Count], rules: Rules, at_ms: int, *, fault: bool = False
) -> Movement:
    """Take one minute's counts in; `at_ms` is its end, `fault` that the agent reported one.

    A sensor that counts what happens (vibration, piezo) tells a turn from a twitch by the count of
    a minute; one that only says "movement" (PIR) cannot, and then every movement is a turn. Which
    of the two it is, is seen from what it does.
    """
    heard, since, moved, turned, expected, counting, turns = movement
    stale_ms = rules.health.stale_s * 1000
    total = 0
    for when, moves in counts:
        if moves is None:
            continue
        expected = True
        if heard is None or when - heard > stale_ms:
            since = when
        heard = when if heard is None else max(heard, when)
        if moves:
            total += moves
            moved = (*moved[1 - rules.presence.moves_in :], when)
    if total:
        limits = rules.stillness
        counting = counting or total >= limits.counting_moves
        if total >= (limits.posture_moves if counting else 1):
            turned = moved[-1] if turned is None else max(turned, moved[-1])
            turns = (*turns[1 - KEPT :], at_ms)
    return Movement(heard, since, moved, turned, expected or fault, counting, turns)


def known(movement: Movement, at_ms: int, rules: Rules) -> bool:
    """Say whether the sensor has counted lately."""
    return (
        movement.heard_ms is not None and at_ms - movement.heard_ms <= rules.health.stale_s * 1000
    )


def restless(movement: Movement, at_ms: int, within_s: int) -> bool:
    """Say whether the sleeper has turned twice within a while; turns in a row count once."""
    recent = [turn for turn in movement.turns_ms if at_ms - turn < within_s * 1000]
    return any(b - a > 60_000 for a, b in pairwise(recent))
