"""Good and bad frames of a DHT22, from the pulses on the line to the alert."""

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator

import adafruit_dht
import pytest

from device.drivers.dht_frames import Line, Pulses, clone, frame, pulses, summed
from legwatch.engine import start
from legwatch.events import Window
from legwatch.testing import drive, night, uncovering, wobbling
from legwatch_device.drivers import ReadFault, Reading, dht22_child
from legwatch_device.drivers.dht22 import Dht22
from legwatch_runtime.clock import instant
from repository import rules

pytestmark = pytest.mark.slow  # reads some hundred frames, and plays nights

GOOD, FLIPPED, CUT, COMPENSATING, CLONES, TOO_SLOW = 400, 100, 60, 200, 40, 40


class OnLine:
    """Reads each train of pulses by the child's code and the real library."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._driver = Dht22(Dht22.Options(4), child=self, now=instant, sleep=lambda _s: None)

    def reads(self, train: Pulses, poll_us: Callable[[], float]) -> Reading | str:
        """Return the reading of one try, or the word of its fault."""
        line = Line(train, poll_us)
        self._patch.setattr(adafruit_dht, "DigitalInOut", line)
        self._patch.setattr(adafruit_dht, "time", line)
        try:
            return self._driver._once()
        except ReadFault as fault:
            return str(fault)

    def begin(self) -> str:
        return "{}"

    def ask(self) -> str:
        answer = dht22_child.answer(lambda: dht22_child.measured(adafruit_dht, None, pulseio=False))
        return json.dumps(answer, default=str)

    def end(self) -> None: ...


@pytest.fixture
def on_line(monkeypatch: pytest.MonkeyPatch) -> OnLine:
    return OnLine(monkeypatch)


def polls(
    chance: random.Random, lowest_us: float = 3, highest_us: float = 15
) -> Callable[[], float]:
    """Return looks at the pin that take about as long as each other, as those of one machine."""
    usual_us = chance.uniform(lowest_us, highest_us)
    return lambda: usual_us * chance.uniform(0.8, 1.2)


def air(chance: random.Random) -> tuple[float, float]:
    """Return a temperature and a humidity that a sensor may measure; one in four is below zero."""
    low_c, high_c = (-40.0, 0.0) if chance.random() < 0.25 else (10.0, 45.0)
    return round(chance.uniform(low_c, high_c), 1), round(chance.uniform(1.0, 99.9), 1)


def test_fewer_than_one_in_a_hundred_good_frames_is_refused(on_line: OnLine) -> None:
    chance, refused = random.Random(11), Counter[str]()
    for _ in range(GOOD):
        celsius, humidity_pct = air(chance)
        found = on_line.reads(pulses(frame(celsius, humidity_pct)), polls(chance))
        if isinstance(found, str):
            refused[found] += 1
        else:
            assert found == Reading(celsius, humidity_pct)
    assert refused.total() < GOOD / 100, refused


def flipped(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(40)
    return bytes(b ^ (0x80 >> at % 8 if i == at // 8 else 0) for i, b in enumerate(data))


def compensated(chance: random.Random, data: bytes) -> bytes:
    """Return the frame with the same bit flipped in two bytes, so that their sum stays the same."""
    pairs = [
        (a, b, 1 << bit)
        for a in range(4)
        for b in range(4)
        for bit in range(8)
        if data[a] >> bit & 1 and not data[b] >> bit & 1
    ]
    a, b, mask = chance.choice(pairs)
    return bytes(x ^ (mask if i in {a, b} else 0) for i, x in enumerate(data))


def test_a_flipped_bit_is_refused_by_the_checksum(on_line: OnLine) -> None:
    chance = random.Random(12)
    for _ in range(FLIPPED):
        data = flipped(chance, frame(*air(chance)))
        assert on_line.reads(pulses(data), polls(chance)) in {"checksum", "implausible"}


def test_a_frame_that_is_cut_is_refused(on_line: OnLine) -> None:
    chance, words = random.Random(13), Counter[object]()
    for _ in range(CUT):
        train = pulses(frame(*air(chance)))
        words[on_line.reads(train[: chance.randrange(len(train) - 4)], polls(chance))] += 1
    assert set(words) <= {"no_answer", "short_answer", "checksum"}, words
    assert words["short_answer"] > CUT / 2


@pytest.mark.parametrize("celsius", [-0.1, -3.2, -18.0, -40.0])
def test_a_clone_below_zero_gives_no_temperature(on_line: OnLine, celsius: float) -> None:
    chance = random.Random(14)
    for _ in range(CLONES // 4):
        data = clone(celsius, round(chance.uniform(20, 90), 1))
        assert on_line.reads(pulses(data), polls(chance)) == "out_of_range"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (bytes(5), "implausible"),
        (b"\xff\xff\xff\xff\xfc", "implausible"),
        (summed(500, 8000), "out_of_range"),  # 800 °C with the right checksum
        (b"", "no_answer"),
    ],
)
def test_a_frame_that_no_sensor_gives_is_refused(on_line: OnLine, data: bytes, word: str) -> None:
    assert on_line.reads(pulses(data) if data else [], lambda: 5.0) == word


def passing(on_line: OnLine, chance: random.Random, celsius: float) -> Iterator[float]:
    """Yield the wrong temperatures of frames of this air that nothing on the Pi can refuse."""
    while True:
        data = compensated(chance, frame(celsius, round(chance.uniform(30, 70), 1)))
        found = on_line.reads(pulses(data), polls(chance))
        if not isinstance(found, str) and found.celsius != celsius:
            yield found.celsius


def test_flips_that_the_checksum_cannot_see_are_wrong_by_many_degrees_or_few(
    on_line: OnLine,
) -> None:
    chance, found = random.Random(15), []
    for _ in range(COMPENSATING):
        celsius, humidity_pct = chance.choice([30.7, 31.0, 31.5]), chance.uniform(30, 70)
        data = compensated(chance, frame(celsius, humidity_pct))
        reading = on_line.reads(pulses(data), polls(chance))
        found.append(abs(reading.celsius - celsius) if isinstance(reading, Reading) else math.inf)
    assert any(0 < wrong_c < 1 for wrong_c in found)  # so the core must hold out against both
    assert any(10 < wrong_c < 60 for wrong_c in found)


def test_a_machine_that_looks_too_seldom_is_refused_or_right_but_for_a_few(on_line: OnLine) -> None:
    chance, wrong = random.Random(16), 0
    for _ in range(TOO_SLOW):
        celsius, humidity_pct = air(chance)
        train = pulses(frame(celsius, humidity_pct))
        found = on_line.reads(train, polls(chance, 25, 60))
        wrong += not isinstance(found, str) and found.celsius != celsius
    assert wrong <= 1


WARM = wobbling(31.0)
BARE = uncovering((120, 260), uncovered_c=25.5)


def heard(windows: list[Window]) -> list[tuple[str, str, int]]:
    """Return the notices of a night, with their minute."""
    _, notices = drive(start(), windows, rules())
    return [(n.kind.value, n.transition.value, n.at_ms // 60_000) for n in notices]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("leg", [WARM, BARE], ids=["warm", "bare"])
def test_no_wrong_frame_moves_an_alert(
    on_line: OnLine, leg: Callable[[float], float | None], seed: int
) -> None:
    """One frame in ten is wrong and passes: real sensors have one in 500 to 1000."""
    chance = random.Random(100 + seed)
    clean = list(night(leg=leg))
    wrong, spoiled = 0, []
    for window in clean:
        assert window.leg_c is not None
        if chance.random() < 0.1:
            celsius = next(passing(on_line, chance, window.leg_c))
            wrong += 1
            spoiled.append(window._replace(leg_c=celsius))
        elif chance.random() < 0.1:  # one that is refused
            spoiled.append(window._replace(leg_c=None, faults=(("leg", "checksum"),)))
        else:
            spoiled.append(window)
    assert wrong > 200
    told = heard(clean)
    assert (("cold", "fired") in {(kind, what) for kind, what, _ in told}) == (leg is BARE)
    assert heard(spoiled) == told
