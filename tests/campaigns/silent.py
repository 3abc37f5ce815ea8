"""The server is killed at a minute of a cold night, and comes back after twenty minutes.

`python -m campaigns.silent` from the folder `tests` kills it at every minute, each time in a night
of its own, and prints what is wrong, and which parts of both states differ half an hour later.
"""

import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from campaigns.silent_house import BED, SilentHouse, Told, house
from legwatch.alerting.alert import AlertStates
from legwatch.testing import uncovering

AFTER_MIN, AWAY_MIN, LATER_MIN = 5.0, 20.0, 30.0
ALLOWED_MIN = AFTER_MIN + 1.0
AGAIN_MIN = {"log": 0.0, "warning": 60.0, "urgent": 10.0}  # as the engine repeats
NEAR_C = 0.5  # a thermometer's own error
FIRST, LAST = 40, 120  # minutes of the kill


class Night(NamedTuple):
    """How the air by the legs goes: bare from minute 60 until `covered`, covered again after."""

    name: str
    covered: float


NIGHTS = (Night("bare for hours", 400.0), Night("covered after 25 min", 85.0))


class Seen(NamedTuple):
    """What came of one kill."""

    faults: tuple[str, ...]
    differ: tuple[str, ...]  # names of fields of the two states
    told: tuple[Told, ...]


def look(night: Night) -> Any:
    """Return what the sensors see by the minute."""
    leg = uncovering((60, night.covered))

    def seen(minute: float) -> dict[str, Any]:
        moves = 1 if minute % 20 < 0.1 else 0
        room_c = 18.0 + 0.1 * (int(minute) % 3)
        return {"leg_c": leg(minute), "room_c": room_c, "moves": moves, "in_bed": True}

    return seen


def alone(night: Night, folder: Path) -> tuple[Told, ...]:
    """Return what the server tells in a night in which it never ends."""
    with house(folder, look(night)) as made:
        made.play_to(LAST + AWAY_MIN + 2)
        assert made.by_bed == {}, "the bedside has told something beside its server"
        return tuple(made.told())


def kill(night: Night, minute: float, reference: Sequence[Told], folder: Path) -> Seen:
    """Kill the server at a minute, let it come back, and look at what was told."""
    with house(folder, look(night)) as made:
        made.play_to(minute)
        made.kill_server()
        made.play(AWAY_MIN)
        made.start_server()
        made.play(LATER_MIN)
        told = tuple(made.told())
        faults = (*_late(told, reference, minute), *_twice(told), *_apart(made))
        return Seen(faults, tuple(_differ(made)), told)


def _late(told: Sequence[Told], reference: Sequence[Told], minute: float) -> Iterator[str]:
    """Yield what the sleeper should have been told while the server was away, and was not."""
    for one in reference:
        due = max(one.minute, minute) + ALLOWED_MIN
        if one.who != BED or not minute < one.minute or due > minute + AWAY_MIN:
            continue
        if any(
            other.minute <= one.minute and other.how == "loud" and _of(other, one)
            for other in told
            if other.who == "bed"
        ):
            continue
        known = [other for other in told if other.who == "bed" and other.minute <= due]
        enough = ("loud",) if one.how == "loud" else ("quiet", "loud")
        if not any(other.how in enough and other.minute >= minute for other in known):
            yield f"{one.how} {one.level} of minute {one.minute:g} came not by {due:g}"


def _of(other: Told, one: Told) -> bool:
    return other.level == one.level and one.minute - other.minute < AGAIN_MIN[one.level]


def _twice(told: Sequence[Told]) -> Iterator[str]:
    """Yield what the sleeper has heard twice of the same level, sooner than the engine says it."""
    heard = [one for one in told if one.who in (BED, "bed") and one.how == "loud"]
    for one, then in pairwise(heard):
        # The bedside repeats by when its engine has decided, and may have begun to tell later.
        allowed = AFTER_MIN if one.who == then.who == "bed" else 0.2
        if one.level == then.level and then.minute - one.minute < AGAIN_MIN[one.level] - allowed:
            yield f"{then.level} at {one.minute:g} and again at {then.minute:g}"


def _apart(made: SilentHouse) -> Iterator[str]:
    """Yield what both should agree on half an hour later, and do not."""
    own, server = _states(made)
    mine, theirs = own.bed, server.bed
    pairs = {
        "in bed": (mine.signals.occupancy.in_bed, theirs.signals.occupancy.in_bed),
        # What the server has not judged is missing in its median.
        "baseline": (_near(mine.cold.baseline_c, theirs.cold.baseline_c), True),
        "offset": (mine.signals.offset, theirs.signals.offset),
        "alerts": (_standing(mine.alerts), _standing(theirs.alerts)),
    }
    for name, (one, other) in pairs.items():
        if one != other:
            yield f"{name}: {one} at the bed, {other} at the server"


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= NEAR_C


def _standing(alerts: AlertStates) -> list[tuple[str, str]]:
    return [
        (kind, alert.severity.value)
        for kind, alert in alerts._asdict().items()
        if alert.severity is not None
    ]


def _states(made: SilentHouse) -> Any:
    assert made.agent.fallback is not None
    return made.agent.fallback.watch.state, made.server.unit.beds[BED].state


def _differ(made: SilentHouse) -> Iterator[str]:
    own, server = _states(made)
    yield from _fields(own, server, "")


def _fields(one: Any, other: Any, path: str) -> Iterator[str]:
    if hasattr(one, "_fields") and other is not None:
        for name in one._fields:
            yield from _fields(getattr(one, name), getattr(other, name), f"{path}.{name}")
    elif one != other:
        yield path.lstrip(".")


def main() -> int:
    """Kill at every minute of every night; return 1 if anything was wrong."""
    logging.disable(logging.WARNING)
    wrong, every, step = 0, Counter[str](), int(sys.argv[1]) if sys.argv[1:] else 1
    for night in NIGHTS:
        with tempfile.TemporaryDirectory() as folder:
            reference = alone(night, Path(folder) / "alone")
            for one in reference:
                print(f"{night.name}: alone: {one}")
            for minute in range(FIRST, LAST + 1, step):
                seen = kill(night, minute, reference, Path(folder) / str(minute))
                every.update(seen.differ)
                wrong += bool(seen.faults)
                if seen.faults:
                    print(f"{night.name}, killed at {minute}: {'; '.join(seen.faults)}", flush=True)
    print(f"{wrong} wrong; fields that differed: {dict(every.most_common())}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
