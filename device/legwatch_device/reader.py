"""One sensor in a thread of its own: it may fail, hang or start late, and delays no window.

A slow sensor is read again and again; one that answers at once is asked at the end of each window.
What is wrong with the sensor is its fault in the window, and in the log once for each reason.

No thread can be ended from outside. So one that hangs for minutes is given up, and the sensor is
opened anew in another thread; a few of them at most, since each keeps what it has open.
"""

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from legwatch.contract.failing import Failing
from legwatch.contract.roles import Role
from legwatch.entry import place, reason
from legwatch.printable import shown
from legwatch_device.answers import WrongAnswer
from legwatch_device.drivers import METHODS, NothingNew, ReadFault
from legwatch_device.failing import Tally
from legwatch_device.samples import POLLED, PlacedSensor, Sample, ask
from legwatch_device.starting import Starting
from legwatch_runtime.backoff import Backoff
from legwatch_runtime.calls import Call
from legwatch_runtime.clock import Clock, Instant
from legwatch_runtime.part import Part, Parts

logger = logging.getLogger(__name__)

LONGEST_FAULT = 64
ANSWER_S = 1.0  # how long the end of a window waits for a sensor that answers at once
HANGS_S = 30.0  # a slow sensor that takes longer hangs; a DHT22 needs 8 s at most
GIVEN_UP_S, LONGEST_S = 120.0, 3600.0  # a thread that hangs is given up, later ones after longer
MOST_GIVEN_UP = 3  # threads of one sensor that still hang
SAID_S = 60.0  # a fault of this length is over with a word; shorter ones come and go
CANNOT_START, HANGS, DRIVER_ERROR = "cannot_start", "hangs", "driver_error"


@dataclass(slots=True)
class _Question:
    """What the end of a window asks a sensor."""

    done: threading.Event = field(default_factory=threading.Event)
    sample: Sample | None = None
    late: bool = False  # the window has ended without the answer


