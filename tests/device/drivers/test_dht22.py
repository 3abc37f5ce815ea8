"""The DHT22's traps: an old value, a failed read, and what is no reading."""

import pytest

from legwatch_device.drivers import ReadFault, Reading
from legwatch_device.drivers.dht22 import PAUSE_S, Dht22
from legwatch_runtime.clock import Instant

SENSOR = Dht22.Options(4)


class Library:
    """Behaves as the DHT library does: within 2 s of any try it gives the old values, no error."""

    def __init__(self, *answers: tuple[float, float] | str | None) -> None:
        self._answers = list(answers)
        self.now_s = 100.0
        self._asked_s = -1e9
        self._old: tuple[float | None, float | None] = (None, None)
        self.asked: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def instant(self) -> Instant:
        return Instant(round(self.now_s * 1_000_000_000))

    @property
    def temperature(self) -> float | None:
        if self.now_s - self._asked_s < 2.0:
            return self._old[0]
        self._asked_s = self.now_s
        self.asked.append(self.now_s)
        answer = self._answers.pop(0)
        if isinstance(answer, str):
            raise RuntimeError(answer)  # noqa: TRY004 - as the library does
        self._old = answer or (None, None)
        return self._old[0]

    @property
    def humidity(self) -> float | None:
        return self._old[1]


def thermometer(library: Library) -> Dht22:
    return Dht22(SENSOR, device=library, now=library.instant, sleep=library.sleep)


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


def test_a_second_try_may_succeed() -> None:
    library = Library("A full buffer was not returned. Try again.", (30.9, 47.0))
    assert thermometer(library).read() == Reading(30.9, 47.0)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("DHT sensor not found, check wiring", "no_answer"),
        ("Received unplausible data. Try again.", "implausible"),
        ((0.0, 0.0), "implausible"),
        (None, "no_answer"),
        ("something new", "read_error"),
    ],
)
def test_each_fault_has_a_short_word(answer: tuple[float, float] | str | None, word: str) -> None:
    with pytest.raises(ReadFault, match=word):
        thermometer(Library(answer, answer, answer)).read()
