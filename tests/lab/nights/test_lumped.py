"""The second family of nights: true to its truth and its seed, and of its own make."""

import ast
import gzip
import json
from datetime import UTC, datetime
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import legwatch_lab.nights.lumped as family
from legwatch.errors import SettingsError
from legwatch.recording import Recording, parse
from legwatch_lab import truth as record
from legwatch_lab.nights import command
from legwatch_lab.nights.lumped import habits, heat, kinds
from legwatch_lab.nights.lumped.night import LumpedOrder, make

SEED = 5
HERE = Path(family.__file__).parent
SHARED = {"legwatch_lab.nights.spans", "legwatch_lab.nights.files", "legwatch_lab.nights"}
PLAIN = {"Span", "inside", "without", "HOUR_S", "MINUTE_S"}


@cache
def made(
    kind: str, number: int = 0, before_h: float | None = None
) -> tuple[dict[str, Any], Recording]:
    night = make(LumpedOrder(SEED, number, kind, ZoneInfo("Europe/Berlin"), before_h))
    text = gzip.decompress(night.csv_gz).decode().splitlines()
    return json.loads(night.truth), parse(text, zone=UTC)


def column(file: Recording, channel: str) -> list[tuple[int, float]]:
    return [(at_ms, float(value)) for at_ms, name, value in file.readings if name == channel]


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def minutes(span: dict[str, str] | list[str]) -> float:
    begin, end = (span["from"], span["to"]) if isinstance(span, dict) else span
    return (ms(end) - ms(begin)) / 60_000


def test_it_shares_only_spans_and_files_with_the_other_families() -> None:
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith("legwatch") for alias in node.names), path
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("legw"):
                continue
            module = node.module or ""
            assert module in SHARED or module.startswith("legwatch_lab.nights.lumped"), path
            if module == "legwatch_lab.nights.spans":
                assert {alias.name for alias in node.names} <= PLAIN, path
            if module == "legwatch_lab.nights":
                assert {alias.name for alias in node.names} == {"files"}, path


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder, jobs in (("one", "1"), ("two", "2")):
        words = ["make", "--model", "lumped", "--seed", "3", "--count", "3", "--jobs", jobs]
        assert command.main([*words, "--out", str(tmp_path / folder)]) == 0
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        for folder in ("one", "two")
    )
    assert len(first) == 6
    assert first == second


def test_a_second_sensor_by_the_ankle_changes_nothing_else_and_sees_a_bare_foot() -> None:
    for number in range(3):
        order = LumpedOrder(3, number, "feet", UTC)
        plain, more = make(order), make(order._replace(ankle=True))
        lines = gzip.decompress(more.csv_gz).decode().splitlines()
        assert [line for line in lines if ",ankle_" not in line] == (
            gzip.decompress(plain.csv_gz).decode().splitlines()
        )
        truth = json.loads(more.truth)
        reach = truth.pop("ankle")["reach"]
        assert truth == json.loads(plain.truth)
        assert reach["feet"] >= 0.4
        assert any(",ankle_temperature_c," in line for line in lines)


@pytest.mark.parametrize("kind", sorted(kinds.KINDS))
def test_the_truth_of_every_kind_fits_its_file(kind: str) -> None:
    for number in range(3):
        truth, file = made(kind, number)
        assert (truth["v"], truth["kind"], truth["model"]) == (2, kind, "lumped")
        assert (file.ignored, file.refused_count) == ({}, 0)
        stays = [[ms(text) for text in stay] for stay in truth["in_bed"]]
        assert bool(stays) is (kind != "empty")
        for at_ms, lies in column(file, "in_bed"):
            assert bool(lies) is any(begin <= at_ms < end for begin, end in stays)
        for bare in truth["uncovered"]:
            assert any(a <= ms(bare["from"]) < ms(bare["to"]) <= b for a, b in stays)
            assert {bare["from"], bare["to"]} <= {*truth["turns"], *chain(*truth["in_bed"])}
        length_min = minutes([truth["begin"], truth["end"]])
        for name, what in (
            ("room", "room_c"),
            ("skin", "leg_c"),
            ("skin", "foot_c"),
            ("air", "leg_c"),
        ):
            assert len(truth[name][what]) == length_min
        assert any(channel == "leg_temperature_c" for _, channel, _ in file.readings)


@pytest.mark.parametrize("kind", sorted(kinds.KINDS))
def test_the_scorer_reads_the_truth(kind: str, tmp_path: Path) -> None:
    night = make(LumpedOrder(SEED, 0, kind, UTC))
    (tmp_path / f"{night.name}.truth.json").write_bytes(night.truth)
    read = record.read(tmp_path / f"{night.name}.truth.json")
    assert read is not None
    assert (read.kind, read.faults) == (kind, ())


