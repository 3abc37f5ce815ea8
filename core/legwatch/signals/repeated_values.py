"""Stuck values: a thermometer repeats the same temperature and the same humidity.

Live air never keeps both for long, but how long depends on the sensor: seven recorded nights of
one DHT22 have runs of 9 minutes and, in a cold empty-looking bed, one of 17. So each sensor is
measured by its own longest run, once it has been heard for an hour.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.signals.occupancy import Occupancy
from legwatch.signals.sensed import Sensed
from legwatch.signals.thermometer import FINEST_C

FEWEST = 12  # readings that agree; fewer may be chance
FACTOR = 4  # times its own longest run: none of the recorded nights has a longer one
NEW_MS = 3_600_000  # a sensor heard for less than this ...
NEW_LIMIT_MS = 1_500_000  # ... is given this long
BESIDE_MS = 1_500_000  # beside a sleeper no recorded night has a run of more than 9 min
STILL_AIR_MS = 2_400_000  # air beside a sleeper moves a sensor of 0.1 C within this time
TURNING_MS = 1_800_000  # bouts of turning over so long are somebody in bed
COARSE_C = 0.4  # of a sensor with such steps, a value may be the same for hours in bed
HOLE_MS = 600_000  # readings further apart belong to different runs
# One that has hung hangs again: so long after it did, one value is not believed for longer.
HUNG_MS, HANGS_AGAIN_MS = 7_200_000, 720_000


class RepeatedPair(NamedTuple):
    """The run of equal readings that goes on, and the longest that has ended; UTC ms."""

    celsius: float | None = None
    rh: float | None = None
    since_ms: int = 0
    last_ms: int = 0
    readings: int = 0
    longest_ms: int = 0
    first_ms: int = 0
    stuck_ms: int | None = None  # when the values were last stuck


_make = maker(RepeatedPair)
PairSample = tuple[int, float, float]  # (at_ms, celsius, relative humidity)


def update(was: RepeatedPair, pairs: Sequence[PairSample]) -> RepeatedPair:
    """Take one minute's readings in."""
    if not pairs:
        return was
    celsius, rh, since_ms, last_ms, readings, longest_ms, first_ms, stuck_ms = was
    first_ms = first_ms or pairs[0][0]
    for when, new_celsius, new_rh in pairs:
        if new_celsius == celsius and new_rh == rh and when - last_ms <= HOLE_MS:
            last_ms, readings = when, readings + 1
            continue
        if last_ms != since_ms:  # a single reading is no run
            longest_ms = max(longest_ms, last_ms - since_ms)
        celsius, rh, since_ms, last_ms, readings = new_celsius, new_rh, when, when, 1
    return _make((celsius, rh, since_ms, last_ms, readings, longest_ms, first_ms, stuck_ms))


def stuck_at(now: RepeatedPair, at_ms: int) -> RepeatedPair:
    """Remember that the values were stuck in this minute."""
    return now._replace(stuck_ms=at_ms)


def is_repeated_pair(now: RepeatedPair, frozen_s: int, *, in_bed: bool = False) -> bool:
    """Say whether both values have been the same for too long; `in_bed`: beside a sleeper."""
    if now.readings < FEWEST:
        return False
    limit_ms = max(frozen_s * 1000, FACTOR * now.longest_ms)
    if in_bed and not _is_whole(now):
        # A sensor that hangs again and again would be measured by how long it hangs.
        limit_ms = min(limit_ms, BESIDE_MS)
    if now.last_ms - now.first_ms < NEW_MS:
        limit_ms = max(limit_ms, NEW_LIMIT_MS)
    return now.last_ms - now.since_ms >= limit_ms


def _is_whole(now: RepeatedPair) -> bool:
    """Return True if the sensor may have whole degrees and percents only, which stay for long."""
    return now.celsius is not None and now.celsius.is_integer() and (now.rh or 0.0).is_integer()


def is_stuck(pair: RepeatedPair, sensors: Sensed, presence: Occupancy, rules: Rules) -> bool:
    """Return True if the value by the legs has been exactly the same for too long.

    Temperature and humidity both the same tell it soon. Without a humidity, a coarse sensor may
    truly show one value for hours in an empty room, so a body must be there.
    """
    in_bed = presence.in_bed is True and sensors.at_ms >= presence.settled_ms
    if is_repeated_pair(pair, rules.health.frozen_s, in_bed=in_bed):
        return True
    if in_bed and (sensors.leg.caught_up_ms is not None or _hangs_again(pair, sensors)):
        return True
    leg, at_ms, stuck_ms = sensors.leg, sensors.at_ms, rules.health.stuck_s * 1000
    since = leg.same_since_ms
    if leg.celsius is None or since is None:
        return False
    if at_ms - since < STILL_AIR_MS and at_ms - since < stuck_ms:
        return False  # as in most minutes: too short for any limit below
    if presence.in_bed and presence.entered_ms is not None:
        fine = leg.finest_c == FINEST_C and at_ms >= presence.settled_ms
        coarse = leg.finest_c is not None and leg.finest_c >= COARSE_C
        limit_ms = min(STILL_AIR_MS, stuck_ms) if fine else stuck_ms * (2 if coarse else 1)
        return at_ms - max(since, presence.entered_ms) >= limit_ms
    if presence.in_bed is False and presence.mat is not None:
        return False
    # Nobody is known to be in bed, since the bed never warms by this sensor: turns show it.
    turns = sensors.movement.turns_ms
    turning = bool(turns) and turns[0] > since and turns[-1] - turns[0] >= TURNING_MS
    return at_ms - since >= stuck_ms and turning and at_ms - turns[-1] <= TURNING_MS


def _hangs_again(pair: RepeatedPair, sensors: Sensed) -> bool:
    """Return True if a sensor that was stuck lately has had one value for some minutes again."""
    at_ms, leg = sensors.at_ms, sensors.leg
    if pair.stuck_ms is None or at_ms - pair.stuck_ms > HUNG_MS:
        return False
    if leg.celsius is None or leg.same_since_ms is None:
        return False
    if at_ms - leg.same_since_ms < HANGS_AGAIN_MS:
        return False
    if pair.last_ms >= leg.same_since_ms:  # it tells a humidity, too
        return not _is_whole(pair) and pair.last_ms - pair.since_ms >= HANGS_AGAIN_MS
    return leg.finest_c is not None and leg.finest_c < COARSE_C
