"""An LD2410 on a real pseudo-terminal, read by pyserial; only the clock is made."""

import array
import fcntl
import os
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from device.drivers.ld2410_sender import frame
from device.waiting import soon
from legwatch.errors import CannotRun, SettingsError
from legwatch_device.drivers import (
    MotionSample,
    ReadFault,
    device_file,
    ld2410,
    open_driver,
    rounds,
)
from legwatch_device.drivers.ld2410 import Ld2410Movement, Ld2410Presence
from legwatch_device.drivers.ld2410_radar import Radar
from legwatch_runtime.testing import FakeClock

MOTION, PRESENCE = "legwatch.motion", "legwatch.presence"


class Line:
    """A serial line; the radar at its other end sends what a test says."""

    def __init__(self, folder: Path) -> None:
        self.name, self._master = folder / "radar", -1  # a name that stays, as /dev/serial0 does
        self.plug_in()

    def plug_in(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.name.symlink_to(os.ttyname(slave))
        self._slave = slave

    def pull_out(self) -> None:
        os.close(self._master)
        os.close(self._slave)
        self.name.unlink()
        self._master = -1

    def sends(self, some: bytes) -> None:
        """Send, and wait until the kernel has passed all of it on."""
        os.write(self._master, some)
        assert soon(lambda: self._waiting() >= len(some))

    def sends_on(self, some: bytes) -> None:
        """Send to whoever reads meanwhile."""
        os.write(self._master, some)

    def _waiting(self) -> int:
        waiting = array.array("i", [0])
        fcntl.ioctl(self._slave, termios.FIONREAD, waiting)
        return waiting[0]

    def end(self) -> None:
        if self._master >= 0:
            self.pull_out()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    rounds.end_all()
    made.end()


class Bed:
    """The radar at a bed, on a clock that stands still."""

    def __init__(self, line: Line, patch: pytest.MonkeyPatch, **options: Any) -> None:
        patch.setattr(ld2410, "READ_S", 0.01)
        self.clock, self.line = FakeClock(), line
        now = self.clock.instant
        self.radar = Radar(lambda: ld2410.open_port(str(line.name), 256_000), now)
        self.movement = Ld2410Movement(Ld2410Movement.Options(**options), radar=self.radar, now=now)
        self.presence = Ld2410Presence(Ld2410Presence.Options(**options), radar=self.radar, now=now)

    def hears(self, some: bytes, seconds: float = 0.1) -> None:
        self.clock.advance(round(seconds * 1000))
        if some:
            self.line.sends(some)
        self.radar.turn()

    def hears_for(self, seconds: float, *targets: int | None) -> None:
        for number in range(round(seconds * 10)):
            self.hears(frame(*targets, still_energy=50 + number % 9))

    def faults(self) -> set[str]:
        said = set()
        for ask in (self.movement.seen, self.presence.present):
            with pytest.raises(ReadFault) as raised:
                ask()
            said.add(str(raised.value))
        return said


@pytest.fixture
def bed(line: Line, monkeypatch: pytest.MonkeyPatch) -> Bed:
    return Bed(line, monkeypatch)


def test_movement_is_the_time_of_a_moving_target(bed: Bed) -> None:
    bed.hears_for(5, None, 120)
    bed.hears_for(3, 120, 120)
    bed.hears_for(2, None, 120)
    assert bed.movement.seen() == MotionSample(3, 3.0)
    bed.hears_for(10, None, 120)
    assert bed.movement.seen() == MotionSample(0, 0.0)


def test_a_movement_over_the_end_of_a_window_is_told_in_both_with_its_seconds(bed: Bed) -> None:
    bed.hears_for(8, None, 120)
    bed.hears_for(2, 120)
    assert bed.movement.seen() == MotionSample(2, 2.0)
    bed.hears_for(4, 120)
    bed.hears_for(6, None, 120)
    assert bed.movement.seen() == MotionSample(4, 4.0)


def test_a_weak_target_is_no_movement(bed: Bed) -> None:
    for _ in range(100):
        bed.hears(frame(120, 120, moving_energy=49))
    assert bed.movement.seen() == MotionSample(0, 0.0)
    assert bed.presence.present() is True


def test_who_is_there_is_in_bed_until_nobody_was_seen_for_a_while(bed: Bed) -> None:
    bed.hears_for(29)
    assert bed.presence.present() is None  # it may be a sleeper whom the radar has lost
    bed.hears_for(2)
    assert bed.presence.present() is False
    bed.hears_for(0.1, None, 120)
    assert bed.presence.present() is True
    bed.hears_for(29)
    assert bed.presence.present() is True
    bed.hears_for(2)
    assert bed.presence.present() is False


def test_only_the_bed_counts(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    bed = Bed(line, monkeypatch, nearest_cm=60, furthest_cm=200)
    bed.hears_for(31, 40, 240)
    assert bed.presence.present() is False
    assert bed.movement.seen() == MotionSample(0, 0.0)
    bed.hears_for(1, 60, 240)
    assert bed.presence.present() is True
    assert bed.movement.seen() == MotionSample(1, 1.0)
    bed.hears_for(1, 40, 200)
    assert bed.presence.present() is True


def test_two_joined_frames_and_a_torn_one_are_what_they_say(bed: Bed) -> None:
    whole = frame(120, engineering=True)
    bed.hears(whole + whole[:20])
    bed.hears(whole[20:] + frame(None, 120))
    bed.hears(whole[7:] + bytes(30) + frame(120))
    assert bed.movement.seen() == MotionSample(1, 0.3)
    assert bed.presence.present() is True


def test_a_radar_that_sends_nothing_is_silent(bed: Bed) -> None:
    bed.hears_for(1, None, 120)
    for _ in range(20):
        bed.hears(b"", 0.2)
    assert bed.faults() == {"silent"}
    bed.hears_for(10, None, 120)
    assert bed.presence.present() is True


def test_a_wrong_baud_rate_brings_bytes_and_no_frame(bed: Bed) -> None:
    for number in range(20):
        bed.hears(bytes([0xF8, 0x00, 0xE0, number, 0x80]), 0.2)
    assert bed.faults() == {"no_frames"}


def test_a_radar_that_repeats_one_target_for_an_hour_is_frozen(bed: Bed) -> None:
    for _ in range(3700):
        bed.hears(frame(None, 120), 1.0)
    assert bed.faults() == {"frozen"}
    bed.hears(frame(None, 121))
    assert bed.presence.present() is True


def test_an_empty_bed_may_be_the_same_for_hours(bed: Bed) -> None:
    for _ in range(3700):
        bed.hears(frame(), 1.0)
    assert bed.presence.present() is False


def test_what_has_piled_up_while_the_port_hung_is_old(bed: Bed) -> None:
    bed.hears_for(31)
    bed.line.sends(frame(120, 120) * 40)
    bed.clock.advance(60_000)
    assert bed.faults() == {"hangs"}
    bed.hears(b"")
    bed.hears_for(31)
    assert bed.presence.present() is False
    assert bed.movement.seen() == MotionSample(0, 0.0)


def test_an_adapter_that_is_pulled_out_is_opened_again(bed: Bed) -> None:
    bed.hears_for(31, None, 120)
    bed.line.pull_out()
    for _ in range(3):
        bed.hears(b"", 2.0)
        assert bed.faults() == {"port_error"}
    bed.line.plug_in()
    bed.hears(b"")
    bed.hears_for(10, None, 120)
    assert bed.presence.present() is True
    bed.hears_for(10, None, 120)
    bed.movement.seen()
    bed.hears_for(10, None, 120)
    assert bed.movement.seen() == MotionSample(0, 0.0)


@pytest.mark.slow
def test_two_tables_share_one_port_and_one_thread(line: Line) -> None:
    table = {"port": str(line.name), "hold_s": 1}
    presence = open_driver(PRESENCE, "ld2410", "sensors.presence", table)
    movement = open_driver(MOTION, "ld2410", "sensors.movement", {"port": str(line.name)})
    moves = 0

    def both() -> bool:
        nonlocal moves
        line.sends_on(frame(120, 130))
        moves += movement.seen().moves
        return moves > 0 and presence.present() is True

    assert soon(both)


def test_a_port_that_is_not_there_says_how_to_turn_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_file, "DEV", tmp_path)
    with pytest.raises(CannotRun, match=r"serial0 is not there: .*switch the serial port on"):
        open_driver(PRESENCE, "ld2410", "sensors.presence", {"port": "serial0"})


def test_a_file_that_is_no_port_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotRun, match="cannot be opened as a serial port"):
        open_driver(PRESENCE, "ld2410", "here", {"port": str(tmp_path / "file")})


def test_a_range_without_a_place_in_it_is_refused() -> None:
    table = {"nearest_cm": 200, "furthest_cm": 150}
    with pytest.raises(SettingsError, match=r"here\.nearest_cm: 200 is not below furthest_cm, 150"):
        open_driver(MOTION, "ld2410", "here", table)
