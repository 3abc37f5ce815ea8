"""Do two agents send as one bed? Then a start of an agent comes back after a later one has sent.

An agent that starts again has a new name for its start, and what is left of the start before was
measured earlier. So a start that has measured something after a later start began still lives.
"""

from typing import NamedTuple

KEPT = 4  # starts of agents remembered
TURNS = 4  # so many times is no accident
LATELY_MS = 1_800_000


class Rivals(NamedTuple):
    """Whose window of a bed came last, and how often an earlier start has come back. UTC ms."""

    boot: str = ""
    since_ms: int = 0  # the end of its first window since it took over
    before: tuple[str, ...] = ()  # the starts that have sent before it, newest last
    turns: int = 0
    turned_ms: int = 0


def with_window(was: Rivals, boot: str, to_ms: int) -> Rivals:
    """Take a window in; most windows are of the same start as the last one, and change nothing."""
    if boot == was.boot:
        return was
    back = boot in was.before
    if back and to_ms <= was.since_ms:
        return was  # left over from before the later start
    others = tuple(other for other in was.before if other != boot)
    before = (*others, was.boot)[-KEPT:] if was.boot else ()
    if not back:
        return Rivals(boot, to_ms, before, was.turns, was.turned_ms)
    turns = was.turns if to_ms - was.turned_ms < LATELY_MS else 0
    return Rivals(boot, to_ms, before, turns + 1, to_ms)


def are_there(rivals: Rivals, at_ms: int) -> bool:
    """Return True if agents have taken turns lately, and often."""
    return rivals.turns >= TURNS and at_ms - rivals.turned_ms < LATELY_MS
