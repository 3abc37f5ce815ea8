"""Bouts of movement are measured against what is usual for the sensor."""

import math

import pytest

from legwatch.signals.bouts import Bouts, size, size_s, update

MINUTE_MS = 60_000
Move = tuple[float, int]  # seconds, edges
NONE: Move = (0.0, 0)


def after(*minutes: Move, was: Bouts | None = None, begin: int = 1, peak: int = 0) -> Bouts:
    """Take minutes in, from minute `begin` on; `peak` is the minute in which the air was warm."""
    now = was or Bouts()
    for n, (seconds, edges) in enumerate(minutes, begin):
        now = update(now, seconds, edges, (peak or n) * MINUTE_MS, n * MINUTE_MS)
    return now


@pytest.mark.parametrize("gain", [1, 13])
def test_a_bout_twice_as_long_is_as_large_by_any_sensor(gain: int) -> None:
    """A switch with 13 edges a knock tells the same size as one with a single edge."""
    usual = [(4.0, 8 * gain), NONE, NONE] * 12
    now = after(*usual, (8.0, 16 * gain))
    assert size(now) == pytest.approx(math.log(2), abs=0.06)
    assert size_s(now) == pytest.approx(math.log(8.5 / 4.5), abs=0.06)


def test_minutes_one_after_the_other_are_one_bout() -> None:
    now = after((4.0, 8), (3.0, 2), NONE)
    assert (now.seconds, now.edges, now.begin_ms, now.end_ms) == (7.0, 10, 60_000, 120_000)
    later = after(NONE, (1.0, 1), was=now, begin=4)
    assert (later.seconds, later.edges) == (1.0, 1)


def test_a_twitch_says_nothing_of_what_is_usual() -> None:
    assert after((0.3, 1), NONE, NONE, NONE).usual_s is None
    assert after((1.0, 1), NONE, NONE, NONE).usual_s == pytest.approx(math.log(1.5), abs=0.001)


def test_the_largest_bout_near_its_begin_is_what_began_a_fall() -> None:
    usual = [(4.0, 8), NONE, NONE] * 8  # until minute 24
    fall = after((16.0, 32), NONE, NONE, (2.0, 4), was=after(*usual), begin=25, peak=25)
    assert fall.onset_ms == 25 * MINUTE_MS
    assert fall.onset_size > 1.0
    much_later = after(*[NONE] * 5, (60.0, 90), was=fall, begin=29, peak=25)
    assert much_later.onset_ms == 25 * MINUTE_MS, "it came after the fall had begun"


def test_a_warm_bed_forgets_what_began_an_earlier_fall() -> None:
    now = after((16.0, 32), *[NONE] * 15)
    assert now.onset_ms is None
