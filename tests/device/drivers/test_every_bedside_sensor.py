"""What all movement and presence drivers have in common, whatever their hardware does.

A new driver is one more line in `bedside_rigs`.
"""

import importlib.abc
import importlib.machinery
import math
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from device.drivers.bedside_rigs import GROUPS, MOTION, PRESENCE, Rig, Waits, raises, returns
from device.drivers.mcp3008_chip import close_all
from device.waiting import soon
from legwatch.contract.roles import MOTION as MOTIONS
from legwatch.contract.roles import PRESENCE as PRESENCES
from legwatch.errors import CannotRun
from legwatch.events import Window
from legwatch_device import reader
from legwatch_device.drivers import rounds
from legwatch_device.reader import SensorReader
from legwatch_device.samples import PlacedSensor, Span, close_window
from legwatch_device.starting import started
from legwatch_runtime.part import Parts
from placed import MOVEMENT
from placed import PRESENCE as MAT
from repository import REPO

ROLES = {MOTIONS: MOVEMENT, PRESENCES: MAT}
LEARNS_S, SETTLES_S = 30.0, 140.0  # until a driver knows the noise, or the levels, of its strip
Make = Callable[[type[Rig]], Rig]


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    rounds.end_all()
    close_all()


@pytest.fixture
def mover(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Make:
    return lambda kind: kind(MOTIONS, monkeypatch, tmp_path)


@pytest.fixture
def watcher(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Make:
    return lambda kind: kind(PRESENCES, monkeypatch, tmp_path)


class Asked:
    """A driver, asked for its windows as the agent does it."""

    def __init__(self, rig: Rig) -> None:
        self.role, self._stop = ROLES[rig.group], threading.Event()
        placed, starting = PlacedSensor(self.role, None), started(rig.open())
        self._reader = SensorReader(
            placed, starting, rig.clock, window_s=10, sample_s=5, parts=Parts()
        )
        self._reader.begin(self._stop)
        while self.window().faults == ((self.role.fault, "cannot_start"),):
            pass

    def window(self) -> Window:
        return close_window(self._reader.take(), Span(0, 10_000, mono_ms=5, synced=True))

    def fault(self) -> str:
        """Return the fault of a window, which then has no value."""
        window = self.window()
        assert (window.moves, window.moved_s, window.active_s, window.in_bed) == (None,) * 4
        return dict(window.faults)[self.role.fault]


def broken_kinds(rigs: Sequence[type[Rig]]) -> list[type[Rig]]:
    return [kind for kind in rigs if kind.breaks]


@pytest.mark.parametrize("group", GROUPS)
def test_every_driver_of_the_group_is_here(group: str) -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    assert {kind.driver for kind in GROUPS[group]} == set(project["entry-points"][group])


@pytest.mark.parametrize("kind", MOTION)
def test_a_movement_is_told_once(kind: type[Rig], mover: Make) -> None:
    rig = mover(kind)
    asked = Asked(rig)
    rig.passes(LEARNS_S)
    assert asked.window().moves == 0
    rig.passes(2)
    rig.moves(3)
    rig.passes(5)
    first = asked.window()
    assert first.moves in {1, 3, 4}  # one, or one for each second
    assert first.faults == ()
    assert first.moved_s is None or 2.5 <= first.moved_s <= 4.5
    rig.passes(10)
    assert asked.window().moves == 0


@pytest.mark.parametrize("kind", MOTION)
def test_no_movement_is_none_at_all_and_not_unknown(kind: type[Rig], mover: Make) -> None:
    rig = mover(kind)
    asked = Asked(rig)
    rig.passes(LEARNS_S)
    for _ in range(3):
        window = asked.window()
        assert (window.moves, window.faults) == (0, ())
        assert window.moved_s in {0.0, None}
        assert window.active_s in {0.0, None}
        rig.passes(10)


@pytest.mark.parametrize("kind", PRESENCE)
def test_who_gets_in_is_there_and_who_gets_out_is_not(kind: type[Rig], watcher: Make) -> None:
    rig = watcher(kind)
    rig.lies(there=False)
    asked = Asked(rig)
    rig.passes(SETTLES_S)
    assert asked.window().in_bed in {False, None}  # a strip does not know its levels yet
    for there in (True, False, True):
        rig.lies(there=there)
        rig.passes(SETTLES_S)
        window = asked.window()
        assert (window.in_bed, window.faults) == (there, ())


NO_ANSWERS: dict[str, Callable[[], object]] = {
    "an OSError": raises(OSError(121, "Remote I/O error")),
    "a RuntimeError": raises(RuntimeError("the library's own")),
    "SystemExit": raises(SystemExit(3)),
    "nan": returns(math.nan),
    "None": returns(None),
    "a text": returns("0.5"),
}
BREAKS = [name for name in NO_ANSWERS if name != "None"]


def breaks(rig: Rig, name: str) -> None:
    rig.broken = NO_ANSWERS[name]


@pytest.mark.parametrize("name", NO_ANSWERS)
@pytest.mark.parametrize("kind", broken_kinds(MOTION))
def test_what_is_no_level_is_a_fault_and_no_movement(
    kind: type[Rig], name: str, mover: Make
) -> None:
    rig = mover(kind)
    asked = Asked(rig)
    rig.passes(LEARNS_S)
    asked.window()
    breaks(rig, name)
    for _ in range(2):
        rig.passes(10)
        assert asked.fault()
    rig.broken = None
    rig.passes(LEARNS_S)
    asked.window()  # of a time that was seen in part
    rig.passes(10)
    window = asked.window()
    assert (window.moves, window.faults) == (0, ())


@pytest.mark.parametrize("name", NO_ANSWERS)
@pytest.mark.parametrize("kind", broken_kinds(PRESENCE))
@pytest.mark.parametrize("there", [True, False])
def test_what_is_no_level_is_a_fault_and_neither_in_bed_nor_out(
    kind: type[Rig], name: str, watcher: Make, *, there: bool
) -> None:
    rig = watcher(kind)
    rig.lies(there=not there)
    asked = Asked(rig)
    rig.passes(SETTLES_S)
    rig.lies(there=there)
    rig.passes(SETTLES_S)
    assert asked.window().in_bed is there
    breaks(rig, name)
    for _ in range(2):
        rig.passes(10)
        assert asked.fault()
    rig.broken = None
    rig.passes(SETTLES_S)
    assert asked.window().in_bed is there


def hang(rig: Rig) -> tuple[Waits, threading.Thread | None]:
    """Let the hardware hang in the next reading of the driver."""
    waits = Waits()
    rig.broken = waits
    if not rig.reads_alone:
        return waits, None
    thread = threading.Thread(target=rig.turn)
    thread.start()
    assert waits.begun.wait(5)
    return waits, thread


@pytest.mark.parametrize(
    ("group", "kind"), [(group, kind) for group in GROUPS for kind in broken_kinds(GROUPS[group])]
)
def test_one_that_hangs_is_told_until_it_comes_back(
    group: str, kind: type[Rig], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rig = kind(group, monkeypatch, tmp_path)
    asked = Asked(rig)
    if group == PRESENCES:
        rig.lies(there=True)
    rig.passes(LEARNS_S)
    asked.window()
    monkeypatch.setattr(reader, "ANSWER_S", 0.05)
    waits, thread = hang(rig)
    for minutes in (1, 10, 600):  # a minute, and as good as for ever
        rig.clock.advance(minutes * 60_000)
        assert asked.fault() == rig.hung
    waits.go_on.set()
    if thread is not None:
        thread.join(5)
    rig.broken = None
    monkeypatch.setattr(reader, "ANSWER_S", 5.0)
    assert soon(lambda: asked.window().faults != ((asked.role.fault, rig.hung),))
    rig.passes(SETTLES_S)
    asked.window()
    rig.passes(10)
    window = asked.window()
    assert window.faults == ()
    assert window.in_bed is not False


class _Refuses(importlib.abc.MetaPathFinder):
    """Lets the import of a library raise."""

    def __init__(self, library: str, error: BaseException) -> None:
        self.library, self.error = library, error

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.split(".", maxsplit=1)[0] == self.library:
            raise self.error
        return None


@pytest.mark.parametrize("error", [ValueError("no\nbus"), SystemExit(3), OSError("no board")])
@pytest.mark.parametrize(
    ("group", "kind"), [(group, kind) for group in GROUPS for kind in GROUPS[group] if kind.library]
)
def test_a_library_that_cannot_be_imported_is_tried_again(
    group: str,
    kind: type[Rig],
    error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    rig = kind(group, monkeypatch, tmp_path)
    assert rig.library is not None
    for name in [name for name in sys.modules if name.split(".")[0] == rig.library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Refuses(rig.library, error), *sys.meta_path])
    with pytest.raises(CannotRun, match=r"^here: driver .* cannot start: "):
        rig.open_alone()


@pytest.mark.parametrize("name", BREAKS)
@pytest.mark.parametrize(
    ("group", "kind"), [(group, kind) for group in GROUPS for kind in broken_kinds(GROUPS[group])]
)
def test_hardware_that_fails_at_the_start_is_tried_again_or_is_a_fault(
    group: str, kind: type[Rig], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rig = kind(group, monkeypatch, tmp_path)
    breaks(rig, name)
    try:
        asked = Asked(rig)
    except (Exception, SystemExit):
        return  # as `Starting` takes it
    rig.passes(LEARNS_S)
    assert asked.fault()
