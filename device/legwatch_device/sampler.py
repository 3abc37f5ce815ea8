"""Make windows from live sensors: threads read the thermometers, and the feed makes windows."""

import logging
import queue
import threading
import time
from dataclasses import dataclass
from statistics import median

from legwatch.contract.window import MAX_MOVES
from legwatch.events import ClockTrust, Window
from legwatch_device.drivers import Motion, MotionSample, Put, ReadFault, Reading, Thermometer
from legwatch_runtime.clock import Clock

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlacedThermometer:
    """A thermometer and its place: `name` is leg or room; `offset_c` is added to each reading."""

    name: str
    thermometer: Thermometer
    offset_c: float = 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The result of one reading: a reading, or None and a fault."""

    name: str
    reading: Reading | None
    fault: str = ""


def close_window(
    heard: list[Sample],
    moved: MotionSample | None,
    faults: dict[str, str],
    *,
    from_ms: int,
    to_ms: int,
    mono_ms: int,
    synced: bool,
) -> Window:
    """Make a window of the samples since the last window.

    The window has a thermometer's fault only if that thermometer has no reading in it.
    """
    celsius: dict[str, float | None] = {}
    humidity_pct: dict[str, float | None] = {}
    for name in ("leg", "room"):
        good = [h.reading for h in heard if h.name == name and h.reading]
        celsius[name] = round(median(r.celsius for r in good), 2) if good else None
        known = [r.humidity_pct for r in good if r.humidity_pct is not None]
        humidity_pct[name] = round(median(known), 1) if known else None
        if not good:
            faults.update((h.name, h.fault) for h in heard if h.name == name)
    trust = ClockTrust.SYNCED if synced else ClockTrust.UNSYNCED
    return Window(
        "",
        0,
        from_ms,
        to_ms,
        mono_ms,
        trust.value,
        celsius["leg"],
        humidity_pct["leg"],
        celsius["room"],
        humidity_pct["room"],
        min(MAX_MOVES, moved.moves) if moved else None,
        None,
        tuple(sorted(faults.items())),
        moved_s=_within(moved.moved_s, to_ms - from_ms) if moved else None,
        active_s=_within(moved.active_s, to_ms - from_ms) if moved else None,
    )


def _within(seconds: float | None, length_ms: int) -> float | None:
    """Return at most the length of the window in seconds: a window may be made a moment late."""
    return None if seconds is None else min(seconds, length_ms / 1000)


class Sampler:
    """Reads every thermometer in its own thread, so that a hung thermometer delays no window."""

    def __init__(
        self,
        probes: list[PlacedThermometer],
        motion: Motion | None,
        clock: Clock,
        *,
        window_s: int,
        sample_s: float,
    ) -> None:
        self._probes, self._motion, self._clock = probes, motion, clock
        self._window_ms, self._sample_s = window_s * 1000, sample_s
        self._samples: queue.SimpleQueue[Sample] = queue.SimpleQueue()

    def now_ms(self) -> int | None:
        """Return None: the agent's monotonic clock measures the age of a live window."""
        return None

    def run(self, put: Put, stop: threading.Event) -> None:
        """Make a window every `window_s` seconds until `stop` is set."""
        for probe in self._probes:
            name = f"read-{probe.name}"
            threading.Thread(
                target=self._read_forever, args=(probe, stop), name=name, daemon=True
            ).start()
        next_ms = self._clock.mono_ms() + self._window_ms
        while not stop.wait(max(0.0, (next_ms - self._clock.mono_ms()) / 1000)):
            put(self._window())
            next_ms += self._window_ms

    def _window(self) -> Window:
        samples: list[Sample] = []
        while not self._samples.empty():
            samples.append(self._samples.get_nowait())
        moved, faults = None, {}
        if self._motion is not None:
            try:
                moved = self._motion.seen()
            except (ReadFault, OSError) as fault:
                faults["movement"] = str(fault)[:64]
        to_ms = self._clock.utc_ms()
        return close_window(
            samples,
            moved,
            faults,
            from_ms=to_ms - self._window_ms,
            to_ms=to_ms,
            mono_ms=self._clock.mono_ms(),
            synced=self._clock.synced(),
        )

    def _read_forever(self, probe: PlacedThermometer, stop: threading.Event) -> None:
        failing = False
        while not stop.is_set():
            begun_s = time.monotonic()
            try:
                reading = probe.thermometer.read()
                shifted = reading._replace(celsius=round(reading.celsius + probe.offset_c, 2))
                self._samples.put(Sample(probe.name, shifted))
                if failing:
                    logger.info("%s thermometer: works again", probe.name)
                failing = False
            except ReadFault as fault:
                self._samples.put(Sample(probe.name, None, str(fault)[:64]))
                level = logging.DEBUG if failing else logging.WARNING
                logger.log(level, "%s thermometer: %s", probe.name, fault)
                failing = True
            except Exception:  # an error in a driver must not end this thread
                self._samples.put(Sample(probe.name, None, "driver_error"))
                if not failing:
                    logger.exception("%s thermometer: the driver failed", probe.name)
                failing = True
            stop.wait(max(0.5, self._sample_s - (time.monotonic() - begun_s)))
