"""Which alerts keep their minute under other readings: what the bench counts as what."""

import shutil
from pathlib import Path

import pytest

from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.engine import replay
from legwatch.events import AlertKind, Window
from legwatch.testing import night
from legwatch_lab.bench import moved_alerts
from legwatch_lab.bench.moved_alerts import (
    RULES,
    AlertFate,
    ColdAlert,
    ReadingChange,
    changed,
    colds,
    compare,
)
from legwatch_lab.known_night import known_night
from legwatch_lab.score.folder import truths
from repository import REPO

BODIES = REPO / "tests" / "nights" / "body"


def brief(minute: int, *, by_estimate: bool = True) -> ColdAlert:
    return ColdAlert(minute, by_estimate, minute + 5)


def test_an_alert_is_kept_moved_gone_or_new() -> None:
    alerts = [brief(100), brief(200), brief(400)]
    others = [brief(98), brief(203), brief(461, by_estimate=False)]
    assert compare(alerts, others) == [
        AlertFate("kept", by_estimate=True, by_min=2),
        AlertFate("moved", by_estimate=True, by_min=3),
        AlertFate("gone", by_estimate=True),
        AlertFate("new", by_estimate=False),
    ]


@pytest.mark.parametrize(
    ("alerts", "others", "fates"),
    [
        ([100, 130], [101], ["kept", "gone"]),
        ([100, 150], [150], ["kept", "gone"]),  # and not the first one moved by fifty minutes
        ([100, 150], [126, 176], ["moved", "gone", "new"]),  # as if it were worse, if in doubt
        ([], [100], ["new"]),
    ],
)
def test_the_nearest_alert_of_the_other_night_is_the_same(
    alerts: list[int], others: list[int], fates: list[str]
) -> None:
    one, other = ([brief(m) for m in minutes] for minutes in (alerts, others))
    assert [fate.what for fate in compare(one, other)] == fates


@pytest.mark.parametrize(
    ("other", "fate"),
    [
        (ColdAlert(80, by_estimate=False, end_minute=160), "overtaken"),  # by a rule in degrees
        (ColdAlert(80, by_estimate=False, end_minute=90), "moved"),
        (ColdAlert(80, by_estimate=True, end_minute=160), "moved"),
        (ColdAlert(120, by_estimate=False), "moved"),
        (ColdAlert(30, by_estimate=True), "overtaken"),  # it has not ended yet
        (ColdAlert(30, by_estimate=True, end_minute=99), "gone"),
    ],
)
def test_an_alert_is_overtaken_by_one_that_stands_at_its_minute(
    other: ColdAlert, fate: str
) -> None:
    first, *_ = compare([ColdAlert(100, by_estimate=True)], [other])
    assert first.what == fate


def test_an_alert_ends_when_it_is_resolved() -> None:
    known = known_night(BODIES / "body-3-0001-uncovered_both.truth.json")
    assert known is not None
    said = [n for n in replay(known[1], RULES) if n.kind is AlertKind.COLD]
    ends = [n.at_ms // 60_000 for n in said if n.transition is TransitionKind.RESOLVED]
    assert [cold.end_minute for cold in colds(said)] == ends
    assert len(ends) == 2


def test_an_alert_that_was_only_written_down_counts_from_when_it_is_raised() -> None:
    known = known_night(BODIES / "body-3-0001-thin_bedding.truth.json")
    assert known is not None
    said = list(replay(known[1], RULES))
    firsts = [(n.transition, n.severity) for n in said if n.kind is AlertKind.COLD][:2]
    assert firsts == [
        (TransitionKind.FIRED, Severity.LOG),
        (TransitionKind.ESCALATED, Severity.URGENT),
    ]
    raised = next(
        n for n in said if n.kind is AlertKind.COLD and n.transition is TransitionKind.ESCALATED
    )
    first = colds(said)[0]
    assert (first.minute, first.by_estimate) == (raised.at_ms // 60_000, False)


def seen(change: ReadingChange, seed: str = "a") -> list[Window]:
    air = night(minutes=10, leg=lambda m: None if m < 1 else 30.0)
    return list(changed(air, change, seed))


def test_both_thermometers_are_off_by_as_much_but_what_is_missing_stays_so() -> None:
    off = seen(ReadingChange(off_c=0.5))
    assert [w.leg_c for w in off[::6]] == [None, *[30.5] * 9]
    assert {w.room_c for w in off} == {18.5}


def test_noise_is_drawn_for_each_reading_and_stays_below_what_was_said() -> None:
    noisy = seen(ReadingChange(noise_c=0.049))
    rooms = [w.room_c for w in noisy if w.room_c is not None]
    legs = [w.leg_c for w in noisy if w.leg_c is not None]
    assert all(0 < abs(room - 18) <= 0.049 for room in rooms)
    assert len({*legs, *rooms}) == len(legs) + len(rooms) == 54 + 60
    assert noisy == seen(ReadingChange(noise_c=0.049))
    assert noisy != seen(ReadingChange(noise_c=0.049), "b")


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
        ["noise of up to 0.049 °C", "the estimate"],
        ["noise of up to 0.049 °C", "other rules"],
    ]
    of, *fates, by = rows[0][2:]
    assert int(of) > 0
    assert (fates, by) == ([of, "0", "0", "0", "0"], "0 min")


def test_nights_with_faults_are_left_out(tmp_path: Path) -> None:
    for file in BODIES.glob("*stuck_leg*"):
        shutil.copy(file, tmp_path)
    rows = moved_alerts.all_rows(truths([tmp_path]), 1)
    assert {of for _, _, of, *_ in rows} == {"0"}


@pytest.mark.parametrize("word", ["--jobs=0", "--count=-3"])
def test_numbers_below_one_are_refused(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        moved_alerts.main(["DIR", word])
    assert "is not 1 or more" in capsys.readouterr().err


def test_a_folder_without_nights_is_said_to_be_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert moved_alerts.main([str(tmp_path)]) == 1
    assert "no night with its truth" in capsys.readouterr().err
