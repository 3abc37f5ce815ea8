"""Made nights: the same for the same seed, plausible, readable, and true to their truth."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from legwatch.alerting.notice import Notice, SuppressedBy
from legwatch.engine import replay
from legwatch.errors import SettingsError
from legwatch.recording import Recording, events, parse
from legwatch_lab.nights.command import main
from legwatch_lab.nights.simple.night import SimpleNight
from legwatch_lab.nights.simple.night import make as make_night
from legwatch_lab.nights.simple.scenarios import KINDS
from repository import rules

SEED = 5


make = cache(make_night)


def recorded(night: SimpleNight) -> Recording:
    return parse(night.lines, zone=UTC)


@cache
def told(kind: str, seed: int = SEED, number: int = 0) -> list[Notice]:
    return list(replay(events(recorded(make(seed, number, kind, UTC))), rules()))


def column(recording: Recording, channel: str) -> list[float]:
    return [float(value) for _, name, value in recording.readings if name == channel]


def minutes(pair: list[str]) -> float:
    begin, end = map(datetime.fromisoformat, pair)
    return (end - begin).total_seconds() / 60


def between(night: SimpleNight, pair: list[str], channel: str) -> Iterator[float]:
    begin, end = (datetime.fromisoformat(text).timestamp() * 1000 for text in pair)
    for at_ms, name, value in recorded(night).readings:
        if name == channel and begin <= at_ms < end:
            yield float(value)


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        words = ["make", "--seed", "3", "--count", "2", "--out", str(tmp_path / folder)]
        assert main(words) == 0
    first = written(tmp_path / "a")
    assert len(first) == 4
    assert written(tmp_path / "b") == first
    main(["make", "--seed", "4", "--count", "2", "--out", str(tmp_path / "c")])
    assert not set(written(tmp_path / "c").values()) & set(first.values())


def test_the_truth_lies_beside_the_night(tmp_path: Path) -> None:
    main(["make", "--seed", "3", "--out", str(tmp_path), "--kind", "fan", "--tz", "Europe/Berlin"])
    (truth_file,) = tmp_path.glob("*.truth.json")
    truth = json.loads(truth_file.read_text())
    assert truth["kind"] == "fan"
    assert truth["begin"] == "2026-01-05T22:00:00+01:00"
    with gzip.open(tmp_path / truth["file"], "rt") as lines:
        assert len(parse(lines, zone=UTC).readings) > 5000


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_line_of_every_kind_is_understood(kind: str) -> None:
    for number in range(2):
        night = make(SEED, number, kind, UTC)
        found = recorded(night)
        assert (found.ignored, found.refused_count) == ({}, 0)
        times = [at_ms for at_ms, _, _ in found.readings]
        assert times == sorted(times)
        begin, end = (datetime.fromisoformat(night.truth[key]) for key in ("begin", "end"))
        assert begin.timestamp() * 1000 <= times[0]
        assert times[-1] < end.timestamp() * 1000
        assert night.truth["mat"] is bool(column(found, "in_bed"))
        for name in ("in_bed", "uncovered", "cold", "still", "fan"):
            assert all(minutes(pair) > 0 for pair in night.truth[name]), name


@pytest.mark.parametrize("number", range(3))
def test_a_covered_bed_is_as_warm_as_real_ones(number: int) -> None:
    night = make(SEED, number, "quiet", UTC)
    assert night.truth["cold"] == []
    (stay,) = night.truth["in_bed"]
    air = list(between(night, stay, "leg_temperature_c"))
    settled = air[len(air) // 5 :]
    assert min(settled) > 27.5
    assert max(settled) < 33.5


@pytest.mark.parametrize("number", range(3))
def test_bare_legs_cool_within_half_an_hour(number: int) -> None:
    night = make(SEED, number, "uncovered", UTC)
    (span,) = night.truth["uncovered"]
    air = list(between(night, span, "leg_temperature_c"))
    half_an_hour = int(30 * 60 / 15 * 0.8)  # four of five reads succeed
    assert air[0] > 28
    assert air[half_an_hour] < 27


@pytest.mark.parametrize("number", range(3))
def test_a_body_turns_as_often_as_sleepers_do(number: int) -> None:
    night = make(SEED, number, "quiet", UTC)
    hours = sum(map(minutes, night.truth["in_bed"])) / 60
    assert 0.4 < night.truth["turns"] / hours < 9


def test_a_thermometer_misses_one_read_in_five() -> None:
    reads = len(column(recorded(make(SEED, 0, "quiet", UTC)), "leg_temperature_c"))
    assert reads / (8 * 3600 / 15) == pytest.approx(0.8, abs=0.05)


def kinds_of(notices: list[Notice]) -> set[str]:
    return {notice.kind.value for notice in notices if notice.severity.value != "log"}


@pytest.mark.parametrize("kind", ["quiet", "warm_room", "empty_bed", "late_to_bed", "bathroom"])
def test_nights_without_danger_are_quiet(kind: str) -> None:
    assert [
        n for number in range(2) for n in told(kind, number=number) if n.suppressed_by is None
    ] == []


@pytest.mark.parametrize("kind", ["uncovered", "fan", "cold_bedding"])
def test_cold_nights_have_cold_in_their_truth_and_are_told(kind: str) -> None:
    for number in range(2):
        assert make(SEED, number, kind, UTC).truth["cold"]
        assert "cold" in kinds_of(told(kind, number=number))


@pytest.mark.parametrize(
    ("kind", "said"),
    [("dead_leg", "sensor"), ("stuck_leg", "sensor"), ("agent_off", "agent")],
)
def test_faults_are_told_as_faults(kind: str, said: str) -> None:
    for number in range(2):
        assert kinds_of(told(kind, number=number)) == {said}


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_the_demo_shows_an_alert_and_its_end_soon(seed: int) -> None:
    notices = told("demo", seed)
    begin = datetime.fromisoformat(make(seed, 0, "demo", UTC).truth["begin"])
    at_min = [(n.at_ms / 1000 - begin.timestamp()) / 60 for n in notices]
    assert [(n.transition.value, n.suppressed_by) for n in notices[:4]] == [
        ("fired", SuppressedBy.HOLD),
        ("repeated", None),
        ("warming", None),
        ("resolved", None),
    ]
    assert at_min[1] <= 60
    assert at_min[2] <= 66


@pytest.mark.parametrize(
    ("words", "key"), [(["--count", "0"], "--count"), (["--tz", "Mars/Olympus"], "--tz")]
)
def test_a_wrong_word_is_named(tmp_path: Path, words: list[str], key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        main(["make", "--seed", "1", "--out", str(tmp_path), *words])
    assert caught.value.path == key
    assert list(tmp_path.iterdir()) == []


def test_a_summer_night_of_another_zone_keeps_its_own_clock() -> None:
    zone = ZoneInfo("Australia/Sydney")
    truth: dict[str, Any] = make(SEED, 0, "quiet", zone).truth
    assert truth["begin"] == "2026-01-05T22:00:00+11:00"


@pytest.mark.parametrize(("count", "said"), [(1, "1 night and its truth are"), (2, "2 nights and")])
def test_one_night_is_no_plural(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, said: str
) -> None:
    main(["make", "--seed", "1", "--count", str(count), "--out", str(tmp_path)])
    assert capsys.readouterr().out.startswith(f"{said} ")
