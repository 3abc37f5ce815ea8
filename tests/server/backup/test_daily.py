"""A backup each day: at noon, once, the newest stay, and a fault is said until one was made."""

import tarfile
from pathlib import Path

import pytest
from tomlkit import dumps

from legwatch_runtime.part import Parts
from legwatch_server.backup.content import SEALED_BY
from legwatch_server.backup.daily import AGAIN_MS, DailyBackup
from legwatch_server.settings_file import read
from legwatch_server.testing import InProcessServer
from server.ward import BEGIN

pytestmark = pytest.mark.slow  # each backup is a process

HOUR_MS = 3_600_000
NOON_MS = BEGIN - BEGIN % (24 * HOUR_MS) + 12 * HOUR_MS


class Days:
    """A server with backups, at a time of our choice."""

    def __init__(self, folder: Path) -> None:
        self.to, self.file, self.now_ms = folder / "to", folder / "server.toml", NOON_MS
        self.to.mkdir()
        state = folder / "state"
        state.mkdir()
        table = {
            "state_dir": str(state),
            "zone": "UTC",
            "people": {"anna": {"channels": ["console"]}},
            "backup": {"folder": str(self.to), "keep": 2},
        }
        self.file.write_text(dumps(table))
        InProcessServer(state, read(self.file), begin_ms=BEGIN).close()
        self.daily = DailyBackup(self.file, lambda: read(self.file), lambda: self.now_ms, Parts())

    def turn(self, later_ms: int = 0) -> list[str]:
        self.now_ms += later_ms
        self.daily.turn()
        return sorted(file.name for file in self.to.iterdir())


@pytest.fixture
def days(tmp_path: Path) -> Days:
    return Days(tmp_path)


def test_there_is_one_a_day_from_its_hour_on(days: Days) -> None:
    assert days.turn() == []  # 12:00
    (one,) = days.turn(HOUR_MS // 2)
    with tarfile.open(days.to / one) as tar:
        assert "settings/server.toml" in tar.getnames()
    made_ns = (days.to / one).stat().st_mtime_ns
    assert days.turn(HOUR_MS) == [one]
    assert (days.to / one).stat().st_mtime_ns == made_ns
    assert len(days.turn(23 * HOUR_MS)) == 2


def test_the_newest_stay_and_what_is_not_ours(days: Days) -> None:
    for name in ("legwatch-2020-01-01.tar", "legwatch-2020-01-02.age", "my-legwatch.tar"):
        (days.to / name).write_text("x")
    names = days.turn(HOUR_MS)
    assert "my-legwatch.tar" in names
    assert "legwatch-2020-01-02.age" in names
    assert "legwatch-2020-01-01.tar" not in names


def test_with_a_passphrase_it_is_sealed(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SEALED_BY, "correct horse battery")
    (one,) = days.turn(HOUR_MS)
    assert one.endswith(".age")
    assert b"anna" not in (days.to / one).read_bytes()


def test_a_fault_is_said_until_a_backup_was_made(
    days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    days.to.rmdir()
    days.now_ms += HOUR_MS
    days.daily.turn()
    (said,) = days.daily.concerns()
    assert said == f"no backup was made: {days.to} is no folder: make it first"
    assert said in caplog.text
    days.to.mkdir()
    assert days.turn(AGAIN_MS - 1) == []
    assert len(days.turn(1)) == 1
    assert list(days.daily.concerns()) == []


def test_without_a_folder_there_is_none(days: Days) -> None:
    days.file.write_text(days.file.read_text().replace(str(days.to), ""))
    assert days.turn(HOUR_MS) == []
