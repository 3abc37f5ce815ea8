"""How many readings failed is told when it has changed enough, and seldom."""

from legwatch_device.failing import AGAIN_S, Tally
from legwatch_runtime.testing import FakeClock

A_READING_MS = 15_000
NIGHT_READINGS = 10 * 240


class Sensor:
    """A sensor that is read every 15 s; the server is told what it says once a minute."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.tally = Tally("leg", self.clock)
        self.told: list[str] = []

    def read(self, *faults: str) -> None:
        for fault in faults:
            self.tally.add(fault)
            self.clock.advance(A_READING_MS)
            if self.clock.up_ms // A_READING_MS % 4 == 0:
                self.ask()

    def ask(self) -> str:
        found = self.tally.told()
        said = "" if found is None else str(found)
        if not self.told or said != self.told[-1]:
            self.told.append(said)
        return said


def every(nth: int, fault: str, readings: int) -> list[str]:
    return [fault if n % nth == nth - 1 else "" for n in range(readings)]


def test_a_sensor_that_never_fails_is_never_told() -> None:
    sensor = Sensor()
    sensor.read(*[""] * NIGHT_READINGS)
    assert sensor.told == [""]


def test_a_single_failed_reading_of_an_hour_is_nothing() -> None:
    sensor = Sensor()
    sensor.read(*[""] * 240, "checksum", *[""] * 240)
    assert sensor.told == [""]


def test_readings_that_fail_are_told_with_their_reasons() -> None:
    sensor = Sensor()
    sensor.read(*[""] * 230, *["checksum"] * 3, *["no_answer"] * 2, *[""] * 5)
    assert sensor.ask() == "5 of 236 readings failed in an hour: checksum, no_answer"


def test_a_first_reading_that_fails_is_not_called_a_sensor_that_always_fails() -> None:
    sensor = Sensor()
    sensor.read("checksum", *[""] * 240)
    assert not any("1 of 4 " in told for told in sensor.told)


def test_one_that_fails_all_night_alike_is_told_a_few_times() -> None:
    sensor = Sensor()
    sensor.read(*every(3, "checksum", NIGHT_READINGS))
    assert 2 <= len(sensor.told) <= 5
    sensor.read(*every(2, "checksum", NIGHT_READINGS))  # a third or a half: no great change
    assert len(sensor.told) <= 5


def test_one_that_gets_better_is_told_and_then_forgotten() -> None:
    sensor = Sensor()
    sensor.read(*every(2, "checksum", 240), *[""] * 480)
    assert sensor.told[-1] == ""
    assert len(sensor.told) < 12


def test_nothing_is_told_more_than_once_in_ten_minutes() -> None:
    sensor = Sensor()
    for _ in range(10):  # good and bad quarters of an hour
        sensor.read(*["no_answer"] * 60, *[""] * 60)
    minutes = sensor.clock.up_ms / 60_000
    assert len(sensor.told) <= minutes / (AGAIN_S / 60) + 2


def test_another_reason_is_told() -> None:
    sensor = Sensor()
    sensor.read(*every(3, "checksum", 480), *every(3, "no_answer", 240))
    assert "no_answer" in sensor.told[-1]


def test_a_sensor_that_was_opened_anew_is_told_so() -> None:
    sensor = Sensor()
    sensor.read(*[""] * 239)
    sensor.tally.hung("hangs")
    assert sensor.ask().endswith("hangs; it hung and was opened anew, so far 1 times")


def test_what_is_older_than_an_hour_does_not_count() -> None:
    sensor = Sensor()
    sensor.read(*["checksum"] * 60)
    sensor.clock.advance(3_600_000)
    sensor.read(*[""] * 60)
    assert sensor.tally._found().failed == 0
