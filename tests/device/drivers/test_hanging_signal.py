"""A lamp of another package that hangs is named in time, and is right again once it is back."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from device.drivers.strange_lamp import strange_lamp
from legwatch.contract.bedside_command import Cmd, Command, CommandResult, Loudness
from legwatch.contract.bedside_info import decode_info
from legwatch.contract.topics import Channel
from legwatch_device import awaited
from legwatch_device.beacon import END_S, Beacon
from legwatch_device.broker_link import LinkUp
from legwatch_device.indicator import Indicator
from legwatch_device.spool import Spool
from legwatch_device.starting import wait_for_first_tries
from legwatch_device.testing import FakeSignal, InProcessAgent
from legwatch_runtime.clock import SystemClock
from legwatch_runtime.part import Parts
from legwatch_runtime.testing import FakeClock

CODE = """
import threading
class Odd:
    def __init__(self, options): pass
    def light(self): return True
    sound = blink = calm = light
    def {deed}(self): threading.Event().wait(20)
"""
NUDGE = Command("a", Cmd.NUDGE)
LOUD = Command("b", Cmd.NUDGE, Loudness.LOUD)
IDENTIFY = Command("c", Cmd.IDENTIFY)
LATE = "its driver has not come back for 0.1 s"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaited, "OBEYS_WITHIN_S", 0.1)


class Hanging(FakeSignal):
    """A lamp whose method `deed` hangs until `go_on` is set, and acts only then."""

    def __init__(self, deed: str) -> None:
        super().__init__()
        self.deed, self.go_on, self.asked = deed, threading.Event(), 0

    def light(self) -> bool:
        return self._wait("light") and super().light()

    def sound(self) -> bool:
        return self._wait("sound") and super().sound()

    def blink(self) -> bool:
        return self._wait("blink") and super().blink()

    def calm(self) -> None:
        self._wait("calm")
        super().calm()

    def _wait(self, deed: str) -> bool:
        self.asked += 1
        return deed != self.deed or self.go_on.wait(20)


@pytest.fixture
def hanging() -> Iterator[Callable[[str], Hanging]]:
    made: list[Hanging] = []

    def make(deed: str) -> Hanging:
        made.append(Hanging(deed))
        return made[-1]

    yield make
    for one in made:
        one.go_on.set()


def until(bed: Indicator, holds: Callable[[], bool]) -> None:
    """Let the indicator look after its lamp until this holds."""
    for _ in range(1000):
        bed.watch()
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name.endswith(".indicator")]


@pytest.mark.parametrize(
    ("deed", "command"),
    [
        ("light", NUDGE),
        ("light", LOUD),
        ("sound", LOUD),
        ("blink", IDENTIFY),
        ("calm", Command("d", Cmd.CALM)),
    ],
)
def test_a_lamp_that_hangs_is_named_with_its_package_and_told_once(
    deed: str,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = queue.Queue[CommandResult]()
    beacon, stranger = strange_lamp(CODE.format(deed=deed), tmp_path, monkeypatch, answers.put)
    assert beacon.starting is not None
    beacon.begin()
    wait_for_first_tries([beacon.starting])
    beacon.obey(command)
    beacon.obey(Command("z", Cmd.NUDGE))
    told = [answers.get(timeout=10) for _ in range(2)]
    why = f"driver 'odd' ({stranger.origin('Odd')}) has not come back for 0.1 s"
    assert told == [CommandResult(ident, ok=False, why=why) for ident in (command.id, "z")]
    assert beacon.why() == why
    beacon.stop()
    assert logged(caplog) == [f"signal: {command.cmd.value}: {why}"]
    assert not any(one.exc_info for one in caplog.records)


def test_while_a_call_hangs_no_second_one_begins(hanging: Callable[[str], Hanging]) -> None:
    signal = hanging("light")
    bed = Indicator(signal, FakeClock())
    assert bed.obey(NUDGE) == CommandResult("a", ok=False, why=LATE)
    assert bed.obey(NUDGE) == bed.obey(NUDGE)
    for number in range(20):
        assert bed.obey(Command(f"n{number}", Cmd.IDENTIFY if number % 2 else Cmd.CALM)).ok is False
        bed.calm()
        bed.watch()
    assert (signal.asked, signal.did) == (1, [])


@pytest.mark.parametrize("pressed", [True, False])
def test_a_lamp_that_lights_too_late_goes_out(
    pressed: bool,
    hanging: Callable[[str], Hanging],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The server was told that it cannot be lit, so it would never put it out."""
    caplog.set_level("INFO")
    signal = hanging("light")
    bed = Indicator(signal, FakeClock())
    bed.obey(NUDGE)
    if pressed:
        bed.calm()
    signal.go_on.set()
    until(bed, lambda: bed.why() == "")
    bed.watch()
    assert signal.did == ["light", "calm"]
    assert logged(caplog)[1:] == ["signal: its driver has come back"]
    assert bed.obey(IDENTIFY).ok


