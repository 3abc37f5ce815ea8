"""A driver whose native code ends the agent: what `legwatch up` says last names the driver."""

import os
import subprocess
import sys
from pathlib import Path
from queue import SimpleQueue

import pytest

from legwatch_runtime.calls import Running
from legwatch_runtime.part import Parts
from legwatch_server.supervisor.broker import BrokerProcess
from legwatch_server.supervisor.config import GeneratedConfig
from legwatch_server.supervisor.last_words import LastWords
from legwatch_server.supervisor.process import Process, ProcessEvent, ProcessSpec
from legwatch_server.supervisor.supervisor import Supervisor
from strangers import Stranger

NULL = "import ctypes; ctypes.string_at(0)"
GOOD = "class Odd:\n    def __init__(self, options): pass\n    def read(self): pass\n"
LOG = Path("/x/agent.log")
CODES = {
    "its start": GOOD.replace("pass", NULL, 1),
    "a reading aborts": GOOD.replace("self): pass", "self): import os; os.abort()"),
    "a reading takes a null pointer": GOOD.replace("self): pass", f"self): {NULL}"),
}


# Two drivers of one file, both read at the same time; only one of them ends the agent.
TWO = """import os, threading
from legwatch_device.drivers import Reading, MotionSample
both = threading.Barrier(2)
def deeper():
    both.wait(30)
    {end}
class Warm:
    def __init__(self, options): pass
    def read(self):
        both.wait(30)
        threading.Event().wait()
class Still(Warm):
    def seen(self):
        deeper()
"""
# One that starts well beside one that ends the agent a while after it has begun to start.
BESIDE = """import os, threading, time
begun = threading.Event()
class Warm:
    def __init__(self, options):
        begun.wait(30)
    def read(self): pass
class Still:
    def __init__(self, options):
        begun.set()
        time.sleep(0.5)
        os._exit(7)
    def seen(self): pass
"""


def run_agent(
    code: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Stranger, int, str]:
    """Return whose code it was, how an agent with its two drivers ended, and what `up` says."""
    stranger = Stranger(folder, monkeypatch)
    groups = {"thermometers": {"warm": "{}:Warm"}, "motion": {"still": "{}:Still"}}
    stranger.has(code, {f"legwatch.{group}": named for group, named in groups.items()})
    file = folder / "agent.toml"
    file.write_text(
        f'bed = "anna"\nstate_dir = "{folder}/state"\nsample_s = 5\nwindow_s = 1\n'
        '[sensors.leg]\ndriver = "warm"\n[sensors.movement]\ndriver = "still"\n'
    )
    command = (sys.executable, "-m", "legwatch", "agent", "--config", str(file))
    path = os.pathsep.join((str(stranger.site), *sys.path))
    events: SimpleQueue[ProcessEvent] = SimpleQueue()
    child = Process(ProcessSpec("agent", command, {"PYTHONPATH": path}), events, Parts())
    assert child.wait(60)
    calling, ended = child.calling(), child.code
    child.finish()
    assert ended is not None
    words = LastWords()
    while not events.empty():
        words.hear(getattr(events.get(), "line", ""))
    return stranger, ended, words.at_end(ended, LOG, calling)


def agent_file(folder: Path) -> Path:
    file = folder / "agent.toml"
    file.write_text(
        f'bed = "anna"\nstate_dir = "{folder}/state"\n[sensors.leg]\ndriver = "odd"\n'
        '[sensors.room]\ndriver = "simulated"\n'
    )
    return file


