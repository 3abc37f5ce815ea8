"""The process that reads a DHT22, as a real one: its library is a file that a test writes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.waiting import soon
from legwatch.errors import CannotRun, LegwatchError
from legwatch_device.drivers import ReadFault, Reading, dht22, open_driver, pins
from legwatch_device.drivers.child import Child
from legwatch_device.drivers.dht22 import Dht22

pytestmark = pytest.mark.slow  # each starts a process

BOARD = "board_id = 'A_BOARD'\nD4 = 4\n"
LIBRARY = """
    import os, sys, time
    from pathlib import Path
    print("a library that prints")
    HERE = Path(__file__).parent
    def first(name):
        mark = HERE / name
        if mark.exists():
            return False
        mark.touch()
        return True
    class DigitalInOut:
        def __init__(self, pin): {opening}
        def deinit(self): pass
    class DHT22:
        def __init__(self, pin, use_pulseio): pass
        humidity = 48.1
        @property
        def temperature(self):
            print("a library that prints")
            {reading}
            return 31.2
        def exit(self): pass
"""
AGENT = """
    import time
    from legwatch_device.drivers.child import Child
    from legwatch_device.drivers.dht22 import Dht22, _command
    options = Dht22.Options(4)
    child = Child(_command(options), answer_s=600)
    sensor = Dht22(options, child=child)
    print(child.pid, flush=True)
    {then}
"""


class Sensor:
    """A driver with its child; the answer must come within half a second."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._made: list[Dht22] = []
        before = os.environ.get("PYTHONPATH", "")
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), before))))

    def library(self, reading: str = "", opening: str = "pass", board: str = BOARD) -> None:
        text = textwrap.dedent(LIBRARY).format(reading=reading or "pass", opening=opening)
        (self.folder / "adafruit_dht.py").write_text(text)
        (self.folder / "board.py").write_text(board)

    def open(self, answer_s: float = 5.0) -> tuple[Dht22, Child]:
        options = Dht22.Options(4)
        child = Child(dht22._command(options), answer_s=answer_s)
        made = Dht22(options, child=child, sleep=lambda _s: None)
        self._made.append(made)
        return made, child

    def close(self) -> None:
        for one in self._made:
            one.close()


@pytest.fixture
def sensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sensor]:
    (tmp_path / "gpiochip0").touch()
    monkeypatch.setattr(pins, "DEV", tmp_path)
    made = Sensor(tmp_path, monkeypatch)
    yield made
    made.close()


def runs(pid: int | None) -> bool:
    assert pid is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_reading_comes_from_the_child_whatever_its_library_prints(sensor: Sensor) -> None:
    sensor.library()
    driver, child = sensor.open()
    assert [driver.read() for _ in range(3)] == [Reading(31.2, 48.1)] * 3
    pid = child.pid
    assert runs(pid)
    driver.close()
    assert not runs(pid)


@pytest.mark.parametrize(
    "hangs",
    ["first('x') and exec('while True: pass')", "first('x') and time.sleep(1e6)"],
    ids=["busy", "waits"],
)
def test_a_reading_that_hangs_kills_only_the_child_and_the_next_one_is_new(
    sensor: Sensor, hangs: str
) -> None:
    sensor.library(hangs)
    driver, child = sensor.open(answer_s=0.3)
    pid = child.pid
    with pytest.raises(ReadFault, match=r"^hangs$"):
        driver.read()
    assert not runs(pid)
    driver._child = child
    child._answer_s = 5.0
    assert driver.read() == Reading(31.2, 48.1)
    assert child.pid != pid


@pytest.mark.parametrize("ends", ["os.abort()", "os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_library_that_ends_its_process_ends_only_the_child(sensor: Sensor, ends: str) -> None:
    sensor.library(f"first('x') and {ends}")
    driver, _ = sensor.open()
    with pytest.raises(ReadFault, match=r"^ended$"):
        driver.read()
    assert driver.read() == Reading(31.2, 48.1)


@pytest.mark.parametrize("raises", ["sys.exit(3)", "{}['x']"])
def test_what_the_library_raises_leaves_the_child_running(sensor: Sensor, raises: str) -> None:
    sensor.library(f"first('x') and {raises}")
    driver, child = sensor.open()
    pid = child.pid
    with pytest.raises(RuntimeError, match=r"SystemExit: 3|KeyError: 'x'"):
        driver.read()
    assert driver.read() == Reading(31.2, 48.1)
    assert child.pid == pid


@pytest.mark.parametrize(
    ("then", "reading"),
    [
        ("time.sleep(600)", "pass"),
        ("sensor.read()", "time.sleep(600)"),
        ("sensor.read()", "while True: pass"),
    ],
    ids=["idle", "hangs", "busy"],
)
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_the_child_dies_with_the_agent(
    sensor: Sensor, then: str, reading: str, by: signal.Signals
) -> None:
    sensor.library(reading)
    code = textwrap.dedent(AGENT).format(then=then)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        pid = int(agent.stdout.readline())
        time.sleep(0.2)  # so that it reads
        assert runs(pid)
        agent.send_signal(by)
    assert soon(lambda: not runs(pid))


def cannot(sensor: Sensor, error: type[LegwatchError]) -> str:
    with pytest.raises(error) as found:
        open_driver("legwatch.thermometers", "dht22", "sensors.leg", {"pin": 4})
    return str(found.value)


@pytest.mark.parametrize(
    ("opening", "said"),
    [
        ("raise OSError(16, 'Device or resource busy')", "GPIO 4 is busy: another program holds"),
        ("raise ValueError('odd')", "cannot start: ValueError: odd"),
        ("raise RuntimeError('No header')", "cannot start: No header"),
        ("sys.exit(3)", "cannot start: SystemExit: 3"),
        ("os._exit(3)", "the process that reads it ended at its start"),
    ],
)
def test_why_the_pin_cannot_be_opened_is_told_as_before(
    sensor: Sensor, opening: str, said: str
) -> None:
    sensor.library(opening=opening)
    assert said in cannot(sensor, CannotRun)


def test_a_board_without_this_pin_is_told(sensor: Sensor) -> None:
    sensor.library(board="board_id = 'A_BOARD'\n")
    said = cannot(sensor, LegwatchError)
    assert said.endswith("no board whose GPIO pins the driver's library knows (A_BOARD has no D4)")


def test_a_library_that_is_missing_is_told_by_its_name(sensor: Sensor) -> None:
    sensor.library()
    (sensor.folder / "board.py").write_text("import no_such_module\n")
    assert "needs the module no_such_module" in cannot(sensor, CannotRun)


def test_the_modules_beside_the_program_are_none_of_its_own(sensor: Sensor) -> None:
    sensor.library("import importlib.util; assert importlib.util.find_spec('dht_iio') is None")
    driver, _ = sensor.open()
    assert driver.read() == Reading(31.2, 48.1)


def test_a_child_that_has_not_started_answers_nothing() -> None:
    with pytest.raises(ReadFault, match=r"^ended$"):
        Child(["/bin/false"]).ask()


def test_a_start_that_hangs_is_over_after_its_deadline() -> None:
    child = Child([sys.executable, "-c", "import time; time.sleep(600)"], start_s=0.2)
    with pytest.raises(ReadFault, match=r"^hangs$"):
        child.begin()
    assert child.pid is None
