"""The agent as a process, with a radar on a pseudo-terminal for movement and presence."""

import os
import signal
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from device.drivers.ld2410_sender import frame
from device.waiting import soon
from legwatch.contract.window import decode_window
from legwatch.events import Window
from legwatch_device.spool import Spool

pytestmark = pytest.mark.end_to_end


class Radar:
    """Sends ten frames a second until `end`; one of them is torn."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.name, self._end = os.ttyname(self._slave), threading.Event()
        self.moving_cm: int | None = None
        self.still_cm: int | None = 120
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        self._end.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    def _run(self) -> None:
        os.set_blocking(self._master, False)
        number = 0
        while not self._end.wait(0.1):
            number += 1
            sent = frame(self.moving_cm, self.still_cm, still_energy=40 + number % 30)
            try:
                os.write(self._master, sent[:11] if number % 10 == 0 else sent)
            except BlockingIOError:
                continue  # nobody reads


@pytest.fixture
def radar() -> Iterator[Radar]:
    made = Radar()
    yield made
    made.end()


def test_its_windows_say_who_is_in_bed_and_what_has_moved(tmp_path: Path, radar: Radar) -> None:
    table = f'driver = "ld2410"\nport = "{radar.name}"\nfurthest_cm = 200\n'
    file = tmp_path / "agent.toml"
    file.write_text(
        f'bed = "anna"\nwindow_s = 1\nstate_dir = "{tmp_path}/state"\n'
        f"[mqtt]\nport = 9\n[sensors.movement]\n{table}[sensors.presence]\n{table}hold_s = 1\n"
    )
    (tmp_path / "state").mkdir()
    words = [sys.executable, "-m", "legwatch", "agent", "--config", str(file)]

    def windows() -> list[Window]:
        with closing(Spool(tmp_path / "state/spool.db")) as spool:
            return [decode_window(kept.payload) for _, kept in spool.after(0, 1000)]

    def last() -> Window | None:
        found = windows()
        return found[-1] if found else None

    def shows(in_bed: bool, *, moved: bool) -> bool:
        window = last()
        return (
            window is not None
            and not window.faults
            and window.in_bed is in_bed
            and ((window.moves or 0) > 0, (window.moved_s or 0) > 0.5) == (moved, moved)
        )

    with subprocess.Popen(words, cwd=tmp_path) as agent:
        try:
            assert soon(lambda: shows(True, moved=False), within_s=30)
            radar.moving_cm = 120
            assert soon(lambda: shows(True, moved=True), within_s=30)
            radar.moving_cm, radar.still_cm = 300, None  # somebody walks past the bed
            assert soon(lambda: shows(False, moved=False), within_s=30)
        finally:
            agent.send_signal(signal.SIGTERM)
    assert agent.returncode == 0
