"""A bed's story: golden nights, with what was lost of them and what people said in between."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fences import wiring
from fences.kept import NIGHTS, Line
from fences.wiring import Happening

MINUTE_MS = 60_000
WHOLE_EVERY = 30  # of so many views one is kept in full, the others only in the digest


class Followed(NamedTuple):
    """What came after a place in a story; numbers are how many events had gone by."""

    notices: list[tuple[int, str]]
    views: list[tuple[int, str]]
    states: dict[int, str]  # where it was asked for, and at the end


def happened(story: Line) -> list[Happening]:
    """Return the events of a story, in order."""
    lost = {n for first, last in story["lost"] for n in range(first, last)}
    found: list[Happening] = []
    for number, window in enumerate(_windows(story)):
        found += [wiring.said(line) for line in story["said"] if line["after"] == number]
        if number not in lost:
            found.append(window)
    return found


def _windows(story: Line) -> Iterator[Happening]:
    first_ms: int | None = None
    number = 0
    for name, later_min in story["nights"]:
        windows = wiring.recorded(NIGHTS / f"{name}.csv.gz")
        first_ms = first_ms if first_ms is not None else wiring.when_ms(windows[0])
        begin_ms = first_ms + later_min * MINUTE_MS - wiring.when_ms(windows[0])
        for window in windows:
            by_min = sum(by for after, by in story["shifts"] if number >= after)
            yield wiring.moved(window, begin_ms + by_min * MINUTE_MS, story["clock"])
            number += 1


def sleeper(story: Line, state: str | None = None) -> wiring.Sleeper:
    """Return a bed with the limits of a story, in a stored state or at its beginning."""
    return wiring.Sleeper(
        story["profile"], story["own"], story["zone"], state, learned=story["learned"]
    )


def follow(
    bed: wiring.Sleeper, events: list[Happening], begun: int = 0, stops: Iterable[int] = ()
) -> Followed:
    """Let a bed go on from event number `begun` to the end; look at its state at the stops."""
    notices: list[tuple[int, str]] = []
    views: list[tuple[int, str]] = []
    states, wanted = dict[int, str](), {*stops, len(events)}
    for number, event in enumerate(events[begun:], start=begun + 1):
        bed.take(event)
        notices += [(number, line) for line in bed.said]
        if wiring.when_ms(event) % MINUTE_MS == 0:
            views.append((number, " ".join(bed.shown())))
        if number in wanted:
            states[number] = bed.state()
    return Followed(notices, views, states)


def digest(views: list[tuple[int, str]]) -> str:
    """Return one short text for all that was shown."""
    return hashlib.sha256("\n".join(f"{n} {shown}" for n, shown in views).encode()).hexdigest()


def whole(views: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the views that are kept in full, so that a difference can be read."""
    return [view for view in views if view[0] % (6 * WHOLE_EVERY) < 6]
