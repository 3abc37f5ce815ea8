"""A recording in place of sensors: it is played on its own time line."""

import threading
from pathlib import Path

import pytest

from legwatch.errors import SettingsError
from legwatch.events import Window
from legwatch_device.drivers import Put, open_driver, recorded
from legwatch_device.drivers.recorded import RecordedFeed, not_played
from legwatch_runtime.clock import Instant
from legwatch_runtime.testing import FakeClock


def _into(found: list[Window]) -> Put:
    return lambda item: found.append(item) if isinstance(item, Window) else None


NIGHT = "time,channel,value\n" + "".join(
    f"2026-01-02T22:{m:02}:00Z,leg_temperature_c,{30 + m / 10}\n" for m in range(5)
)


def test_a_recording_is_played_on_its_own_time_line(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("n") / "night.csv"
    file.write_text(NIGHT)
    now_s = [50.0]
    feed = RecordedFeed(
        RecordedFeed.Options(str(file), 60.0), now=lambda: Instant(round(now_s[0] * 1_000_000_000))
    )
    assert feed.age_ms(0) is None

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            now_s[0] += timeout or 0.0
            return False

    got: list[Window] = []
    feed.run(_into(got), Stop())
    assert len(got) == 25
    assert feed.age_ms(got[-1].to_ms) == 0
    assert now_s[0] == pytest.approx(50 + 250 / 60)


def test_a_recording_with_nothing_later_than_the_last_one_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "night.csv"
    file.write_text(NIGHT)
    whole: list[Window] = []
    RecordedFeed(RecordedFeed.Options(str(file), 0)).run(_into(whole), threading.Event())
    assert "left out" not in caplog.text
    again = RecordedFeed(RecordedFeed.Options(str(file), 0), after_ms=whole[-1].to_ms)
    again.run(_into([]), threading.Event())
    (said,) = [record for record in caplog.records if "left out" in record.message]
    words = f"night.csv: not all is played: {len(whole)} windows are left out, not later than what"
    assert words in said.message
    assert "to play what is earlier, give `legwatch up` another --state" in said.message
    assert said.levelname == "WARNING"


def test_windows_of_a_recording_that_are_left_out_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Made nights have one date: of a second one only what is later can be played."""
    file = tmp_path / "night.csv"
    file.write_text(NIGHT)
    whole: list[Window] = []
    RecordedFeed(RecordedFeed.Options(str(file), 0)).run(_into(whole), threading.Event())
    rest = RecordedFeed(RecordedFeed.Options(str(file), 0), after_ms=whole[4].to_ms)
    rest.run(_into([]), threading.Event())
    # `legwatch up` shows warnings; a thread of another test may log, and lower the level, too.
    (said,) = (
        record
        for record in caplog.records
        if record.name == recorded.__name__ and record.levelname == "WARNING"
    )
    assert "5 windows are left out, not later than what was played" in said.getMessage()
    assert rest.left_out.startswith("5 windows are left out, not later than what was played")


def test_lines_of_a_recording_that_are_not_used_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "night.csv"
    file.write_text(f"{NIGHT}\n2026-01-02T21:00:00Z,leg_temperature_c,warm\n")
    feed = RecordedFeed(RecordedFeed.Options(str(file), 0))
    feed.run(_into([]), threading.Event())
    lines = "1 line refused, first line "
    assert f"night.csv: not all is played: {lines}" in caplog.text
    assert feed.left_out.startswith(lines)
    assert not_played(RecordedFeed.Options(str(file))) == feed.left_out
    assert not_played(RecordedFeed.Options()) == ""


def test_a_recording_goes_on_behind_what_was_measured(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("n") / "night.csv"
    file.write_text(NIGHT)
    whole: list[Window] = []
    rest: list[Window] = []
    RecordedFeed(RecordedFeed.Options(str(file), 0)).run(_into(whole), threading.Event())
    after = RecordedFeed(RecordedFeed.Options(str(file), 0), after_ms=whole[9].to_ms)
    after.run(_into(rest), threading.Event())
    assert rest == whole[10:]
    assert after.age_ms(0) is None


@pytest.mark.parametrize("speed", [1.0, 60.0, 1200.0])
@pytest.mark.parametrize("away_s", [0.5, 7.0, 10.0])
def test_a_stumble_of_the_machine_makes_no_window_too_old_and_a_long_cut_does(
    away_s: float, speed: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What lasts longer than a stumble is a part of the night, in the recording's time."""
    file = tmp_path_factory.mktemp("n") / "night.csv"
    file.write_text(NIGHT)
    clock, got, ages = FakeClock(), list[Window](), list[int | None]()

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            clock.advance(
                round((timeout or 0) * 1000) + (round(away_s * 1000) if len(got) == 3 else 0)
            )
            return False

    def put(item: object) -> None:
        assert isinstance(item, Window)
        got.append(item)
        ages.append(feed.age_ms(item.to_ms))

    feed = RecordedFeed(RecordedFeed.Options(str(file), speed), now=clock.instant)
    feed.run(put, Stop())
    expected_s = away_s * (speed if away_s > 8 else 1)
    assert max(age or 0 for age in ages) == pytest.approx(expected_s * 1000, rel=0.01)


def test_a_recording_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"recording\.file.*nowhere"):
        open_driver("legwatch.feeds", "recorded", "recording", {"file": "/nowhere.csv"})


@pytest.mark.parametrize(
    ("renames", "why"),
    [
        ({"t": "leg_temperature_c"}, "the file has no column 't'"),
        (
            {"leg_temperature_c": "room_temperature_c", "x": "room_temperature_c"},
            "'leg_temperature_c' and 'x' would both be room_temperature_c",
        ),
    ],
)
def test_a_map_that_loses_or_mixes_channels_is_refused(
    tmp_path: Path, renames: dict[str, str], why: str
) -> None:
    file = tmp_path / "night.csv"
    file.write_text(f"{NIGHT}2026-01-02T22:00:00Z,x,18\n")
    with pytest.raises(SettingsError) as told:
        open_driver("legwatch.feeds", "recorded", "recording", {"file": str(file), "map": renames})
    assert str(told.value) == f"recording.map: {why}; columns of the file: leg_temperature_c, x"


def test_a_recording_of_which_nothing_is_read_is_not_played(tmp_path: Path) -> None:
    night = tmp_path / "night.csv"
    night.write_text("time,channel,value\n2026-01-02T21:00:00Z,lag_temperature_c,31.0\n")
    with pytest.raises(SettingsError, match=r"^recording\.file: .*nothing was read: channels not"):
        open_driver("legwatch.feeds", "recorded", "recording", {"file": str(night)})
