"""The DHT22 / AM2302 thermometer, read by Adafruit's library, which is in a process of its own.

The library measures the pulses in a busy loop, and can hang. So a child process reads the sensor:
one that hangs for 5 s is killed and started again, and nothing else notices.

A reading costs 0.25 s of one core for each try (measured; it is the library's loop), so one every
15 s takes 2 to 5 % of a core. The child takes 13 MB of memory of its own (measured). Where
the overlay `dht11` is on, the driver `dht_iio` costs neither.

Within two seconds of a failed read, the library returns the *old* values without an error. Then an
old value could look like a warm leg. So each try has a new object of the library, which has no old
values, and no try comes within 2.5 s of the one before.

Faults: `checksum`, `no_answer`, `short_answer` (some edges are missing), `implausible` (humidity
over 100 %, or nothing but zeros), `out_of_range`, `no_number`, `hangs`, `ended` (the child did),
`read_error` (any other).
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from legwatch.errors import CannotRun, LegwatchError
from legwatch.settings import setting
from legwatch_device.drivers import ReadFault, Reading, dht, pins
from legwatch_device.drivers.child import ENDED, HANGS, Child
from legwatch_runtime.clock import Instant, instant

PROGRAM = Path(__file__).with_name("dht22_child.py")
OFF_S = 2.0  # so long a sensor that hangs has no power
_FAULTS = (
    ("checksum", "checksum"),
    ("not found", "no_answer"),
    ("full buffer", "short_answer"),
    ("plausible", "implausible"),
    ("plausable", "implausible"),
)

# Errors that are told as they are; of any other the name stands in the text.
_KINDS: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (ImportError, LookupError, NotImplementedError, RuntimeError, ValueError)
}


class Asked(Protocol):
    """What reads the sensor; a `Child`, or what a test has in its place."""

    def begin(self) -> str:
        """Start anew; raises ReadFault."""

    def ask(self) -> str:
        """Return one measurement as JSON; raises ReadFault."""

    def end(self) -> None:
        """End it."""


class Dht22:
    """A DHT22 on one GPIO pin."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a DHT22."""

        pin: int = pins.pin_setting("GPIO number (BCM)")
        pulseio: bool = setting(False, "true: time the pulses with pulseio, not with bit banging")
        power_pin: int | None = pins.pin_setting(
            "GPIO number (BCM) that feeds the sensor, not 3.3 V", needed=False
        )
        power_after: int = setting(
            8, "failed readings in a row, then power_pin goes off and on", low=2, high=100
        )

    def __init__(
        self,
        options: Options,
        *,
        child: Asked | None = None,
        now: Callable[[], Instant] = instant,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._options, self._sleep = options, sleep
        self._tries = dht.Tries(now, sleep)
        self._failed = 0  # readings in a row
        self._gone = False  # the child is
        self._power: Any = None
        if options.power_pin is not None:
            self._power = pins.gpio("DigitalOutputDevice", options.power_pin, initial_value=True)
            self._tries.starts()
        self._child = Child(_command(options)) if child is None else child
        try:
            self._begin()
        except Exception as error:
            self.close()  # or the next start would find its pin in use
            if isinstance(error, ReadFault):
                raise CannotRun(f"the process that reads it {error} at its start") from error
            raise

    def read(self) -> Reading:
        """Return a new reading, within 25 s at the worst; raises ReadFault with the last fault."""
        try:
            found = self._tries.read(self._once, last=(HANGS, ENDED))
        except ReadFault:
            self._failed += 1
            if self._failed % self._options.power_after == 0:
                self._off_and_on()
            raise
        self._failed = 0
        return found

    def close(self) -> None:
        """End the child, and free the pin of the power."""
        self._child.end()
        if self._power is not None:
            self._power.close()

    def _once(self) -> Reading:
        try:
            if self._gone:
                self._begin()
            answer = json.loads(self._child.ask())
        except ReadFault:
            self._gone = True
            raise
        if "failed" in answer:
            raise ReadFault(_fault_of(answer["failed"]))
        if "errors" in answer:
            raise _rebuilt(answer["errors"])
        return dht.reading(answer["celsius"], answer["humidity_pct"])

    def _begin(self) -> None:
        """Start the child; raises ReadFault, or why its libraries cannot open the pin."""
        errors = json.loads(self._child.begin()).get("errors")
        if errors:
            with pins.opening(self._options.pin):
                raise _why_not(errors)
        self._gone = False

    def _off_and_on(self) -> None:
        """Take the sensor's power away for a while: some hang until then."""
        if self._power is not None:
            self._power.off()
            self._sleep(OFF_S)
            self._power.on()
            self._tries.starts()


def _command(options: Dht22.Options) -> list[str]:
    # -P: the modules beside the program have names of their own.
    command = [sys.executable, "-P", str(PROGRAM), str(os.getpid()), str(options.pin)]
    return [*command, "pulseio"] if options.pulseio else command


def _fault_of(message: str) -> str:
    low = message.lower()
    return next((fault for part, fault in _FAULTS if part in low), "read_error")


def _why_not(errors: Sequence[Mapping[str, Any]]) -> Exception:
    """Return why the child could not open the pin: LegwatchError on an unknown board."""
    newest, error = errors[0]["type"], _rebuilt(errors)
    if newest not in {"NotImplementedError", "LookupError"}:
        return error
    board = f" ({error})" if newest == "LookupError" else ""
    unknown = LegwatchError(f"{pins.NO_BOARD}{board}")
    unknown.__cause__ = error
    return unknown


def _rebuilt(errors: Sequence[Mapping[str, Any]]) -> Exception:
    """Return an error of the child and its causes as they were there, as far as that goes."""
    error: Exception | None = None
    for told in reversed(errors):
        made = _made(told)
        made.__cause__ = error
        error = made
    return error or RuntimeError("no error was told")


def _made(told: Mapping[str, Any]) -> Exception:
    text = told["text"]
    if told["type"] == "ModuleNotFoundError":
        return ModuleNotFoundError(text, name=told["name"])
    if told["errno"] is not None:
        return OSError(told["errno"], text, told["filename"] or None)
    kind = _KINDS.get(told["type"])
    return RuntimeError(f"{told['type']}: {text}") if kind is None else kind(text)
