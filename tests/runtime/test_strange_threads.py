"""A thread of another package that fails ends alone, and is told; any other ends the process."""

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from legwatch_runtime import plugins
from legwatch_runtime.part import Parts
from strangers import Stranger

GROUP = "legwatch.buttons"
BUTTON = """
import threading
from legwatch_runtime import plugins
class Odd:
    def listen(self, pressed):
        thread = threading.Thread(target=self.wait, name="kt")
        thread.start()
        thread.join()
    def wait(self):
        {line}
"""
POLLS = """
import threading
def poll(callback):
    thread = threading.Thread(target=lambda: callback(), name="polls")
    thread.start()
    thread.join()
"""


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what ended the process."""
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    return []


@pytest.fixture
def parts(ends: list[str]) -> Parts:
    made = Parts(end=ends.append)
    made.guard_other_threads()
    return made


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    return Stranger(tmp_path, monkeypatch)


def listening(stranger: Stranger, line: str) -> Any:
    stranger.has(BUTTON.format(line=line), {GROUP: {"odd": "{}:Odd"}})
    return plugins.load(GROUP, "odd", "button.driver", "driver")()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("raise ValueError('a\\nb')", "ValueError: a b"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise OSError('no bus')", "no bus"),
        ("plugins.load()", "TypeError: load() missing 4 required positional arguments"),
    ],
)
def test_it_ends_nothing_and_is_said_once_with_package_and_line(
    line: str,
    why: str,
    stranger: Stranger,
    parts: Parts,
    ends: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    button = listening(stranger, line)
    button.listen(print)
    button.listen(print)
    assert ends == []
    (sentence,) = parts.wrong()
    assert sentence.startswith(f"the thread kt of {stranger.name} 1.2 failed: {why}")
    assert sentence.endswith(f" ({stranger.site / stranger.name}.py:10)")
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == [
        f"{sentence}; legwatch goes on without it"
    ]
    assert parts.well()


def test_a_thread_of_a_library_that_calls_it_ends_the_process(
    stranger: Stranger, parts: Parts, ends: list[str]
) -> None:
    """Such a thread may serve the other sensors, too: without it they would say nothing."""
    button = listening(stranger, "raise ValueError('x')")
    library = f"polls_of_{stranger.name}"
    (stranger.site / f"{library}.py").write_text(POLLS)
    __import__(library).poll(button.wait)
    place = f"{stranger.site / stranger.name}.py:10"
    assert ends == [f"the thread polls failed: ValueError: x ({place})"]
    assert list(parts.wrong()) == []


def test_of_packages_with_a_common_name_the_right_one_is_named(
    stranger: Stranger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: Parts
) -> None:
    other = Stranger(tmp_path, monkeypatch)
    for made, name in ((stranger, "odd"), (other, "even")):
        made.has(None, {GROUP: {name: f"firm_{stranger.name}.{name}:Odd"}})
        folder = made.site / f"firm_{stranger.name}"
        folder.mkdir()
        (folder / f"{name}.py").write_text(BUTTON.format(line="raise ValueError(1)"))
    for name in ("odd", "even"):
        plugins.load(GROUP, name, "button.driver", "driver")().listen(print)
    said = [sentence.partition(" failed")[0] for sentence in parts.wrong()]
    assert said == [f"the thread kt of {made.name} 1.2" for made in (stranger, other)]
    assert f"firm_{stranger.name}" in sys.modules


def test_a_failure_with_a_secret_in_its_text_hides_it(
    stranger: Stranger, parts: Parts, ends: list[str]
) -> None:
    line = "import legwatch_runtime.secrets as s; s.remember('geheim99'); raise OSError('geheim99')"
    listening(stranger, line).listen(print)
    assert "geheim99" not in next(parts.wrong())
    assert ends == []