def test_the_evenings_test_is_not_passed_by_a_lit_lamp_whose_driver_hangs(
    hanging: Callable[[str], Hanging],
) -> None:
    bed = Indicator(hanging("sound"), FakeClock())
    assert bed.obey(NUDGE).ok
    assert bed.obey(IDENTIFY) == CommandResult("c", ok=True, why="the lamp is lit")
    assert not bed.obey(LOUD).ok
    assert bed.obey(Command("e", Cmd.IDENTIFY)) == CommandResult("e", ok=False, why=LATE)


def test_a_lamp_that_goes_out_too_late_is_lit_again_for_another_alert(
    hanging: Callable[[str], Hanging],
) -> None:
    signal = hanging("calm")
    bed = Indicator(signal, FakeClock())
    bed.obey(Command("1", Cmd.NUDGE, Loudness.QUIET, "sensor"))
    bed.obey(Command("2", Cmd.NUDGE, Loudness.LOUD, "legs"))
    assert not bed.obey(Command("3", Cmd.CALM, thread="legs")).ok
    signal.go_on.set()
    until(bed, lambda: bed.why() == "")
    assert signal.did[-2:] == ["calm", "light"]


def test_a_lamp_that_hangs_in_its_last_word_does_not_hold_the_exit(
    hanging: Callable[[str], Hanging],
) -> None:
    signal = hanging("calm")
    beacon = Beacon(lambda: signal, SystemClock(), lambda _: None, Parts())
    assert beacon.starting is not None
    beacon.begin()
    wait_for_first_tries([beacon.starting])
    ending = threading.Thread(target=beacon.stop, daemon=True)
    ending.start()
    ending.join(10 + END_S)
    assert not ending.is_alive()
    assert signal.did == []


def test_the_server_hears_of_a_lamp_that_fails_and_that_it_works_again(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1))

    def a_minute_later(signal: FakeSignal, ident: str) -> str:
        bed.beacon.use(signal)
        bed.turn(Command(ident, Cmd.NUDGE))
        bed.clock.advance(60_000)
        bed.turn()
        return decode_info(bed.link.payloads(Channel.INFO)[-1]).lamp

    class Broken(FakeSignal):
        def light(self) -> bool:
            raise OSError("no bus")

    assert a_minute_later(FakeSignal(), "1") == ""
    assert a_minute_later(Broken(), "2") == "its driver failed: no bus"
    assert a_minute_later(FakeSignal(), "3") == ""


@pytest.mark.parametrize("fault", ["OSError('no bus')", "SystemExit(1)"])
def test_why_a_lamp_does_not_start_is_known_to_the_agent(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = CODE.format(deed="blink").replace("pass", f"raise {fault}")
    beacon, stranger = strange_lamp(code, tmp_path, monkeypatch, lambda _: None)
    whose = f"driver 'odd' ({stranger.origin('Odd')})"
    assert beacon.why() == f"{whose} hangs in its start"
    assert beacon.starting is not None
    beacon.starting.attempt()
    assert beacon.why().startswith(f"{whose} cannot start: ")


def test_a_bed_without_a_lamp_has_none_that_does_not_work() -> None:
    assert Beacon(None, SystemClock(), lambda _: None, Parts()).why() == ""
