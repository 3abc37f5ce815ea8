"""The clock at the rim: durations cannot be taken from a clock that somebody may set."""

import subprocess
import sys
from pathlib import Path

import pytest

from legwatch_runtime.clock import Instant, SystemClock, instant
from legwatch_runtime.testing import FakeClock
from repository import REPO

READS = ("time.time()", "time.time_ns()", "time.monotonic()", "time.perf_counter()",
         "datetime.datetime.now()", "datetime.date.today()")  # fmt: skip


def test_only_the_time_between_two_moments_can_be_asked_for() -> None:
    clock = FakeClock()
    before = clock.instant()
    clock.advance(1500)
    assert clock.instant().since(before) == 1.5
    assert before.after(1.5) == clock.instant() > before
    for wrong in (lambda: clock.instant() - before, lambda: before + 1, lambda: before < 5):  # type: ignore[operator]
        with pytest.raises(TypeError):
            wrong()


def test_setting_the_wall_clock_moves_no_moment() -> None:
    clock = FakeClock()
    before, at_ms = clock.instant(), clock.utc_ms()
    clock.step(-86_400_000)
    assert clock.instant() == before
    assert clock.utc_ms() == at_ms - 86_400_000


def test_a_sleeping_machine_counts_as_time() -> None:
    """The kernel's own figure of the time since its start, sleep included."""
    clock = SystemClock()
    up_s = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    assert abs(clock.mono_ms() / 1000 - up_s) < 5
    assert clock.instant().since(Instant(0)) == pytest.approx(up_s, abs=5)
    assert instant().since(clock.instant()) < 5


ROOMS = ("core/legwatch", "core/legwatch_runtime", "device/legwatch_device",
         "server/legwatch_server", "lab/legwatch_lab")  # fmt: skip


@pytest.mark.parametrize("room", ROOMS)
def test_another_way_to_read_a_clock_cannot_be_written(room: str) -> None:
    code = "import datetime\nimport time\n" + "".join(f"print({read})\n" for read in READS)
    found = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--output-format", "concise",
         "--no-cache", "--stdin-filename", f"{room}/new.py", "-"],
        input=code, capture_output=True, text=True, cwd=REPO, check=False,
    )  # fmt: skip
    assert found.stdout.count("TID251") == len(READS), found.stdout + found.stderr