@pytest.mark.parametrize("code", CODES)
def test_the_driver_that_was_called_is_named(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Stranger(tmp_path, monkeypatch)
    stranger.has(CODES[code], {"legwatch.thermometers": {"odd": "{}:Odd"}})
    command = (sys.executable, "-m", "legwatch", "agent", "--config", str(agent_file(tmp_path)))
    path = os.pathsep.join((str(stranger.site), *sys.path))
    ended = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode < 0, ended.stderr
    words = LastWords()
    for line in ended.stderr.splitlines():
        words.hear(line)
    said = words.at_end(ended.returncode, LOG)
    whose = f"driver 'odd' ({stranger.origin('Odd')})"
    assert said.startswith(f" It was calling {whose}, in line "), ended.stderr
    assert f"{stranger.name}.py: update that package, or take it out of the settings." in said
    assert said.endswith(f" Its log: {LOG}")


@pytest.mark.parametrize("end", ["os._exit(7)", "os._exit(1)", "os.abort()"])
def test_a_reading_that_ends_the_agent_long_after_the_start_is_named(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has ended it leaves no word, and the lines of the start are far away."""
    stranger = Stranger(tmp_path, monkeypatch)
    code = (
        "import os\nfrom legwatch_device.drivers import Reading\nclass Odd:\n    count = 0\n"
        "    def __init__(self, options): pass\n    def read(self):\n        self.count += 1\n"
        f"        if self.count > 1: {end}\n"
        "        print('x\\n' * 50)\n        return Reading(30.0)\n"
    )
    stranger.has(code, {"legwatch.thermometers": {"odd": "{}:Odd"}})
    file = agent_file(tmp_path)
    file.write_text(f"sample_s = 5\n{file.read_text()}")
    command = (sys.executable, "-m", "legwatch", "agent", "--config", str(file))
    path = os.pathsep.join((str(stranger.site), *sys.path))
    events: SimpleQueue[ProcessEvent] = SimpleQueue()
    child = Process(ProcessSpec("agent", command, {"PYTHONPATH": path}), events, Parts())
    assert child.wait(60)
    calling, code_ = child.calling(), child.code
    child.finish()
    assert code_
    assert [one.what for one in calling] == [f"calling driver 'odd' ({stranger.origin('Odd')})"]
    words = LastWords()
    while not events.empty():
        words.hear(getattr(events.get(), "line", ""))
    assert words.at_end(code_, LOG, calling).startswith(f" It was {calling[0].what}")


@pytest.mark.parametrize("end", ["os.abort()", NULL])
def test_of_two_drivers_in_one_file_the_one_whose_thread_failed_is_named(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger, ended, said = run_agent(TWO.format(end=end), tmp_path, monkeypatch)
    assert ended < 0
    whose = f"driver 'still' ({stranger.origin('Still')})"
    method = f"line 14 of {stranger.site / stranger.name}.py"  # not that of `deeper`
    assert said.startswith(f" It was calling {whose}, in {method}: update that package"), said
    assert "warm" not in said


def test_of_two_drivers_that_are_read_when_nothing_is_left_both_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger, ended, said = run_agent(TWO.format(end="os._exit(7)"), tmp_path, monkeypatch)
    assert ended == 7
    still, warm = (
        f"calling driver '{name.lower()}' ({stranger.origin(name)})" for name in ("Still", "Warm")
    )
    assert said.startswith(f" Probably one of these has ended it: {still}; {warm}. Update"), said


def test_a_constructor_that_ends_the_agent_later_is_named_and_none_that_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger, ended, said = run_agent(BESIDE, tmp_path, monkeypatch)
    assert ended == 7
    assert said.startswith(f" It was starting driver 'still' ({stranger.origin('Still')}): "), said


def test_what_was_called_is_not_blamed_for_an_end_from_outside() -> None:
    words = LastWords()
    words.hear("INFO agent up")
    said = Running(1, "calling driver 'odd' (odd_one:Odd of odd 1.0)")
    blamed = f" It was {said.what}: update that package, or take it out of the settings."
    assert words.at_end(7, LOG, [said]) == f"{blamed} Its log: {LOG}"
    for code in (0, -9, -15):
        assert "odd" not in words.at_end(code, LOG, [said])


def test_without_a_driver_in_the_dump_its_lines_are_still_no_last_word() -> None:
    words = LastWords()
    for line in ("INFO agent up", "Fatal Python error: Aborted", "", "Current thread 0x1 (most"):
        words.hear(line)
    assert words.at_end(-6, LOG) == f" Its last word: INFO agent up. Its log: {LOG}"
    began = LastWords()
    began.hear("INFO sensors.leg: starting driver 'odd' (odd_one:Odd of odd 1.0)")
    began.hear("Fatal Python error: Segmentation fault")
    said = " The last that it began was starting driver 'odd' (odd_one:Odd of odd 1.0)."
    assert began.at_end(-11, LOG) == f"{said} Its log: {LOG}"
    assert LastWords().at_end(-9, LOG) == f" Its log: {LOG}"
    assert words.at_end(1, LOG) == " Its last word: INFO agent up"


@pytest.mark.parametrize(
    ("file", "named"), [("read", ["read"]), ("lamp", ["lamp"]), ("inner", ["read", "lamp"])]
)
def test_of_two_drivers_of_a_package_the_one_whose_file_it_is_is_named(
    file: str, named: list[str]
) -> None:
    words = LastWords()
    for one in ("read", "lamp"):
        words.hear(f"INFO sensors.leg: starting driver '{one}' (kit.{one}:Odd of kit 1.0)")
    words.hear("Fatal Python error: Segmentation fault")
    words.hear("Current thread 0x1 (most recent call first):")
    words.hear(f'  File "/site/kit/{file}.py", line 3 in read')
    each = [f"calling driver '{one}' (kit.{one}:Odd of kit 1.0)" for one in named]
    said = words.at_end(-11, LOG)
    if len(each) == 1:
        assert said.startswith(f" It was {each[0]}, in line 3 of ")
    else:
        several = f" Probably one of these has ended it, in line 3 of /site/kit/{file}.py: "
        assert said.startswith(f"{several}{'; '.join(each)}. Update its package")


def test_up_says_no_line_of_a_dump_and_where_the_log_is(tmp_path: Path) -> None:
    code = "import faulthandler, os; faulthandler.enable(); print('up', flush=True); os.abort()"
    broker = BrokerProcess(ProcessSpec("broker", (sys.executable, "-IS", "-c", code)), 1, {})
    config = GeneratedConfig(broker, ProcessSpec("server", ()), ProcessSpec("agent", ()))
    said: list[str] = []
    up = Supervisor(config, tmp_path, show=said.append, parts=Parts())
    slot = up._slots[0]
    up._supervise(slot)
    assert slot.process is not None
    slot.process.wait(30.0)
    up._supervise(slot)
    log = tmp_path / "broker.log"
    assert said[-1] == (
        "The broker ended (killed by signal 6); it is started again in 1 s."
        f" Its last word: up. Its log: {log}"
    )
    assert "Fatal Python error: Aborted" in log.read_text()
    up.end()
