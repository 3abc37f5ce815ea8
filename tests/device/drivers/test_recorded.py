"""A recording in place of sensors: it is played on its own time line."""

import threading

import pytest

from legwatch.errors import SettingsError
from legwatch.events import Window
from legwatch_device.drivers import Put, open_driver
from legwatch_device.drivers.recorded import RecordedFeed
from legwatch_runtime.clock import Instant


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
    assert feed.now_ms() is None

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            now_s[0] += timeout or 0.0
            return False

    got: list[Window] = []
    feed.run(_into(got), Stop())
    assert len(got) == 25
    assert feed.now_ms() == pytest.approx(got[-1].to_ms, abs=1)
    assert now_s[0] == pytest.approx(50 + 250 / 60)


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
    assert after.now_ms() is None


def test_a_recording_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"recording\.file.*nowhere"):
        open_driver("legwatch.feeds", "recorded", "recording", {"file": "/nowhere.csv"})
