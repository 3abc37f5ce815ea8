"""The DHT22's traps: an old value, a failed read, what is no reading, and a sensor that hangs."""

import json
import sys
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from legwatch.errors import CannotRun, SettingsError
from legwatch_device.drivers import ReadFault, Reading, child, dht22, dht22_child, load, read
from legwatch_device.drivers.dht import PAUSE_S, TRIES
from legwatch_device.drivers.dht22 import OFF_S, Dht22
from legwatch_device.reader import HANGS_S
from legwatch_runtime.clock import Instant

SENSOR = Dht22.Options(4)
Answer = tuple[float, float] | str | BaseException | None


class Library:
    """Behaves as the DHT library does: within 2 s of any try it gives the old values, no error.

    It stands for the child, too, whose own code asks it.
    """

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.now_s = 100.0
        self.asked: list[float] = []
        self.begun = self.ended = 0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def instant(self) -> Instant:
        return Instant(round(self.now_s * 1_000_000_000))

    def DHT22(self, place: object, *, use_pulseio: bool) -> "Library.Sensor":  # noqa: N802
        return Library.Sensor(self)

    def begin(self) -> str:
        self.begun += 1
        return "{}"

    def ask(self) -> str:
        if self._answers and isinstance(self._answers[0], ReadFault):
            fault = self._answers.pop(0)
            self.now_s += 5.0
            assert isinstance(fault, ReadFault)
            raise fault
        return json.dumps(
            dht22_child.answer(lambda: dht22_child.measured(self, None, pulseio=False))
        )

    def end(self) -> None:
        self.ended += 1

    class Sensor:
        def __init__(self, library: "Library") -> None:
            self._of = library
            self._asked_s = -1e9
            self._old: tuple[float | None, float | None] = (None, None)

        @property
        def temperature(self) -> float | None:
            of = self._of
            if of.now_s - self._asked_s < 2.0:
                return self._old[0]
            self._asked_s = of.now_s
            of.asked.append(of.now_s)
            answer = of._answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            if isinstance(answer, str):
                raise RuntimeError(answer)  # noqa: TRY004 - as the library does
            self._old = answer or (None, None)
            return self._old[0]

        @property
        def humidity(self) -> float | None:
            return self._old[1]

        def exit(self) -> None: ...


def thermometer(library: Library, options: Dht22.Options = SENSOR) -> Dht22:
    return Dht22(options, child=library, now=library.instant, sleep=library.sleep)


def test_a_good_reading_is_given() -> None:
    assert thermometer(Library((31.2, 48.1))).read() == Reading(31.2, 48.1)


def test_a_failed_read_is_never_answered_with_the_old_value() -> None:
    library = Library((31.2, 48.1), *["Checksum did not validate. Try again."] * 3)
    sensor = thermometer(library)
    assert sensor.read().celsius == 31.2
    with pytest.raises(ReadFault, match="checksum"):
        sensor.read()
    gaps = [b - a for a, b in zip(library.asked, library.asked[1:], strict=False)]
    assert min(gaps) >= PAUSE_S