def test_uncovered_legs_lie_bare_for_half_an_hour_and_their_air_cools() -> None:
    for number in range(8):
        truth, _ = made("uncovered", number)
        assert truth["uncovered"]
        for bare in truth["uncovered"]:
            assert bare["what"] == "both_legs"
            assert minutes(bare) >= 30
            first = round(minutes([truth["begin"], bare["from"]]))
            air, skin = truth["air"]["leg_c"], truth["skin"]["leg_c"]
            assert air[first + 25] < air[first - 1] - 1
            assert skin[first + 25] < skin[first - 1] - 0.3


def test_quiet_nights_have_warm_legs_and_no_uncovering() -> None:
    settled = []
    for number in range(12):
        truth, _ = made("quiet", number)
        assert truth["uncovered"] == []
        begin, end = (round(minutes([truth["begin"], text])) for text in truth["in_bed"][0])
        settled += truth["skin"]["leg_c"][begin + 60 : end]
    assert median(settled) > 32


def test_the_bed_is_empty_for_as_long_as_asked() -> None:
    truth, file = made("uncovered", 1, 3.0)
    assert minutes([truth["begin"], truth["in_bed"][0][0]]) == 180
    assert not any(
        lies for at_ms, lies in column(file, "in_bed") if at_ms < ms(truth["in_bed"][0][0])
    )


def test_people_get_up_three_times_in_four_nights_for_5_to_90_min() -> None:
    away = []
    for number in range(300):
        night = kinds.night("quiet", Random(number))
        away.append([b.from_s - a.to_s for a, b in pairwise(night.stays)])
    assert mean(map(len, away)) == pytest.approx(0.75, abs=0.12)
    lengths = [length for night in away for length in night]
    assert 300 <= min(lengths) < 600
    assert 4500 < max(lengths) <= 5400


def test_sensors_differ_widely() -> None:
    nights = [made(kind, number)[0]["sensor"] for kind in kinds.KINDS for number in range(3)]
    assert {night["pace_s"] for night in nights} == {10, 30, 60}
    assert {night["leg"]["kind"] for night in nights} == {"dht22", "ds18b20"}
    rates = [night["counts_per_s"] for night in nights]
    assert min(rates) < 2
    assert max(rates) > 12
    places = {made(kind, number)[0]["place"] for kind in kinds.KINDS for number in range(3)}
    assert places == {"thigh", "calf", "ankle"}


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from(sorted(kinds.KINDS)))
@example(seed=1017, kind="summer")  # cold feet in a room that is warmer than they are
def test_no_node_leaves_the_range_of_what_warms_and_cools_it(seed: int, kind: str) -> None:
    night = kinds.night(kind, Random(seed))
    room = [night.room.start_c] * (night.length_s // 10)
    found = heat.flow(night, room, [], [], Random(seed))
    high = max(37.0, night.bottle.hot_c if night.bottle else 0.0) + (8 if night.blanket else 0)
    low = min(night.room.start_c, night.evening_c) - 1e-6
    for course in (found.air, found.near, found.far):
        assert low <= min(course)
        assert max(course) < high
    assert min(low, heat.COLD_FOOT_C) <= min(found.foot) <= max(found.foot) < high


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from(sorted(kinds.KINDS)))
def test_what_somebody_does_happens_in_order_and_in_the_night(seed: int, kind: str) -> None:
    night = kinds.night(kind, Random(seed))
    edges = [edge for stay in night.stays for edge in stay]
    assert edges == sorted(set(edges))
    assert len(night.left_open) == len(night.stays)
    assert all(0 < edge < night.length_s for edge in edges)
    for bare in night.bare:
        assert any(
            a <= bare.span.from_s - habits.SETTLED_S < bare.span.to_s <= b for a, b in night.stays
        )


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--model", "lumped", "--kind", "plain"], "--kind"),
        (["--model", "lumped", "--lost", "0.3"], "--lost"),
        (["--model", "lumped", "--before-h", "30"], "--before-h"),
        (["--model", "lumped", "--wide"], "--wide"),
        (["--before-h", "3"], "--before-h"),
    ],
)
def test_a_wrong_word_is_named(tmp_path: Path, words: list[str], key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        command.main(["make", "--seed", "1", "--out", str(tmp_path), *words])
    assert caught.value.path == key


def test_the_cost_of_a_night_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["make", "--model", "lumped", "--seed", "1", "--out", str(tmp_path)])
    assert capsys.readouterr().out.splitlines()[1].endswith(" CPU s a night")


def test_who_lies_truly_still_only_twitches_once_asleep() -> None:
    for number in range(4):
        truth, _ = made("still", number)
        for begin, end in truth["in_bed"]:
            late_ms = ms(begin) + 2 * 3_600_000
            assert not [at for at in truth["turns"] if late_ms < ms(at) < ms(end)]
