"""Make windows from live sensors: each is read in its own thread, and the feed adds them up."""

import threading
from collections.abc import Sequence

from legwatch.contract.failing import Failing
from legwatch.events import Window
from legwatch_device.drivers import Put
from legwatch_device.reader import SensorReader
from legwatch_device.samples import PlacedSensor, Span, close_window, sendable_ms
from legwatch_device.starting import Starting, started
from legwatch_runtime.clock import Clock, Instant
from legwatch_runtime.part import Parts


class Sampler:
    """Makes a window every `window_s` seconds, whatever the sensors do.

    A sensor that is not started yet comes with its `Starting`.
    """

    def __init__(
        self,
        sensors: Sequence[PlacedSensor | tuple[PlacedSensor, Starting]],
        clock: Clock,
        *,
        window_s: int,
        sample_s: float,
        parts: Parts | None = None,
    ) -> None:
        self._clock, self._window_ms = clock, window_s * 1000
        self._begun = False
        parts = parts or Parts()
        pairs = [one if isinstance(one, tuple) else (one, started(one.sensor)) for one in sensors]
        self._readers = [
            SensorReader(placed, starting, clock, window_s=window_s, sample_s=sample_s, parts=parts)
            for placed, starting in pairs
        ]

    def age_ms(self, to_ms: int) -> int | None:
        """Return None: the agent's monotonic clock measures the age of a live window."""
        del to_ms
        return None

    def failing(self) -> tuple[Failing, ...]:
        """Return the sensors whose readings fail; only one thread may ask."""
        found = (reader.failing() for reader in self._readers)
        return tuple(one for one in found if one is not None)

    def begin(self, stop: threading.Event) -> None:
        """Start to read the sensors."""
        self._begun = True
        for reader in self._readers:
            reader.begin(stop)

    def run(self, put: Put, stop: threading.Event) -> None:
        """Make a window every `window_s` seconds until `stop` is set."""
        if not self._begun:
            self.begin(stop)
        end = self._clock.instant().after(self._window_ms / 1000)
        while not stop.wait(max(0.0, end.since(self._clock.instant()))):
            put(self._window())
            end = self._next_end(end)

    def _next_end(self, end: Instant) -> Instant:
        """Return when the next window ends: after a sleep of the machine, a whole window from now.

        Otherwise a window for each one that was slept through would be made at once.
        """
        now, window_s = self._clock.instant(), self._window_ms / 1000
        following = end.after(window_s)
        return following if now.since(following) < window_s else now.after(window_s)

    def _window(self) -> Window:
        samples = [sample for reader in self._readers for sample in reader.take()]
        to_ms = sendable_ms(self._clock.utc_ms(), self._window_ms)
        mono_ms, synced = self._clock.mono_ms(), self._clock.synced()
        return close_window(samples, Span(to_ms - self._window_ms, to_ms, mono_ms, synced))
