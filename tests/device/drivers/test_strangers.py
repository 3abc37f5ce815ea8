"""A driver of another package that fails: one sentence says whose it is, and the others run."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.test_starting import Bed, good, starts
from legwatch.__main__ import main as legwatch
from legwatch.errors import CannotRun, SettingsError
from legwatch.options import describe
from legwatch_device import fittings
from legwatch_device.drivers import load, open_driver, taken_keys
from legwatch_device.reader import SensorReader
from legwatch_device.settings import AgentSettings, read
from legwatch_device.starting import wait_for_first_tries
from legwatch_runtime import plugins
from legwatch_runtime.part import Parts
from legwatch_runtime.plugins import CannotLoad
from legwatch_runtime.testing import FakeClock
from placed import LEG, ROOM
from repository import REPO
from strangers import OWN_THREAD, Fault, Stranger, faults_at_import, hurry, options, promised

pytestmark = pytest.mark.slow  # each waits for a time-out or starts threads

GROUP = "legwatch.thermometers"
PAGE = REPO / "device/legwatch_device/drivers/README.md"
CHECKED = """
from dataclasses import dataclass
from legwatch.settings import setting
class Odd:
    @dataclass(frozen=True, slots=True)
    class Options:
        address: int = setting(72, "I2C address")
        def check(self): {}
    def __init__(self, options): pass
    def read(self): pass
