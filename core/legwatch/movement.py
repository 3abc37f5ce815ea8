"""What the movement sensor has shown. Silence is not stillness: only a count speaks."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.rules import Rules


class Movement(NamedTuple):
    """The movement sensor's memory, UTC ms."""

    heard_ms: int | None = None  # the last window with a count, 0 included
    heard_since_ms: int | None = None  # counted without a stale hole since: stillness starts here
    moved_ms: tuple[int, ...] = ()  # the last movements, newest last
    turned_ms: int | None = None  # the last movement of posture size
    expected: bool = False


Count = tuple[int, int | None]  # (at_ms, movements)


def watch(
    movement: Movement, counts: Sequence[Count], rules: Rules, *, fault: bool = False
) -> Movement:
    """Take one minute's counts in; `fault`: the agent reported one."""
    heard, since, moved, turned, expected = movement
    stale_ms = rules.health.stale_s * 1000
    for when, moves in counts:
        if moves is None:
            continue
        expected = True
        if heard is None or when - heard > stale_ms:
            since = when
        heard = when if heard is None else max(heard, when)
        if moves:
            moved = (*moved[1 - rules.presence.moves_in :], when)
            if moves >= rules.stillness.posture_moves:
                turned = when if turned is None else max(turned, when)
    return Movement(heard, since, moved, turned, expected or fault)


def known(movement: Movement, at_ms: int, rules: Rules) -> bool:
    """Say whether the sensor has counted lately."""
    return (
        movement.heard_ms is not None and at_ms - movement.heard_ms <= rules.health.stale_s * 1000
    )