def test_the_real_library_measures_anew_at_each_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its object keeps values for 2 s of a clock that stands still while the machine sleeps."""
    import adafruit_dht  # noqa: PLC0415 - looks for a board when it is imported

    asked: list[int] = []

    def no_pulses(_self: object) -> list[int]:
        asked.append(1)
        return []

    monkeypatch.setattr(adafruit_dht.DHT22, "_get_pulses_bitbang", no_pulses)
    for _ in range(3):  # at once
        with pytest.raises(RuntimeError, match="not found"):
            dht22_child.measured(adafruit_dht, None, pulseio=False)
    assert len(asked) == 3


def test_a_second_try_may_succeed() -> None:
    library = Library("A full buffer was not returned. Try again.", (30.9, 47.0))
    assert thermometer(library).read() == Reading(30.9, 47.0)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("DHT sensor not found, check wiring", "no_answer"),
        ("Received unplausible data. Try again.", "implausible"),
        ((0.0, 0.0), "implausible"),
        ((-3274.6, 55.0), "out_of_range"),  # a clone below zero
        ((800.0, 55.0), "out_of_range"),
        ((31.0, 655.3), "out_of_range"),
        (None, "no_number"),
        ("something new", "read_error"),
    ],
)
def test_each_fault_has_a_short_word(answer: Answer, word: str) -> None:
    with pytest.raises(ReadFault, match=f"^{word}$"):
        thermometer(Library(answer, answer, answer)).read()


def test_an_error_of_the_library_is_told_with_its_kind() -> None:
    with pytest.raises(RuntimeError, match="KeyError: 'pin'"):
        thermometer(Library(KeyError("pin"))).read()


@pytest.mark.parametrize("word", ["hangs", "ended"])
def test_a_child_that_is_gone_is_a_fault_at_once_and_starts_again(word: str) -> None:
    library = Library((31.2, 48.1), ReadFault(word), (22.0, 50.0))
    sensor = thermometer(library)
    sensor.read()
    with pytest.raises(ReadFault, match=word):
        sensor.read()
    assert library.begun == 1
    assert sensor.read() == Reading(22.0, 50.0)
    assert library.begun == 2


def test_a_child_that_does_not_start_again_is_a_fault_until_it_does() -> None:
    library = Library(ReadFault("hangs"), (22.0, 50.0))
    sensor = thermometer(library)
    begin, left = library.begin, [1, 1]

    def fails_twice() -> str:
        if left:
            left.pop()
            raise ReadFault("hangs")
        return begin()

    library.begin = fails_twice  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(ReadFault, match="hangs"):
            sensor.read()
    assert sensor.read() == Reading(22.0, 50.0)


def test_a_child_that_does_not_start_at_all_is_tried_again_by_the_agent() -> None:
    library = Library()

    def hangs() -> str:
        raise ReadFault("hangs")

    library.begin = hangs  # type: ignore[method-assign]
    with pytest.raises(CannotRun, match="the process that reads it hangs at its start"):
        thermometer(library)


FED = Dht22.Options(4, power_pin=5, power_after=3)
NO_ANSWER = ["DHT sensor not found, check wiring"] * TRIES


def test_a_sensor_that_hangs_is_switched_off_and_on_after_some_failed_readings(
    pins: MockFactory,
) -> None:
    library = Library(*NO_ANSWER * 3, (30.0, 50.0))
    sensor = thermometer(library, FED)
    feed = pins.pin(5)
    assert feed.state
    for _ in range(2):
        with pytest.raises(ReadFault):
            sensor.read()
    feed.clear_states()
    with pytest.raises(ReadFault, match="no_answer"):
        sensor.read()
    assert [state.state for state in feed.states] == [True, False, True]
    powered_s = library.now_s
    assert powered_s - library.asked[-1] >= OFF_S
    assert sensor.read() == Reading(30.0, 50.0)
    assert library.asked[-1] - powered_s >= PAUSE_S  # it must first have measured
    sensor.close()


@pytest.mark.parametrize("why", [ReadFault("hangs"), RuntimeError("GPIO busy")])
def test_a_start_that_fails_leaves_the_pin_of_the_power_for_the_next(
    why: Exception, pins: MockFactory
) -> None:
    library = Library((30.0, 50.0))
    begin = library.begin

    def fails() -> str:
        raise why

    library.begin = fails  # type: ignore[method-assign]
    with pytest.raises((CannotRun, RuntimeError)):
        thermometer(library, FED)
    assert library.ended == 1
    library.begin = begin  # type: ignore[method-assign]
    sensor = thermometer(library, FED)
    assert sensor.read() == Reading(30.0, 50.0)
    sensor.close()


def test_a_good_reading_starts_the_count_again(pins: MockFactory) -> None:
    library = Library(*NO_ANSWER * 2, (30.0, 50.0), *NO_ANSWER * 2)
    sensor = thermometer(library, FED)
    pins.pin(5).clear_states()
    for _ in range(5):
        try:
            sensor.read()
        except ReadFault:
            continue
    assert [state.state for state in pins.pin(5).states] == [True]
    sensor.close()


def test_without_a_pin_for_the_power_nothing_is_switched() -> None:
    library = Library(*NO_ANSWER * 20)
    sensor = thermometer(library)
    for _ in range(20):
        with pytest.raises(ReadFault, match="no_answer"):
            sensor.read()


def test_the_worst_reading_is_over_before_it_is_said_to_hang() -> None:
    """The child starts as slowly as it may, two tries fail, the third hangs, the power is cut."""
    tries_s = 0.4 * (TRIES - 1) + PAUSE_S * (TRIES - 1)
    assert child.START_S + tries_s + child.ANSWER_S + OFF_S < HANGS_S


@pytest.mark.parametrize("pulseio", [False, True])
def test_the_command_of_the_child_is_a_program_of_this_python(pulseio: bool) -> None:
    command = dht22._command(Dht22.Options(17, pulseio=pulseio))
    assert command[0] == sys.executable
    assert command[4:] == ["17", *(["pulseio"] if pulseio else [])]


def test_options_are_checked_before_the_start() -> None:
    kind = load("legwatch.thermometers", "dht22", "here")

    def options(**table: Any) -> Any:
        return read("legwatch.thermometers", "dht22", kind, table, "here")

    assert options(pin=4, power_pin=5).power_after == 8
    for wrong in ({"pin": 4, "power_pin": 28}, {"pin": 4, "power_after": 1}, {"power_pin": 5}):
        with pytest.raises(SettingsError):
            options(**wrong)
