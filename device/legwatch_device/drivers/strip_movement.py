"""Movement by a strip: a change within a quarter of a second that is large beside its usual noise.

The level says nothing: it creeps for hours under a load, and drifts with warmth. The noise is what
the strip does in its quietest quarter of the last two minutes: the breath of a sleeper, or the
electronics below an empty bed. A restless hour must not pass for noise, so the noise of the last
three hours is remembered, too, and each return to bed begins with it.
"""

from collections import deque

from legwatch_device.drivers import MotionSample, ReadFault
from legwatch_device.drivers.bouts import Bouts
from legwatch_runtime.clock import Instant

SLOT_S = 0.25  # a twitch touches three at most, which is less than a turn takes
GAP_S = 1.0  # samples further apart are not compared
LEARN_S, QUIET_S = 20.0, 120.0
BLOCK_S, BLOCKS = 300.0, 36  # three hours
TIMES = 8.0  # a sleeper's breath is 3 times its quietest quarter, a sigh 6 times
DEAF = 0.5  # of the supply: a change that no strip makes


class Noise:
    """What a quarter of a second without movement changes, as a fraction of the supply."""

    def __init__(self) -> None:
        self._swings: deque[float] = deque(maxlen=round(QUIET_S / SLOT_S))
        self._blocks: deque[float] = deque(maxlen=BLOCKS)
        self._left, self._remembered = round(BLOCK_S / SLOT_S), 0.0

    def add(self, swing: float) -> None:
        """Add the change of one slot."""
        self._swings.append(swing)
        self._left -= 1
        if not self._left:
            self._left = round(BLOCK_S / SLOT_S)
            self._blocks.append(_at(0.25, self._swings))
            self._remembered = _at(0.75, self._blocks)

    def known(self) -> float | None:
        """Return the noise; None: it is not learned yet."""
        if len(self._swings) < LEARN_S / SLOT_S:
            return None
        return max(_at(0.25, self._swings), self._remembered)


def _at(share: float, values: deque[float]) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


class StripMovement:
    """Counts the movement in the samples of a strip.

    `least`: the smallest change, as a fraction of the supply, that the converter can tell from its
    own steps. `times`: a movement is so many times the noise.
    """

    def __init__(self, *, times: float, least: float, at: Instant) -> None:
        self._times, self._least = times, least
        self._noise, self._bouts = Noise(), Bouts(at)
        self._begun = self._at = at
        self._low, self._high = 1.0, 0.0  # nothing in the slot yet

    def add(self, value: float, at: Instant) -> None:
        """Take a sample."""
        if at.since(self._at) > GAP_S or self._low > self._high:
            self._begun, self._low, self._high = at, value, value
        self._at = at
        self._low, self._high = min(self._low, value), max(self._high, value)
        length_s = at.since(self._begun)
        if length_s >= SLOT_S:
            self._close(length_s, at)
            self._begun, self._low, self._high = at, value, value

    def take(self, at: Instant) -> MotionSample:
        """Return the movement since the last call; raises ReadFault while it is unknown."""
        sample, noise = self._bouts.take(at), self._noise.known()
        if noise is None:
            raise ReadFault("learning")
        if self._limit(noise) > DEAF:
            raise ReadFault("noisy")
        return sample

    def _close(self, length_s: float, at: Instant) -> None:
        swing, noise = self._high - self._low, self._noise.known()
        self._noise.add(swing)
        self._bouts.add(length_s, at, moving=noise is not None and swing > self._limit(noise))

    def _limit(self, noise: float) -> float:
        return max(self._least, self._times * noise)
