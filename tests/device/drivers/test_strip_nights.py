"""Whole nights of a strip: turns are movement, drift and breath are none, and who is in bed is.

The nights are made (`strip_night`), so the figures say that the driver does what it is meant to do,
and not how it does on a bed.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from device.drivers.strip_night import Stay, StripNight
from legwatch_device.drivers import MotionSample, ReadFault, ads1115, mcp3008
from legwatch_device.drivers.strip_movement import TIMES, StripMovement
from legwatch_device.drivers.strip_presence import StripPresence
from legwatch_runtime.clock import Instant

pytestmark = pytest.mark.slow

WINDOW_S = 10
KNOWN_WITHIN_S = 120  # after somebody has got in or out
LEARNS_S = 150  # after the first time in bed, the breath is not known yet

TEN_BITS = {"step": 1 / mcp3008.COUNTS, "noise": 0.0005}
NIGHTS = {
    "16 bits": ({}, ads1115.LEAST),
    "10 bits": (TEN_BITS, mcp3008.LEAST),
    "a light sleeper": ({"load": 0.12, "breath": 0.003}, ads1115.LEAST),
    "a deep breath": ({"breath": 0.02}, ads1115.LEAST),
    "a restless night": ({"turns_an_hour": 14.0}, ads1115.LEAST),
    "a faint breath": ({"breath": 0.002}, ads1115.LEAST),
}


class Seen(NamedTuple):
    """One window."""

    end_s: float
    moved: MotionSample | None  # None: unknown
    in_bed: bool | None


def at(seconds: float) -> Instant:
    return Instant(round((1000 + seconds) * 1_000_000_000))


def windows(night: StripNight, least: float, *, over: float | None = None) -> Iterator[Seen]:
    movement = StripMovement(times=TIMES, least=least, at=at(0))
    presence = StripPresence(rises=True, over=over, at=at(0))
    end_s = float(WINDOW_S)
    for now_s, level in night.samples():
        movement.add(level, at(now_s))
        presence.add(level, at(now_s))
        if now_s >= end_s:
            try:
                moved = movement.take(at(now_s))
            except ReadFault:
                moved = None
            yield Seen(now_s, moved, presence.present(at(now_s)))
            end_s += WINDOW_S


def moved_s(seen: list[Seen], from_s: float, to_s: float) -> float:
    """Return the seconds that the core takes for movement."""
    within = [one.moved for one in seen if one.end_s > from_s and one.end_s - WINDOW_S < to_s]
    return sum(one.moved_s or 0 for one in within if one is not None and one.moves)


@pytest.mark.parametrize(("seed", "name"), list(enumerate(NIGHTS)))
def test_a_night(name: str, seed: int) -> None:
    options, least = NIGHTS[name]
    night = StripNight(seed, **options)  # type: ignore[arg-type]
    seen = list(windows(night, least))

    assert sum(one.moved is None for one in seen) <= 2
    turned = [moved_s(seen, turn.at_s, turn.at_s + turn.lasts_s) >= 1.0 for turn in night.turns]
    assert sum(turned) >= 0.95 * len(turned)  # a breath as large as a turn may hide one

    moving = [(turn.at_s - 1, turn.at_s + turn.lasts_s + 3) for turn in night.turns]
    first = night.stays[0].from_s
    moving += [(stay.from_s - 1, stay.from_s + 25) for stay in night.stays]
    moving += [(stay.to_s - 1, stay.to_s + 10) for stay in night.stays]
    false = [
        one.end_s
        for one in seen
        if one.moved is not None
        and one.moved.moves
        and not any(a < one.end_s and one.end_s - WINDOW_S < b for a, b in moving)
    ]
    assert [end_s for end_s in false if not first < end_s < first + LEARNS_S] == []

    changes = [moment for stay in night.stays for moment in stay]
    for one in seen:
        if one.end_s > changes[0] and all(
            not 0 <= one.end_s - moment < KNOWN_WITHIN_S for moment in changes
        ):
            assert one.in_bed is night.in_bed(one.end_s), one.end_s


def test_an_agent_that_starts_amid_the_night_says_unknown_until_somebody_gets_up() -> None:
    night = StripNight(3, hours=2.5, stays=(Stay(0, 7200),))
    seen = list(windows(night, ads1115.LEAST))
    assert {one.in_bed for one in seen if 30 < one.end_s < 7200} == {None}
    assert {one.in_bed for one in seen if one.end_s > 7200 + KNOWN_WITHIN_S} == {False}


def test_a_strip_that_the_mattress_loads_much_is_unknown_without_a_level_from_its_owner() -> None:
    options = {"empty": 0.2, "load": 0.15, "hours": 2.0}
    learned = list(windows(StripNight(4, **options), ads1115.LEAST))  # type: ignore[arg-type]
    assert {one.in_bed for one in learned} == {None}
    night = StripNight(4, **options)  # type: ignore[arg-type]
    given = list(windows(night, ads1115.LEAST, over=0.27))
    assert given[-1].in_bed is True
    assert {one.in_bed for one in given if 60 < one.end_s < 1200} == {False}
