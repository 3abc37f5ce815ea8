"""Make windows from live sensors: threads read the slow ones, and the feed makes the windows."""

import logging
import queue
import threading

from legwatch.events import Window
from legwatch_device.drivers import Put, ReadFault
from legwatch_device.samples import POLLED, PlacedSensor, Sample, Span, ask, close_window
from legwatch_runtime.clock import Clock, Instant

logger = logging.getLogger(__name__)
LONGEST_FAULT = 64


class Sampler:
    """Reads every slow sensor in its own thread, so that a hung sensor delays no window."""

    def __init__(
        self, sensors: list[PlacedSensor], clock: Clock, *, window_s: int, sample_s: float
    ) -> None:
        self._slow = [placed for placed in sensors if placed.role.group not in POLLED]
        self._polled = [placed for placed in sensors if placed.role.group in POLLED]
        self._clock = clock
        self._window_ms, self._sample_s = window_s * 1000, sample_s
        self._samples: queue.SimpleQueue[Sample] = queue.SimpleQueue()
        self._failing: set[str] = set()  # names of roles

    def now_ms(self) -> int | None:
        """Return None: the agent's monotonic clock measures the age of a live window."""
        return None

    def run(self, put: Put, stop: threading.Event) -> None:
        """Make a window every `window_s` seconds until `stop` is set."""
        for placed in self._slow:
            name = f"read-{placed.role.name}"
            threading.Thread(
                target=self._read_forever, args=(placed, stop), name=name, daemon=True
            ).start()
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
        samples: list[Sample] = []
        while not self._samples.empty():
            samples.append(self._samples.get_nowait())
        samples += [self._sample(placed) for placed in self._polled]
        to_ms = self._clock.utc_ms()
        mono_ms, synced = self._clock.mono_ms(), self._clock.synced()
        return close_window(samples, Span(to_ms - self._window_ms, to_ms, mono_ms, synced))

    def _read_forever(self, placed: PlacedSensor, stop: threading.Event) -> None:
        while not stop.is_set():
            begun = self._clock.instant()
            self._samples.put(self._sample(placed))
            stop.wait(max(0.5, self._sample_s - self._clock.instant().since(begun)))

    def _sample(self, placed: PlacedSensor) -> Sample:
        """Ask a sensor once; a failure is a fault in the window, and ends no thread."""
        role = placed.role
        try:
            sample = ask(placed, self._window_ms / 1000)
        except (ReadFault, OSError) as fault:
            sample = Sample(role, None, str(fault)[:LONGEST_FAULT])
        except Exception:  # an error in a driver
            if role.name not in self._failing:
                logger.exception("%s sensor: the driver failed", role.name)
                self._failing.add(role.name)
            return Sample(role, None, "driver_error")
        self._log(sample)
        return sample

    def _log(self, sample: Sample) -> None:
        """Log the first fault of a row as a warning, and the end of the row."""
        name = sample.role.name
        if sample.fault:
            level = logging.DEBUG if name in self._failing else logging.WARNING
            logger.log(level, "%s sensor: %s", name, sample.fault)
            self._failing.add(name)
        elif name in self._failing:
            logger.info("%s sensor: works again", name)
            self._failing.discard(name)
