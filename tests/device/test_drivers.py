"""Drivers as the agent meets them: the DHT22's traps, and pulses as short as 2 ms."""

import threading
from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from legwatch.errors import SettingsError
from legwatch.events import Window
from legwatch_device.drivers import MotionSample, Put, ReadFault, Reading, load, open_driver
from legwatch_device.drivers.dht22 import PAUSE_S, Dht22
from legwatch_device.drivers.gpio_line import ActiveLine
from legwatch_device.drivers.gpio_motion import GpioMotion
from legwatch_device.drivers.recorded import RecordedFeed
from legwatch_device.settings import RecordingTable, SensorTable

SENSOR = SensorTable("dht22", 4)


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
    return Dht22(SENSOR, device=library, monotonic=lambda: library.now_s, sleep=library.sleep)


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


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    before = Device.pin_factory
    factory = Device.pin_factory = MockFactory()
    yield factory
    factory.close()
    Device.pin_factory = before


def test_every_short_pulse_is_counted(pins: MockFactory) -> None:
    motion = GpioMotion(SensorTable("gpio_motion", 17))
    pin = pins.pin(17)
    for _ in range(30):
        pin.drive_high()
        pin.drive_low()
    assert motion.seen().moves == 30
    assert motion.seen().moves == 0


def test_a_switch_that_rests_closed_is_not_movement(pins: MockFactory) -> None:
    pins.pin(17).drive_high()
    motion = GpioMotion(SensorTable("gpio_motion", 17))
    assert motion.seen().moves == 0


def test_a_line_that_stays_active_is_told_in_seconds_while_no_edge_comes(
    pins: MockFactory,
) -> None:
    """A PIR holds its line for minutes: one edge, and then none, is not stillness."""
    now_s = 100.0
    motion = GpioMotion(SensorTable("gpio_motion", 17), monotonic=lambda: now_s)
    now_s = 104.0
    pins.pin(17).drive_high()
    now_s = 110.0
    assert motion.seen() == MotionSample(1, 6.0, 6.0)
    now_s = 120.0
    assert motion.seen() == MotionSample(0, 10.0, 10.0)
    now_s = 123.0
    pins.pin(17).drive_low()
    now_s = 130.0
    assert motion.seen() == MotionSample(0, 3.2, 3.0)
    now_s = 140.0
    assert motion.seen() == MotionSample(0, 0.0, 0.0)


def test_a_bouncing_switch_moves_for_as_long_as_it_bounces(pins: MockFactory) -> None:
    now_s = 0.0
    motion = GpioMotion(SensorTable("gpio_motion", 17), monotonic=lambda: now_s)
    for _ in range(13):
        now_s += 0.002
        pins.pin(17).drive_high()
        now_s += 0.001
        pins.pin(17).drive_low()
    now_s = 10.0
    moves, moved_s, active_s = motion.seen()
    assert moves == 13
    assert moved_s == pytest.approx(13 * 0.003 - 0.002 + 0.2, abs=0.006)
    assert active_s == pytest.approx(0.013, abs=0.006)


def test_an_edge_that_was_lost_is_made_good_at_the_next_look(pins: MockFactory) -> None:
    line = ActiveLine(active=False, at_s=0.0)
    line.edge(active=True, at_s=1.0)
    line.take(active=False, at_s=10.0)  # the falling edge never came
    assert line.take(active=False, at_s=20.0) == MotionSample(0, 0.0, 0.0)


def test_an_unknown_driver_names_those_installed() -> None:
    with pytest.raises(SettingsError, match=r"sensors\.leg: no driver 'nose'.*dht22, simulated"):
        load("legwatch.thermometers", "nose", "sensors.leg")


def test_a_driver_that_cannot_start_is_answered_in_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"sensors\.leg: driver 'dht22'"):
        open_driver("legwatch.thermometers", "dht22", "sensors.leg", SensorTable("dht22", 4))


def test_the_simulated_sensors_go_through_the_same_door() -> None:
    sensor = SensorTable("simulated")
    reading = open_driver("legwatch.thermometers", "simulated", "x", sensor).read()
    assert 30 <= reading.celsius <= 32
    assert open_driver("legwatch.motion", "simulated", "x", sensor).seen().moves in {0, 1}


def _into(found: list[Window]) -> Put:
    return lambda item: found.append(item) if isinstance(item, Window) else None


NIGHT = "time,channel,value\n" + "".join(
    f"2026-01-02T22:{m:02}:00Z,leg_temperature_c,{30 + m / 10}\n" for m in range(5)
)


def test_a_recording_is_played_on_its_own_time_line(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("n") / "night.csv"
    file.write_text(NIGHT)
    now = [50.0]
    feed = RecordedFeed(RecordingTable(str(file), 60.0), monotonic=lambda: now[0])
    assert feed.now_ms() is None

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            now[0] += timeout or 0.0
            return False

    got: list[Window] = []
    feed.run(_into(got), Stop())
    assert len(got) == 25
    assert feed.now_ms() == got[-1].to_ms
    assert now[0] == pytest.approx(50 + 250 / 60)


def test_a_recording_goes_on_behind_what_was_measured(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("n") / "night.csv"
    file.write_text(NIGHT)
    whole: list[Window] = []
    rest: list[Window] = []
    RecordedFeed(RecordingTable(str(file), 0)).run(_into(whole), threading.Event())
    after = RecordedFeed(RecordingTable(str(file), 0), after_ms=whole[9].to_ms)
    after.run(_into(rest), threading.Event())
    assert rest == whole[10:]
    assert after.now_ms() is None


def test_a_recording_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"recording\.file.*nowhere"):
        RecordedFeed(RecordingTable("/nowhere.csv"))