@dataclass(slots=True)
class _Life:
    """One opening of a sensor, and the thread that reads it."""

    placed: PlacedSensor
    starting: Starting
    before: Any = None  # the driver that was given up
    ready: bool = False
    given_up: bool = False
    reading_since: Instant | None = None
    question: _Question | None = None
    asked: threading.Event = field(default_factory=threading.Event)


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
        self._clock, self._parts = clock, parts
        self._window_s, self._sample_s = window_s, sample_s
        self._polled = placed.role.group in POLLED
        self._samples: queue.SimpleQueue[Sample] = queue.SimpleQueue()
        self._told_now: frozenset[str] = frozenset()  # the faults of this state in the log
        self._failing_since, self._refused = clock.instant(), False
        self._stop = threading.Event()
        self._tally = Tally(placed.role.name, clock)
        self._given_up: list[Part] = []
        self._patience = Backoff(GIVEN_UP_S, LONGEST_S)
        self._patience_s = self._patience.next_s()
        self._life, self._part = self._new(_Life(placed, starting))

    def _new(self, life: _Life) -> tuple[_Life, Part]:
        # A sensor that hangs is told as its fault; it must not restart the whole bed.
        name, within_s = f"read-{self.role.name}", float("inf")
        part: Part = self._parts.add(name, lambda: self._run(life, part), within_s=within_s)
        return life, part

    def begin(self, stop: threading.Event) -> None:
        """Start the thread; it ends after `stop`."""
        self._stop = stop
        self._part.start()

    def failing(self) -> Failing | None:
        """Return how many readings failed in the last hour, as it is to be told; None: hardly any.

        Only one thread may ask.
        """
        return self._tally.told()

    def take(self) -> list[Sample]:
        """Return the samples since the last window, or the fault that there is none."""
        self._look()
        life = self._life
        if not life.ready:
            return [self._told(CANNOT_START)]
        if self._polled:
            return [self._ask(life)]
        found: list[Sample] = []
        while not self._samples.empty():
            found.append(self._samples.get_nowait())
        since = life.reading_since
        if since is not None and self._clock.instant().since(since) > HANGS_S:
            found.append(self._told(HANGS))
        return found

    def _look(self) -> None:
        """Give up a thread that hangs, and open the sensor anew in another one."""
        hangs_s = self._part.turned_ago_s()
        if hangs_s < self._patience_s or self._stop.is_set():
            return
        self._given_up = [part for part in self._given_up if not part.ended]
        if len(self._given_up) >= MOST_GIVEN_UP:
            return
        old = self._life
        old.given_up = True
        self._given_up.append(self._part)
        self._tally.hung(HANGS)
        self._patience_s = self._patience.next_s()
        logger.warning(
            "%s sensor: its thread has hung for %.0f s and is given up; the sensor is opened anew",
            self.role.name,
            hangs_s,
        )
        self._life, self._part = self._new(
            _Life(old.placed, old.starting.again(), before=old.placed.sensor)
        )
        self._part.start()

    def _ask(self, life: _Life) -> Sample:
        question = life.question
        if question is not None and not question.done.is_set():
            return self._told(HANGS)  # the question of an earlier window has no answer yet
        question = life.question = _Question()
        life.asked.set()
        if not question.done.wait(ANSWER_S):
            question.late = True
            return self._told(HANGS)
        return question.sample or self._told(DRIVER_ERROR)

    def _run(self, life: _Life, part: Part) -> None:
        if not life.ready:
            _close(life.before)
            sensor = life.starting.wait(self._stop, part.turned)
            if sensor is None:
                return
            if life.given_up:
                _close(sensor)
                return
            life.placed = replace(life.placed, sensor=sensor)
            life.ready = True
        while not (self._stop.is_set() or life.given_up):
            part.turned()
            if self._polled:
                self._answer(life)
            else:
                self._read(life)

    def _answer(self, life: _Life) -> None:
        """Answer the question of a window; after a failure of this thread it still waits."""
        if not life.asked.wait(1.0):
            return
        question = life.question
        if question is not None:
            question.sample = self._sample(life, lambda: question.late)
            life.asked.clear()
            question.done.set()

    def _read(self, life: _Life) -> None:
        begun = life.reading_since = self._clock.instant()
        sample = self._sample(life, lambda: self._clock.instant().since(begun) > HANGS_S)
        if sample is not None:
            self._samples.put(sample)
        life.reading_since = None
        if not life.given_up:
            self._stop.wait(max(0.5, self._sample_s - self._clock.instant().since(begun)))

    def _sample(self, life: _Life, late: Callable[[], bool]) -> Sample | None:
        """Read the sensor once; a failure is a fault in the window, and ends no thread.

        `late`: the answer has come so late that the sensor still hangs. None: there is nothing new,
        or the thread was given up meanwhile, and its answer is of another time.
        """
        try:
            with Call(life.placed.driver.removesuffix(": ")):
                sample = ask(life.placed, self._window_s)
            why = f": {sample.refused}" if sample.refused else ""
        except NothingNew:  # a sensor that reports by itself: no value, and no fault
            if not self._polled:
                return None
            why = ", only a sensor that is read may say: nothing new"
            sample = Sample(self.role, None, DRIVER_ERROR)
        except (ReadFault, OSError) as fault:
            sample, why = _failed(self.role, fault)
        except WrongAnswer as wrong:
            sample, why = Sample(self.role, None, DRIVER_ERROR), f", {wrong}{wrong.where}"
        except BaseException as error:  # noqa: BLE001 - a driver may raise SystemExit, too
            sample = Sample(self.role, None, DRIVER_ERROR)
            why = f", {reason(error)}{place(error, self._method(life))}"
        if life.given_up:
            return None
        self._tally.add(sample.fault[:LONGEST_FAULT])
        if sample.fault:
            return self._told(sample.fault, why, late=late())
        if self._told_now and not late():
            self._works_again()
        self._refuses(sample.refused)
        if not late():
            self._patience.reset()
            self._patience_s = self._patience.next_s()
        return sample

    def _works_again(self) -> None:
        """Say that the fault is over; who has read for minutes that it fails hears it, too."""
        failed_s = self._clock.instant().since(self._failing_since)
        level = logging.WARNING if failed_s >= SAID_S else logging.INFO
        logger.log(level, "%s sensor: works again", self.role.name)
        self._told_now = frozenset()

    def _refuses(self, refused: str) -> None:
        """Say once that of good readings a part is left out, such as a humidity of NaN."""
        if refused and not self._refused:
            logger.warning(
                "%s sensor: %s%s cannot be, and is left out", self.role.name,
                self._life.placed.driver, refused,
            )  # fmt: skip
        self._refused = bool(refused)

    def _method(self, life: _Life) -> object:
        """Return the driver's method that is called."""
        return getattr(life.placed.sensor, METHODS[self.role.group][0], None)

    def _told(self, fault: str, why: str = "", *, late: bool = False) -> Sample:
        """Return a fault, and log it once in each state of the sensor.

        One that hangs again and again, and fails or answers late in between, still hangs.
        """
        fault = fault[:LONGEST_FAULT]
        if fault not in {*self._told_now, CANNOT_START}:  # why not stands in the log already
            logger.warning(
                "%s sensor: %s%s%s", self.role.name, self._life.placed.driver, fault, why
            )
        if not self._told_now:
            self._failing_since = self._clock.instant()
        hangs_on = HANGS in self._told_now and (late or fault == HANGS)
        self._told_now = frozenset({fault, *(self._told_now if hangs_on else ())})
        return Sample(self.role, None, fault)


def _failed(role: Role, fault: Exception) -> tuple[Sample, str]:
    """Return a failed reading by its short word, and what else the driver says of it."""
    more = fault.args[1:] if isinstance(fault, ReadFault) else ()
    said = shown(" ".join(str(one) for one in more))
    return Sample(role, None, str(fault) or type(fault).__name__), f": {said}" if said else ""


def _close(sensor: Any) -> None:
    """Let a driver that was given up let go of its pin or its child process, if it can."""
    with suppress(BaseException):
        getattr(sensor, "close", lambda: None)()
