"""The limits that a bedside keeps: seldom written, and a damaged file costs only the newest."""

from pathlib import Path

import pytest

from legwatch_device.kept_rules import BEFORE, EVERY_S, NAME, KeptRules
from legwatch_runtime.testing import FakeClock


def test_it_is_written_once_an_hour_or_when_the_limits_change(tmp_path: Path) -> None:
    clock = FakeClock()
    kept = KeptRules(tmp_path, clock)
    kept.keep(b"one", "limits")
    kept.keep(b"two", "limits")
    assert list(kept.read()) == [b"one"]
    kept.keep(b"three", "others")
    assert list(kept.read()) == [b"three", b"one"]
    clock.advance(int(EVERY_S * 1000))
    kept.keep(b"four", "others")
    assert list(KeptRules(tmp_path, clock).read()) == [b"four", b"three"]


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, b"half a su", b"\xff" * 100_000])
def test_a_damaged_file_leaves_the_one_before(tmp_path: Path, damage: bytes) -> None:
    clock = FakeClock()
    kept = KeptRules(tmp_path, clock)
    kept.keep(b"one", "1")
    kept.keep(b"two", "2")
    (tmp_path / NAME).write_bytes(damage)
    assert list(kept.read()) == [b"one"]
    kept.keep(b"three", "3")  # the damaged one does not take the good one's place
    (tmp_path / NAME).write_bytes(damage)
    assert list(kept.read()) == [b"one"]
    (tmp_path / BEFORE).unlink()
    assert list(kept.read()) == []


def test_each_byte_of_it_is_guarded(tmp_path: Path) -> None:
    kept = KeptRules(tmp_path, FakeClock())
    kept.keep(b'{"v":1,"warn_c":28.0}', "1")
    good = (tmp_path / NAME).read_bytes()
    for place in range(len(good)):
        flipped = bytearray(good)
        flipped[place] ^= 1
        (tmp_path / NAME).write_bytes(flipped)
        assert list(kept.read()) == []


def test_that_nobody_watches_the_bed_is_kept_too(tmp_path: Path) -> None:
    kept = KeptRules(tmp_path, FakeClock())
    kept.keep(b"one", "1")
    kept.rest()
    assert next(kept.read()) == b""


def test_a_card_that_takes_nothing_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = KeptRules(tmp_path / "away", FakeClock())
    for number in range(3):
        kept.keep(b"one", str(number))
    assert caplog.text.count("are not kept on the disk") == 1
