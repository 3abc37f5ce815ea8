"""Asks the running server what its store cannot tell: that nothing is kept, or nothing comes in.

What is stored is old then, and looks like a bed that is watched. Only who shows the store asks.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from legwatch.printable import printable
from legwatch_runtime.state_dir import lock_number
from legwatch_server import own_health
from legwatch_server.in_force import LOCK, InForce
from legwatch_server.settings import HttpTable
from legwatch_server.store.errors import NO_WRITES, NOTHING_KEPT
from legwatch_server.transport import BROKER_IS, NO_BROKER

PATIENCE_S = 1.0  # a server that hangs must not hold a command up
LONGEST_WHY = 300  # letters that are shown
_UNREADY = re.compile(r"channel (\S+) cannot start: (.+)", re.DOTALL)


class Said(NamedTuple):
    """What the running server says of itself; empty: all is well with it, or it does not answer.

    It is False, too, for what `another` server says: that is no word on what is stored here.
    """

    unkept: str = ""  # why nothing is kept
    deaf: str = ""  # why it has no connection to the broker
    another: str = ""  # where another server answers in its place, so that it cannot be asked
    unready: tuple[tuple[str, str], ...] = ()  # channels that cannot start, each with the reason

    def __bool__(self) -> bool:
        """Return True if what is stored is not what is."""
        return bool(self.unkept or self.deaf)


ALL_WELL = Said()


def lines(said: Said) -> Iterator[str]:
    """Yield what to say before all else."""
    if said.another:
        yield (
            f"ANOTHER SERVER ANSWERS AT {said.another}: whether this one hears its bedsides and"
            " keeps what they send is not known here; give each server an http.port of its own."
        )
        yield ""
    if said.unkept:
        yield f"NOTHING IS KEPT NOW: {said.unkept}"
        yield "The server watches on and tells people. What follows is only what was stored before."
        yield ""
    if said.deaf:
        yield f"THE SERVER HEARS NO BEDSIDE: {said.deaf}"
        yield "What follows is only what came before."
        yield ""


def of_now(found: InForce) -> tuple[InForce, Said]:
    """Return what the running server has in force, as far as can be known, and what it says.

    On a full disk the store has only the note of an earlier start, with perhaps another port.
    """
    if not found.running:
        return found, ALL_WELL
    by_the_disk, another = found.by_the_disk(), ALL_WELL
    for one in (found, by_the_disk):
        said = _said(one) if one is not None else None
        if one is not None and said is not None and not said.another:
            return (by_the_disk or one) if said.unkept else one, said
        another = another if said is None else said
    return found, another


def wrong(found: InForce) -> list[str] | None:
    """Return all that the running server says is wrong; None: it does not answer."""
    report = _report(found)
    return None if report is None else [printable(one, LONGEST_WHY) for one in report.wrong]


class _Report(NamedTuple):
    wrong: list[str]
    lock: object


def _report(found: InForce) -> _Report | None:
    """Ask the server at the port of these settings; None: none answers."""
    try:
        report = json.loads(_health(found.settings.http))
        said, lock = report["wrong"], report.get("lock")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    words = said if isinstance(said, list) else []
    return _Report([one for one in words if isinstance(one, str)], lock)


def _said(found: InForce) -> Said | None:
    """Return what the server says at the port of these settings; None: none answers."""
    http, report = found.settings.http, _report(found)
    if report is None:
        return None
    words, lock = report
    if isinstance(lock, int) and lock != lock_number(found.folder / LOCK):
        return Said(another=f"{http.host}:{http.port}")
    deaf = NO_BROKER if NO_BROKER in words else ""
    if deaf and (why := _first(words, BROKER_IS)):
        deaf = f"{deaf}: {why.removeprefix(BROKER_IS)}"
    unkept = _first(words, NOTHING_KEPT) or _first(words, NO_WRITES)
    unready = tuple(_printable(one) for word in words if (one := _UNREADY.fullmatch(word)))
    return Said(unkept, deaf, unready=unready)


def _printable(one: re.Match[str]) -> tuple[str, str]:
    return printable(one[1], LONGEST_WHY), printable(one[2], LONGEST_WHY)


def _first(words: Sequence[str], mark: str) -> str:
    return next((printable(one, LONGEST_WHY) for one in words if mark in one), "")


def _health(http: HttpTable) -> bytes:
    return own_health.body(http.host, http.port, PATIENCE_S)
