"""Which alerts keep their minute under other readings: what the bench counts as what."""

import shutil
from pathlib import Path

import pytest

from bench import moved_alerts
from bench.moved_alerts import Change, Cold, Fate, changed, compare
from legwatch.events import Window
from nightly import REPO, night

BODIES = REPO / "tests" / "nights" / "body"


def test_an_alert_is_kept_moved_gone_or_new() -> None:
    alerts = [Cold(100, by_contrast=True), Cold(200, by_contrast=True), Cold(400, by_contrast=True)]
    others = [Cold(98, by_contrast=True), Cold(203, by_contrast=True), Cold(461, by_contrast=False)]
    assert compare(alerts, others) == [
        Fate("kept", by_contrast=True, by_min=2),
        Fate("moved", by_contrast=True, by_min=3),
        Fate("gone", by_contrast=True),
        Fate("new", by_contrast=False),
    ]


def test_one_alert_of_the_other_night_stands_for_one_only() -> None:
    alerts = [Cold(100, by_contrast=True), Cold(130, by_contrast=True)]
    fates = compare(alerts, [Cold(101, by_contrast=True)])
    assert [fate.what for fate in fates] == ["kept", "gone"]


def seen(change: Change, seed: str = "a") -> list[Window]:
    windows = night(minutes=10, leg=lambda m: None if m < 1 else 0.0 if m < 2 else 30.0)
    return list(changed(windows, change, seed))


def test_both_thermometers_are_off_by_as_much_but_what_is_missing_stays_so() -> None:
    windows = seen(Change(off_c=0.5))
    assert [w.leg_c for w in windows[::6]] == [None, 0.0, *[30.5] * 8]
    assert {w.room_c for w in windows} == {18.5}


def test_noise_is_drawn_for_each_reading_and_stays_below_what_was_said() -> None:
    windows = seen(Change(noise_c=0.049))
    rooms = [w.room_c for w in windows if w.room_c is not None]
    legs = [w.leg_c for w in windows if w.leg_c]
    assert all(0 < abs(room - 18) <= 0.049 for room in rooms)
    assert len({*legs, *rooms}) == len(legs) + len(rooms) == 48 + 60
    assert windows == seen(Change(noise_c=0.049))
    assert windows != seen(Change(noise_c=0.049), "b")


def test_the_command_counts_the_alerts_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in BODIES.glob("*uncovered_[bn]*"):
        shutil.copy(file, tmp_path)
    assert moved_alerts.main([str(tmp_path), "--jobs", "1"]) == 0
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if " | " in line]
    heads, _, *rows = [[cell.strip(" |") for cell in line] for line in lines]
    assert heads == list(moved_alerts.HEADS)
    assert [row[:2] for row in rows[:2]] == [
        ["noise of up to 0.049 °C", "contrast"],
        ["noise of up to 0.049 °C", "temperature"],
    ]
    of, *fates, by = rows[0][2:]
    assert int(of) > 0
    assert (fates, by) == ([of, "0", "0", "0"], "0 min")


def test_a_folder_without_nights_is_said_to_be_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert moved_alerts.main([str(tmp_path)]) == 1
    assert "no night with its truth" in capsys.readouterr().err