"""
GOOD = "class Odd:\n    def __init__(self, options): pass\n    def read(self): pass\n"


def starting(line: str) -> str:
    """Return a driver with this line in its constructor."""
    return GOOD.replace("pass", line, 1)


AT_IMPORT = {
    **faults_at_import(GOOD),
    "one of its Options has a key that legwatch reads itself": Fault(
        options(GOOD, "offset_c: float = setting(0.0, 'x')"),
        "cannot be used: 'offset_c' of its Options has the name of a key that legwatch reads itself"
        " in every such table: give it another name",
    ),
    "its class lacks a method": Fault(
        "class Odd: pass", "cannot be used: Odd has no method 'read'"
    ),
}
IN_CHECK = {
    "its `check` raises": Fault(
        CHECKED.format("raise ValueError('a\\nb')"), "cannot check its options: ValueError: a b"
    ),
    "its `check` ends the process": Fault(
        CHECKED.format("raise SystemExit(3)"), "cannot check its options: SystemExit: 3"
    ),
    "its `check` hangs": Fault(
        CHECKED.format("import threading; threading.Event().wait(5)"),
        "cannot check its options: it has not come",
    ),
}
# Not in the page: to an author, it raises like any other.
OF_LEGWATCH = {
    "its `check` raises an error of legwatch": Fault(
        "from legwatch.errors import CannotRun\n" + CHECKED.format("raise CannotRun('busy')"),
        "cannot check its options: ",
    ),
}
IN_A_READING = {
    "raise ValueError('a\\nb')": ("driver_error", "driver_error, ValueError: a b ("),
    "raise SystemExit(3)": ("driver_error", "driver_error, SystemExit: 3 ("),
    "return None": ("driver_error", "driver_error, read must return a Reading, not NoneType ("),
    "raise OSError('no bus')": ("no bus", "no bus"),
    "import threading; threading.Event().wait(5)": ("hangs", "hangs"),
}
AT_OPEN = {
    "it raises": Fault(starting("raise TypeError('a\\nb')"), "cannot start: TypeError: a b"),
    "it raises CannotRun": Fault(
        "from legwatch_device.drivers import CannotRun\n" + starting("raise CannotRun('busy')"),
        "cannot start: busy",
    ),
    "it ends the process": Fault(starting("raise SystemExit(3)"), "cannot start: SystemExit: 3"),
    "it needs a module that is missing": Fault(
        starting("import nose_of_a_dog"), "needs the module nose_of_a_dog: "
    ),
}


ALL: dict[str, Fault] = AT_IMPORT | IN_CHECK | AT_OPEN


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(request, monkeypatch)


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    return Stranger(tmp_path, monkeypatch)


def install(stranger: Stranger, name: str, fault: Fault, more: Stranger | None) -> None:
    stranger.has(fault.code, {GROUP: {"odd": f"{{}}:{fault.thing}"}})
    if more is not None and "two packages" in name:
        more.has(fault.code, {GROUP: {"odd": "{}:Odd"}})


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    made = Stranger(tmp_path, monkeypatch)
    return made.has("", {})


def agent_file(folder: Path) -> Path:
    file = folder / "agent.toml"
    file.write_text(
        f'bed = "anna"\nstate_dir = "{folder}/state"\n[sensors.leg]\ndriver = "odd"\n'
        '[sensors.room]\ndriver = "simulated"\n'
    )
    return file


@pytest.mark.parametrize("name", AT_IMPORT | IN_CHECK | OF_LEGWATCH)
def test_a_package_that_is_broken_is_refused_by_day_and_stops_no_agent(
    name: str,
    stranger: Stranger,
    other: Stranger,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault = (ALL | OF_LEGWATCH)[name]
    install(stranger, name, fault, other)
    file = agent_file(tmp_path)
    assert legwatch(["check-config", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    key = "sensors.leg" if name in IN_CHECK | OF_LEGWATCH else "sensors.leg.driver"
    assert f"{key}: driver 'odd' (" in said
    assert stranger.origin("Odd") in said
    assert fault.words in said
    broken: list[CannotLoad] = []
    settings = read(file, broken.append)  # as the agent does
    assert set(settings.sensors) == {"leg", "room"}
    assert fault.words in str(broken[0])


@pytest.mark.parametrize(
    "value",
    ["my-bad.plain:Odd", "bad plain:Odd", "bad/plain:O", "a.b:O()", "a.b.Odd", "a.b.Odd [x]"],
)
def test_an_entry_point_that_python_cannot_take_apart_stops_no_agent(
    value: str, stranger: Stranger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger.has("", {GROUP: {"odd": value, "dht22": value}})
    file = agent_file(tmp_path)
    assert legwatch(["check-config", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{value!r} is not written as module:name" in said
    broken: list[CannotLoad] = []
    assert set(read(file, broken.append).sensors) == {"leg", "room"}
    assert legwatch(["check-config", "--options", "odd"]) == 1
    assert f"{stranger.name} 1.2" in capsys.readouterr().err


@pytest.mark.parametrize("name", ALL)
def test_the_other_sensors_run_and_the_fault_is_told(
    name: str, stranger: Stranger, other: Stranger, caplog: pytest.LogCaptureFixture
) -> None:
    fault = ALL[name]
    install(stranger, name, fault, other)
    bed = Bed(
        (LEG, lambda: open_driver(GROUP, "odd", "sensors.leg", {})), (ROOM, starts(good(18.0)))
    )
    bed.until(lambda window: window.room_c == 18.0)
    window = bed.until(lambda _: fault.words in caplog.text)
    assert window.faults == (("leg", "cannot_start"),)
    assert stranger.origin("Odd") in caplog.text
    assert "the others go on" in caplog.text
    never = plugins.NOT_BEFORE in caplog.text  # what has ended a process is not imported again
    assert ("and this one is tried again" in caplog.text) is not never
    bed.stop.set()


@pytest.mark.parametrize("line", IN_A_READING)
def test_a_reading_that_fails_is_told_in_one_line_with_the_package(
    line: str, stranger: Stranger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fault, words = IN_A_READING[line]
    stranger.has(line.join(GOOD.rsplit("pass", 1)), {GROUP: {"odd": "{}:Odd"}})
    clock, stop = FakeClock(), threading.Event()
    settings = read(agent_file(tmp_path))
    placed, start = fittings.sensors(settings)[0]
    one = SensorReader(placed, start, clock, window_s=10, sample_s=0.5, parts=Parts())
    one.begin(stop)
    for _ in range(500):
        told = [sample.fault for sample in one.take()]
        if fault in told:
            break
        clock.advance(31_000 if fault == "hangs" and "cannot_start" not in told else 0)
        time.sleep(0.01)
    stop.set()
    assert fault in told
    origin = stranger.origin("Odd")  # the reader of another test may say its last word here
    said = [record for record in caplog.records if origin in record.getMessage()]
    said = [record for record in said if record.name == "legwatch_device.reader"]
    whose = f"leg sensor: driver 'odd' ({origin}): {words}"
    assert said[0].getMessage().startswith(whose)
    assert "\n" not in said[0].getMessage()
    assert said[0].exc_info is None


def test_a_reading_that_takes_other_arguments_is_told_with_its_own_line(
    stranger: Stranger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stranger.has(GOOD.replace("read(self)", "read()"), {GROUP: {"odd": "{}:Odd"}})
    placed, start = fittings.sensors(read(agent_file(tmp_path)))[0]
    one = SensorReader(placed, start, FakeClock(), window_s=10, sample_s=0.5, parts=Parts())
    stop = threading.Event()
    one.begin(stop)
    end_s = time.monotonic() + 5
    while "driver_error" not in [sample.fault for sample in one.take()]:
        assert time.monotonic() < end_s
        time.sleep(0.01)
    stop.set()
    assert "driver_error, TypeError: Odd.read() takes 0 positional arguments" in caplog.text
    assert f"({stranger.site / stranger.name}.py:3)" in caplog.text


def test_a_start_that_hangs_is_told_with_the_package(
    stranger: Stranger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    code = starting("import threading; threading.Event().wait(5)")
    stranger.has(code, {GROUP: {"odd": "{}:Odd"}})
    placed, start = fittings.sensors(read(agent_file(tmp_path)))[0]
    one = SensorReader(placed, start, FakeClock(), window_s=10, sample_s=0.5, parts=Parts())
    stop = threading.Event()
    one.begin(stop)
    wait_for_first_tries([start], within_s=0.05)
    assert [sample.fault for sample in one.take()] == ["cannot_start"]
    said = f"leg sensor: driver 'odd' ({stranger.origin('Odd')}) hangs in its start; the others"
    assert said in caplog.text
    stop.set()


def test_a_driver_that_ends_the_agent_natively_stands_in_its_last_lines(
    stranger: Stranger, tmp_path: Path
) -> None:
    code = starting("import os; os._exit(7)")
    stranger.has(code, {GROUP: {"odd": "{}:Odd"}})
    path = os.pathsep.join((str(stranger.site), *sys.path))
    command = (sys.executable, "-m", "legwatch", "agent", "--config", str(agent_file(tmp_path)))
    ended = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 7, ended.stderr
    said = f"INFO sensors.leg: starting driver 'odd' ({stranger.origin('Odd')})"
    assert said in ended.stderr.splitlines()[-5:]


def test_the_keys_that_a_driver_must_leave_are_those_that_the_agent_reads() -> None:
    for door in AgentSettings.DOORS:
        assert taken_keys(door.group) == tuple(one.key for one in describe(door.place))


def test_a_module_that_was_imported_is_not_read_again(stranger: Stranger) -> None:
    stranger.has("class Odd: pass", {GROUP: {"odd": "{}:Odd"}})
    for _ in range(2):
        with pytest.raises(CannotRun, match="has no method 'read'"):
            load(GROUP, "odd", "sensors.leg")
        (stranger.site / f"{stranger.name}.py").write_text(GOOD + "# longer than before\n")


def test_a_thread_of_a_button_that_fails_takes_no_sensor_along(
    stranger: Stranger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = GOOD.replace("def read(self): pass", f"def listen(self, pressed): {OWN_THREAD}")
    stranger.has(code, {"legwatch.buttons": {"odd": "{}:Odd"}})
    (file := tmp_path / "agent.toml").write_text('bed = "b"\n[button]\ndriver = "odd"\n')
    ends: list[str] = []
    parts = Parts(end=ends.append)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    parts.guard_other_threads()
    button = fittings.button(read(file), lambda _word: None, parts)
    assert button is not None
    button.starting.attempt()
    (sentence,) = parts.wrong()
    assert sentence.startswith(f"the thread kt of {stranger.name} 1.2 failed: ValueError: invalid ")
    assert ends == []


def test_the_page_for_authors_names_each_of_these_cases() -> None:
    said = {"it hangs", "a reading raises", "a reading has a wrong type", "a reading hangs"}
    said |= {"a thread of its own raises"}
    said |= {"lamp or buzzer raises"}  # test_strange_signal
    said |= {"lamp or buzzer hangs", "lamp, buzzer or button does not start"}  # test_hanging_signal
    assert promised(PAGE, "If a driver fails") == set(ALL) | said


@pytest.mark.parametrize(
    ("line", "path", "words"),
    [
        ("raise LegwatchError('no bus')", "sensors.leg", r"\({}\) cannot start: no bus"),
        ("raise OptionError('pin', 'no')", "sensors.leg.pin", "no"),
    ],
)
def test_what_can_never_start_still_ends_the_agent(
    stranger: Stranger, line: str, path: str, words: str
) -> None:
    head = "from legwatch.errors import LegwatchError, OptionError\n"
    stranger.has(head + starting(line), {GROUP: {"odd": "{}:Odd"}})
    wanted = rf"^{path}: .*{words.format(stranger.origin('Odd'))}"
    with pytest.raises(SettingsError, match=wanted):
        open_driver(GROUP, "odd", "sensors.leg", {})


def test_a_driver_that_is_mended_while_the_agent_runs_is_taken(stranger: Stranger) -> None:
    stranger.has("import nose_of_a_dog", {GROUP: {"odd": "{}:Odd"}})
    with pytest.raises(CannotRun):
        load(GROUP, "odd", "sensors.leg")
    (stranger.site / f"{stranger.name}.py").write_text(GOOD + "# longer than before\n")
    assert load(GROUP, "odd", "sensors.leg").__name__ == "Odd"  # type: ignore[attr-defined]


def test_a_package_takes_no_shipped_driver_away(stranger: Stranger) -> None:
    stranger.has("raise ValueError", {GROUP: {"simulated": "{}:Odd"}})
    assert load(GROUP, "simulated", "x").__module__ == "legwatch_device.drivers.simulated"


def test_entry_points_that_cannot_be_read_hide_no_other(
    stranger: Stranger, other: Stranger
) -> None:
    stranger.has(GOOD, {GROUP: {"odd": "{}:Odd"}})
    (other._info / "entry_points.txt").write_text(f"[{GROUP}]\nnonsense\n")
    assert {"dht22", "odd", "simulated"} <= set(plugins.names(GROUP))  # and what else is installed


def test_a_module_that_hangs_is_not_asked_twice_at_once(stranger: Stranger) -> None:
    code = "import threading; threading.Event().wait(5)"
    stranger.has(code, {GROUP: {"odd": "{}:Odd"}})
    before = len(list(_hanging()))  # of other tests
    for _ in range(3):
        with pytest.raises(CannotLoad):
            load(GROUP, "odd", "sensors.leg")
    assert len(list(_hanging())) <= before + 1


def _hanging() -> Iterator[threading.Thread]:
    return (thread for thread in threading.enumerate() if thread.name == "bounded-call")
