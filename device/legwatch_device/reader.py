"""One sensor in a thread of its own: it may fail, hang or start late, and delays no window.

A slow sensor is read again and again; one that answers at once is asked at the end of each window.
What is wrong with the sensor is its fault in the window, and in the log once for each reason.
"""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from legwatch.entry import place, reason
from legwatch_device.answers import WrongAnswer
from legwatch_device.drivers import METHODS, NothingNew, ReadFault
from legwatch_device.samples import POLLED, PlacedSensor, Sample, ask
from legwatch_device.starting import Starting
from legwatch_runtime.calls import Call
from legwatch_runtime.clock import Clock, Instant
from legwatch_runtime.part import Part, Parts

logger = logging.getLogger(__name__)

LONGEST_FAULT = 64
ANSWER_S = 1.0  # how long the end of a window waits for a sensor that answers at once
HANGS_S = 30.0  # a slow sensor that takes longer hangs; a DHT22 needs 8 s at most
CANNOT_START, HANGS, DRIVER_ERROR = "cannot_start", "hangs", "driver_error"


@dataclass(slots=True)
class _Question:
    """What the end of a window asks a sensor."""

    done: threading.Event = field(default_factory=threading.Event)
    sample: Sample | None = None
    late: bool = False  # the window has ended without the answer


class SensorReader:
    """Reads one sensor; `take` returns what belongs to the window that ends now."""

    def __init__(
        self,
        placed: PlacedSensor,
        starting: Starting,
        clock: Clock,
        *,
        window_s: float,
        sample_s: float,
        parts: Parts,
    ) -> None:
        self.role, self.starting = placed.role, starting
        self._placed, self._clock = placed, clock
        self._window_s, self._sample_s = window_s, sample_s
        self._polled = placed.role.group in POLLED
        self._ready = False
        self._samples: queue.SimpleQueue[Sample] = queue.SimpleQueue()
        self._reading_since: Instant | None = None
        self._question: _Question | None = None
        self._asked = threading.Event()
        self._told_now: frozenset[str] = frozenset()  # the faults of this state in the log
        self._stop = threading.Event()
        # A sensor that hangs is told as its fault; it must not restart the whole bed.
        self._part: Part = parts.add(f"read-{self.role.name}", self._run, within_s=float("inf"))

    def begin(self, stop: threading.Event) -> None:
        """Start the thread; it ends after `stop`."""
        self._stop = stop
        self._part.start()

    def take(self) -> list[Sample]:
        """Return the samples since the last window, or the fault that there is none."""
        if not self._ready:
            return [self._told(CANNOT_START)]
        if self._polled:
            return [self._ask()]
        found: list[Sample] = []
        while not self._samples.empty():
            found.append(self._samples.get_nowait())
        since = self._reading_since
        if since is not None and self._clock.instant().since(since) > HANGS_S:
            found.append(self._told(HANGS))
        return found

    def _ask(self) -> Sample:
        question = self._question
        if question is not None and not question.done.is_set():
            return self._told(HANGS)  # the question of an earlier window has no answer yet
        question = self._question = _Question()
        self._asked.set()
        if not question.done.wait(ANSWER_S):
            question.late = True
            return self._told(HANGS)
        return question.sample or self._told(DRIVER_ERROR)

    def _run(self) -> None:
        if not self._ready:
            sensor = self.starting.wait(self._stop, self._part.turned)
            if sensor is None:
                return
            self._placed = replace(self._placed, sensor=sensor)
            self._ready = True
        while not self._stop.is_set():
            self._part.turned()
            if self._polled:
                self._answer()
            else:
                self._read()

    def _answer(self) -> None:
        """Answer the question of a window; after a failure of this thread it still waits."""
        if not self._asked.wait(1.0):
            return
        question = self._question
        if question is not None:
            question.sample = self._sample(lambda: question.late)
            self._asked.clear()
            question.done.set()

    def _read(self) -> None:
        begun = self._reading_since = self._clock.instant()
        try:
            sample = self._sample(lambda: self._clock.instant().since(begun) > HANGS_S)
        except NothingNew:  # a sensor that reports by itself: no value, and no fault
            pass
        else:
            self._samples.put(sample)
        self._reading_since = None
        self._stop.wait(max(0.5, self._sample_s - self._clock.instant().since(begun)))

    def _sample(self, late: Callable[[], bool]) -> Sample:
        """Read the sensor once; a failure is a fault in the window, and ends no thread.

        `late`: the answer has come so late that the sensor still hangs.
        """
        try:
            with Call(self._placed.driver.removesuffix(": ")):
                sample = ask(self._placed, self._window_s)
        except NothingNew:
            if not self._polled:
                raise
            return self._told(DRIVER_ERROR, ", only a sensor that is read may say: nothing new")
        except (ReadFault, OSError) as fault:
            return self._told(str(fault) or type(fault).__name__, late=late())
        except WrongAnswer as wrong:
            return self._told(DRIVER_ERROR, f", {wrong}{wrong.where}", late=late())
        except BaseException as error:  # noqa: BLE001 - a driver may raise SystemExit, too
            why = f", {reason(error)}{place(error, self._method())}"
            return self._told(DRIVER_ERROR, why, late=late())
        if sample.fault:
            return self._told(sample.fault, late=late())
        if self._told_now and not late():
            logger.info("%s sensor: works again", self.role.name)
            self._told_now = frozenset()
        return sample

    def _method(self) -> object:
        """Return the driver's method that is called."""
        return getattr(self._placed.sensor, METHODS[self.role.group][0], None)

    def _told(self, fault: str, why: str = "", *, late: bool = False) -> Sample:
        """Return a fault, and log it once in each state of the sensor.

        One that hangs again and again, and fails or answers late in between, still hangs.
        """
        fault = fault[:LONGEST_FAULT]
        if fault not in {*self._told_now, CANNOT_START}:  # why not stands in the log already
            logger.warning("%s sensor: %s%s%s", self.role.name, self._placed.driver, fault, why)
        hangs_on = HANGS in self._told_now and (late or fault == HANGS)
        self._told_now = frozenset({fault, *(self._told_now if hangs_on else ())})
        return Sample(self.role, None, fault)
