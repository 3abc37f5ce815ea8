"""Turn the readings of a replay file into the windows of an agent."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter

from legwatch.contract.fields import MAX_MOVES
from legwatch.contract.press import Press
from legwatch.contract.roles import OTHERS
from legwatch.events import PLAYED, Ack, Event, Window
from legwatch.middle import median
from legwatch.named_tuples import maker
from legwatch.recording.lines import MOVING, ChannelReading, Recording

ALIVE_MS = 60_000  # the logger was running if it wrote a line within this time
HOLE_MS = 1_800_000  # in a longer gap the logger was off: make no windows
MAT_KEPT_MS = 300_000  # at least, as of any other reading
_window = maker(Window)


def windows(
    recording: Recording, *, boot: str = "00000000", length_s: int = 10
) -> Iterator[Window | Press]:
    """Yield the windows of a recording (on the UTC grid of `length_s`) and the button presses.

    A window without a movement line has 0 moves if the recording has a movement channel and the
    logger wrote any line within a minute. If the logger writes zeros, too, a movement line within a
    minute is needed. Otherwise the count is unknown. The same holds for `moved_s` and `active_s`.
    """
    length_ms = length_s * 1000
    making = _Maker(recording.readings, boot, length_s)
    seen: dict[str, list[float]] = {}
    end = alive_ms = presses = 0
    for at_ms, channel, value in recording.readings:
        if at_ms >= end:
            if end:
                yield making.window(seen, end, alive_ms, at_ms)
            if not end or at_ms - alive_ms > HOLE_MS:
                end = at_ms // length_ms * length_ms
                making.begin(end)
            end += length_ms
            seen = {}
            while at_ms >= end:
                yield making.window(seen, end, alive_ms, at_ms)
                end += length_ms
        alive_ms = at_ms
        if isinstance(value, str):
            presses += 1
            yield Press(f"{boot}-{presses}", value, at_ms)
        elif channel in seen:
            seen[channel].append(value)
        else:
            seen[channel] = [value]
    if end:
        yield making.window(seen, end, alive_ms)


class _Maker:
    """Makes the windows of a recording one after the other, and knows what lasts beyond one."""

    def __init__(self, readings: Sequence[ChannelReading], boot: str, length_s: int) -> None:
        self._boot, self._length_s = boot, length_s
        used = set(map(itemgetter(1), readings))
        self._moving = [(name, _MovementCount(name, readings)) for name in MOVING if name in used]
        self._mat: bool | None = None
        self._mat_ms, self._mat_kept_ms = 0, _mat_kept_ms(readings)
        self._seq = self._first_ms = 0

    def begin(self, at_ms: int) -> None:
        """Begin, at first or after a hole."""
        self._first_ms, self._mat = self._first_ms or at_ms, None

    def window(
        self,
        seen: Mapping[str, list[float]],
        end_ms: int,
        alive_ms: int,
        next_ms: int | None = None,
    ) -> Window:
        """Return the next window; the logger wrote a line at `alive_ms`, and one at `next_ms`."""
        alive = end_ms - alive_ms <= ALIVE_MS
        alive = alive or (next_ms is not None and next_ms - end_ms <= ALIVE_MS)
        if "in_bed" in seen:
            self._mat, self._mat_ms = seen["in_bed"][-1] >= 0.5, end_ms
        elif self._mat_kept_ms and end_ms - self._mat_ms > self._mat_kept_ms:
            self._mat = None
        get = seen.get
        moves = moved_s = active_s = None
        for name, counted in self._moving:
            found = counted.sum(get(name), end_ms, alive=alive)
            if found is None:
                continue
            if name == "movement":
                moves = min(MAX_MOVES, round(found)) if found else 0  # as in most windows
            elif name == "moved_s":
                moved_s = self._within(found)
            else:
                active_s = self._within(found)
        self._seq += 1
        return _window(
            (
                self._boot,
                self._seq,
                end_ms - 1000 * self._length_s,
                end_ms,
                end_ms - self._first_ms,
                PLAYED,
                _middle(values) if (values := get("leg_temperature_c")) else None,
                _middle(values) if (values := get("leg_humidity_pct")) else None,
                _middle(values) if (values := get("room_temperature_c")) else None,
                _middle(values) if (values := get("room_humidity_pct")) else None,
                moves,
                self._mat if alive else None,
                (),
                None,
                None,
                moved_s,
                active_s,
                _others(seen) if OTHERS else (),
            )
        )

    def _within(self, seconds: float) -> float:
        """Limit a sum of seconds to the window's length, which overlapping lines can exceed."""
        return round(min(seconds, float(self._length_s)), 2)


def _mat_kept_ms(readings: Sequence[ChannelReading]) -> int:
    """Return how long a word of the mat counts; 0: until the next one.

    A file that repeats the same word does so at a pace, and then silence is no word any more. One
    that has a line only where something changed says nothing by its silence.
    """
    said = [(at_ms, value) for at_ms, name, value in readings if name == "in_bed"]
    pairs = list(pairwise(said))
    if not any(a[1] == b[1] for a, b in pairs):
        return 0
    gaps_ms = sorted(b[0] - a[0] for a, b in pairs)
    return max(MAT_KEPT_MS, 2 * gaps_ms[len(gaps_ms) // 2])


class _MovementCount:
    """The sum of a channel's values in a window; decides whether no line means 0 or unknown."""

    def __init__(self, channel: str, readings: Sequence[ChannelReading]) -> None:
        self._writes_zeros = any(value == 0 and name == channel for _, name, value in readings)
        self._last_ms: int | None = None

    def sum(self, values: list[float] | None, end_ms: int, *, alive: bool) -> float | None:
        """Return the sum of a window's values; None: unknown."""
        if values:
            self._last_ms = end_ms
            return sum(values) if alive else None
        if not alive:
            return None
        if self._writes_zeros and (self._last_ms is None or end_ms - self._last_ms > ALIVE_MS):
            return None
        return 0


def events(recording: Recording) -> Iterator[Event]:
    """Yield the events that the server would give to the engine."""
    for item in windows(recording):
        if isinstance(item, Window):
            yield item
        elif item.button == "ack":
            yield Ack(item.at_ms, item.kind)


def _others(seen: Mapping[str, list[float]]) -> tuple[tuple[str, float], ...]:
    there = [field for field in OTHERS if field.channel in seen]
    return tuple((field.name, _middle(seen[field.channel])) for field in there)


def _middle(values: list[float]) -> float:
    value = values[0] if len(values) == 1 else median(values)
    return _rounded(value) if value else value  # to the cache, -0.0 is 0.0


@lru_cache(maxsize=2048)  # the same readings come again and again
def _rounded(value: float) -> float:
    return round(value, 2)
