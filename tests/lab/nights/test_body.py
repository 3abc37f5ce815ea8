"""Nights from the body model: true to their tables, to their truth and to their seed."""

import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch.__main__ import main as legwatch
from legwatch.errors import SettingsError
from legwatch.recording import Recording, parse
from legwatch_lab.nights import command
from legwatch_lab.nights.body import night, scenarios, wide
from legwatch_lab.nights.body.person import Sleeper, restless
from legwatch_lab.nights.body.scenario import Scenario
from legwatch_lab.nights.body.skin import SkinTemperatures, Surroundings, body, surround
from legwatch_lab.nights.simple.sensors import ReplayRow

SEED = 7


@dataclass(frozen=True)
class Night:
    truth: dict[str, Any]
    file: Recording

    def minute(self, when: str) -> int:
        begin, then = (datetime.fromisoformat(text) for text in (self.truth["begin"], when))
        return int((then - begin).total_seconds() // 60)

    def course(self, name: str, what: str) -> list[float]:
        found: list[float] = self.truth[name][what]
        return found

    def reads(self, channel: str, span: dict[str, str] | None = None) -> list[float]:
        low, high = 0.0, 1e18
        if span:
            low, high = (datetime.fromisoformat(span[k]).timestamp() * 1000 for k in ("from", "to"))
        of_it = [(at_ms, value) for at_ms, name, value in self.file.readings if name == channel]
        return [float(value) for at_ms, value in of_it if low <= at_ms < high]


def make(folder: Path, kind: str, *words: str, count: int = 1) -> list[Night]:
    base = ["make", "--model", "body", "--seed", str(SEED), "--count", str(count)]
    assert command.main([*base, "--kind", kind, "--out", str(folder), "--jobs", "1", *words]) == 0
    found = []
    for path in sorted(folder.glob("*.truth.json")):
        truth = json.loads(path.read_text())
        with gzip.open(folder / truth["file"], "rt") as lines:
            found.append(Night(truth, parse(lines, zone=UTC)))
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> dict[str, list[Night]]:
    """Make a few nights with the real body, once."""
    made = ("plain", "uncovered_both", "uncovered_fan")
    return {kind: make(tmp_path_factory.mktemp("real"), kind) for kind in made}


@pytest.fixture
def lukewarm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Put somebody whose skin never changes into the bed: for all that is not about skin."""

    def skin(story: Scenario) -> SkinTemperatures:
        minutes = story.length_s // 60
        return SkinTemperatures(*([value] * minutes for value in (33.5, 33.5, 34.0, 34.0)))

    monkeypatch.setattr(night, "skin", skin)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "out"


MAN_35 = Sleeper("male", 35, 1.75, 72.0)
WOMAN_70 = Sleeper("female", 70, 1.60, 55.0)


@pytest.mark.parametrize(
    ("person", "bedding", "room_c", "leg_c"),
    [
        (MAN_35, "winter", 18.0, 34.8),
        (MAN_35, "light", 18.0, 30.0),
        (WOMAN_70, "winter", 14.0, 31.8),
        (WOMAN_70, "light", 22.0, 34.1),
        (WOMAN_70, "sheet", 24.0, 30.4),
    ],
)
def test_legs_after_eight_hours_are_as_warm_as_in_the_table(
    person: Sleeper, bedding: str, room_c: float, leg_c: float
) -> None:
    model = body(person)
    surround(model, Surroundings("bed", room_c, bedding, 1.0))
    model.simulate(96, dtime=300)
    assert model.results().t_skin.left_leg[-1] == pytest.approx(leg_c, abs=0.5)


def test_a_covered_bed_is_as_warm_as_real_ones(real: dict[str, list[Night]]) -> None:
    for made in real["plain"]:
        (stay,) = made.truth["in_bed"]
        settled = slice(made.minute(stay[0]) + 90, made.minute(stay[1]) - 1)
        air, room = made.course("air", "leg_c")[settled], made.course("room", "room_c")[settled]
        assert 27.5 < median(air) < 33
        k = median((a - r) / (33 - r) for a, r in zip(air, room, strict=True))
        assert 0.4 < k < 0.96
        assert median(made.course("skin", "leg_c")[settled]) > 30


@pytest.mark.parametrize(
    ("kind", "least_c", "most_c", "most_k"),
    [("uncovered_both", 1.9, 6.5, 0.45), ("uncovered_fan", 0.5, 4.2, 0.33)],
)
def test_bare_legs_cool_as_far_as_the_evidence_says(
    real: dict[str, list[Night]], kind: str, least_c: float, most_c: float, most_k: float
) -> None:
    looked_at = 0
    for made in real[kind]:
        air, room = made.course("air", "leg_c"), made.course("room", "room_c")
        for bare in made.truth["uncovered"]:
            assert (bare["fan_m_s"] > 0) is (kind == "uncovered_fan")
            begin, end = made.minute(bare["from"]), made.minute(bare["to"])
            skin = made.course("skin", "leg_c")
            assert skin[min(end, begin + 15)] < skin[begin - 1] - 0.5
            if end - begin < 30:
                continue
            looked_at += 1
            above = air[begin + 30] - room[begin + 30]
            assert least_c < above < most_c
            assert above / (33 - room[begin + 30]) < most_k
            assert 15 < air[begin + 30] < 28.5
    assert looked_at


def test_the_thermometer_follows_the_true_air(real: dict[str, list[Night]]) -> None:
    (made,) = real["plain"]
    (stay,) = made.truth["in_bed"]
    first = datetime.fromisoformat(stay[1]).timestamp() - 3600
    late = {"from": datetime.fromtimestamp(first, UTC).isoformat(), "to": stay[1]}
    true_c = median(made.course("air", "leg_c")[made.minute(late["from"]) : made.minute(stay[1])])
    error_c = median(made.reads("leg_temperature_c", late)) - true_c
    assert error_c == pytest.approx(made.truth["sensor"]["leg_offset_c"], abs=0.4)


def test_from_the_cache_and_on_two_cores_come_the_same_bytes(
    real: dict[str, list[Night]], cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = list(cache.rglob("*.json.gz"))
    make(tmp_path / "cached", "plain")
    assert list(cache.rglob("*.json.gz")) == kept
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    make(tmp_path / "two", "plain", "--jobs", "2", count=2)
    once, twice = contents(tmp_path / "cached"), contents(tmp_path / "two")
    assert len(once) == 2
    assert once.items() <= twice.items()
    assert len(twice) == 4


def test_a_broken_cache_is_made_anew(lukewarm: Path, tmp_path: Path) -> None:
    make(lukewarm, "plain")
    (kept,) = (tmp_path / "cache").rglob("*.json.gz")
    whole, first = kept.read_bytes(), contents(lukewarm)
    for broken in (b"", whole[:100], gzip.compress(b"[]")):
        kept.write_bytes(broken)
        make(lukewarm, "plain")
        assert contents(lukewarm) == first
        assert kept.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(
    lukewarm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cache").write_text("not a folder")
    assert len(make(lukewarm, "plain", count=2)) == 2
    assert capsys.readouterr().err.count("are not cached") == 1


def test_a_second_sensor_by_the_ankle_changes_nothing_else_and_sees_a_bare_foot(
    lukewarm: Path,
) -> None:
    (plain,) = make(lukewarm / "plain", "uncovered_feet", "--wide")
    (more,) = make(lukewarm / "more", "uncovered_feet", "--wide", "--ankle")
    told = more.truth.pop("ankle")
    assert more.truth == plain.truth
    assert told["spot"]["feet"] >= 0.6
    for channel in ("leg_temperature_c", "room_temperature_c", "movement", "in_bed"):
        assert more.reads(channel) == plain.reads(channel)
    assert not plain.reads("ankle_temperature_c")
    assert more.reads("ankle_temperature_c")


def test_other_sensors_see_the_same_night(lukewarm: Path) -> None:
    (drawn,) = make(lukewarm / "drawn", "uncovered_both")
    words = ("--lag-min", "20", "--lost", "0.5", "--leg-offset", "1.5")
    (other,) = make(lukewarm / "other", "uncovered_both", *words)
    was, now = drawn.truth.pop("sensor"), other.truth.pop("sensor")
    assert now == was | {
        "lag_s": 1200,
        "lost": 0.5,
        "leg_offset_c": round(was["leg_offset_c"] + 1.5, 2),
    }
    assert other.truth == drawn.truth
    reads = len(other.reads("leg_temperature_c")) / len(drawn.reads("leg_temperature_c"))
    assert reads == pytest.approx(0.5 / 0.8, abs=0.05)
    assert other.reads("movement") == drawn.reads("movement")


@pytest.mark.parametrize("kind", sorted(scenarios.KINDS))
def test_the_truth_of_every_kind_fits_its_file(lukewarm: Path, kind: str) -> None:
    (made,) = make(lukewarm, kind)
    truth = made.truth
    assert (truth["v"], truth["kind"], truth["model"]) == (2, kind, "body")
    assert (made.file.ignored, made.file.refused_count) == ({}, 0)
    minutes = made.minute(truth["end"])
    for name, whats in {"room": ["room_c"], "skin": ["leg_c", "foot_c"], "air": ["leg_c"]}.items():
        assert [len(made.course(name, what)) for what in whats] == [minutes] * len(whats)
    stays = [[datetime.fromisoformat(text).timestamp() for text in s] for s in truth["in_bed"]]
    for at_ms, channel, value in made.file.readings:
        if channel == "in_bed":
            lying = any(begin <= at_ms / 1000 < end for begin, end in stays)
            assert bool(value) is lying
    ends = [
        [datetime.fromisoformat(u[k]).timestamp() for k in ("from", "to")]
        for u in truth["uncovered"]
    ]
    assert all(any(a <= begin < end <= b for a, b in stays) for begin, end in ends)
    assert bool(stays) is (kind != "empty_bed")
    assert kind.startswith("uncovered") <= bool(truth["uncovered"])
    for fault in truth["faults"]:
        _fits(made, fault)


def _fits(made: Night, fault: dict[str, str]) -> None:
    channel = {"leg": "leg_temperature_c", "room": "room_temperature_c"}.get(
        fault["sensor"], "movement"
    )
    reads = made.reads(channel, fault)
    match fault["what"]:
        case "silent":
            assert reads == []
        case "zeros" | "blind":
            assert set(reads) == {0.0}
        case "stuck":
            assert len(set(reads)) == 1
            assert len(set(made.reads("leg_humidity_pct", fault))) == 1
        case "slow":
            assert made.truth["sensor"]["lag_s"] == 1200
        case "displaced":
            assert median(reads) < median(made.course("room", "room_c")) + 2.5
        case "lain_upon":
            assert 32.4 < reads[-1] < 36.1
        case other:
            pytest.fail(other)


@pytest.mark.parametrize("kind", ["dead_leg", "dead_room", "dead_movement"])
def test_a_sensor_is_heard_for_half_an_hour_before_it_falls_silent(
    lukewarm: Path, kind: str
) -> None:
    whats = set()
    for made in make(lukewarm, kind, count=12):
        (fault,) = made.truth["faults"]
        whats.add(fault["what"])
        if fault["what"] == "silent":
            _fits(made, fault)
            channel = "movement" if kind == "dead_movement" else f"{kind[5:]}_temperature_c"
            heard = made.reads(channel, {"from": made.truth["begin"], "to": fault["from"]})
            assert made.minute(fault["from"]) >= 30
            assert len(heard) > 30 * 60 / 15 / 2  # one every 10 or 15 s, a fifth of them lost
    assert "silent" in whats


def test_a_cover_is_never_thrown_off_without_a_movement(lukewarm: Path) -> None:
    made = make(lukewarm, "uncovered_both", count=4)
    for each in made:
        for bare in each.truth["uncovered"]:
            assert {bare["from"], bare["to"]} <= set(each.truth["turns"])
            if each.truth["movement"] != "deaf":
                begin = datetime.fromisoformat(bare["from"]).timestamp() * 1000
                near = [r for r in each.file.readings if begin - 10e3 <= r[0] < begin + 60e3]
                assert sum(float(value) for _, name, value in near if name == "movement") >= 3


def test_a_wide_night_has_absences_other_paces_and_louder_movements(lukewarm: Path) -> None:
    nights = make(lukewarm, "uncovered_both", "--wide", count=40)
    away = [len(each.truth["in_bed"]) - 1 for each in nights]
    assert 0.4 < sum(away) / len(away) < 1.2
    assert {each.truth["counted"]["pace_s"] for each in nights} == {15, 30, 60}
    rates = [each.truth["counted"]["counts_per_s"] for each in nights]
    assert min(rates) < 2
    assert max(rates) > 12
    for each in nights:
        assert (each.file.ignored, each.file.refused_count) == ({}, 0)
        assert each.truth["uncovered"]
        assert all(
            each.minute(u["to"]) - each.minute(u["from"]) >= 30 for u in each.truth["uncovered"]
        )
        pace_s = each.truth["counted"]["pace_s"]
        begin_ms = datetime.fromisoformat(each.truth["begin"]).timestamp() * 1000
        for name, lost in (("leg_temperature_c", 0.2), ("room_temperature_c", 0.2)):
            times = [at_ms for at_ms, channel, _ in each.file.readings if channel == name]
            assert all((at_ms - begin_ms) // 15_000 * 15 % pace_s == 0 for at_ms in times)
            whole = each.minute(each.truth["end"]) * 60 / pace_s
            assert len(times) / whole == pytest.approx(1 - lost, abs=0.06)
        counted = {name for _, name, _ in each.file.readings if name.endswith("ed_s")}
        assert bool(counted) is each.truth["counted"]["seconds"]
        assert max(each.reads("moved_s"), default=0.0) <= max(10, pace_s)


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(0, 200), min_size=1, max_size=60),
    pace_s=st.sampled_from(list(wide.PACES)),
    per_s=st.floats(1.0, 20.0),
)
def test_no_count_is_lost_or_made_by_another_pace(
    counts: list[int], pace_s: int, per_s: float
) -> None:
    rows = [ReplayRow(10 * i + 9, "movement", str(count)) for i, count in enumerate(counts)]
    found = wide.paced(rows, wide.Wide(pace_s, per_s, seconds=True, active=0.5))
    assert sum(int(row.value) for row in found if row.channel == "movement") == sum(counts)
    seconds = [float(row.value) for row in found if row.channel == "moved_s"]
    assert all(0 <= moved_s <= max(10, pace_s) for moved_s in seconds)
    assert found == sorted(found)


def test_the_bed_is_empty_for_as_long_as_asked(lukewarm: Path) -> None:
    (made,) = make(lukewarm, "plain", "--before-h", "3")
    assert made.minute(made.truth["in_bed"][0][0]) == 180
    assert made.truth["begin"] == "2026-01-05T19:00:00+00:00"


def test_nights_of_one_run_share_skin_and_name_it(lukewarm: Path) -> None:
    nights = make(lukewarm, "uncovered_both", "--wide", "--per-run", "3", count=7)
    runs = [each.truth["run"] for each in nights]
    assert [runs.count(run) for run in dict.fromkeys(runs)] == [3, 3, 1]
    for each in nights[1:3]:
        assert each.course("skin", "leg_c") == nights[0].course("skin", "leg_c")
        bares = [[made.minute(u["from"]) for u in made.truth["uncovered"]] for made in nights]
        assert bares[0] == bares[1] == bares[2]
        assert len(each.truth["turns"]) != len(nights[0].truth["turns"])
        assert each.course("air", "leg_c") != nights[0].course("air", "leg_c")
    again = make(lukewarm.parent / "two", "uncovered_both", "--wide", "--per-run", "3", count=7)
    assert [each.truth for each in again] == [each.truth for each in nights]
    # The same number is of another run when more nights share one: the cache tells them apart.
    six = make(lukewarm.parent / "six", "uncovered_both", "--wide", "--per-run", "6", count=7)
    assert six[6].truth["run"] != nights[6].truth["run"]
    assert six[6].course("skin", "leg_c") != nights[6].course("skin", "leg_c")


def test_the_old_turn_less_than_the_young() -> None:
    def mean(age: int) -> float:
        person = Sleeper("female", age, 1.6, 60.0)
        return sum(restless(person, Random(i)).per_h for i in range(500)) / 500

    # De Koninck 1992: 3.6, 2.7 and 2.1 an hour.
    assert [mean(age) for age in (21, 40, 72)] == pytest.approx([3.6, 2.7, 2.1], rel=0.08)


def test_a_corpus_holds_each_kind_by_its_weight() -> None:
    weights = {name: kind.weight for name, kind in scenarios.KINDS.items()}
    count = sum(weights.values())
    for first in (0, count):
        dealt = [scenarios.drawn(SEED, number) for number in range(first, first + count)]
        assert {name: dealt.count(name) for name in weights} == weights
        assert dealt != sorted(dealt)


def test_without_the_extra_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _name: None)
    words = ["nights", "make", "--model", "body", "--seed", "1", "--out", str(tmp_path / "out")]
    assert legwatch(words) == 1
    said = capsys.readouterr().err.strip()
    assert said.endswith(f"{sys.executable} -m pip install 'legwatch[sim]'")
    assert "\n" not in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--model", "body", "--kind", "quiet"], "--kind"),
        (["--kind", "plain"], "--kind"),
        (["--lost", "0.3"], "--lost"),
        (["--lag-min", "3"], "--lag-min"),
        (["--model", "body", "--lost", "1.5"], "--lost"),
        (["--model", "body", "--lag-min", "0"], "--lag-min"),
        (["--model", "body", "--jobs", "0"], "--jobs"),
        (["--model", "body", "--per-run", "11"], "--per-run"),
        (["--wide"], "--wide"),
    ],
)
def test_a_wrong_word_is_named(tmp_path: Path, words: list[str], key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        command.main(["make", "--seed", "1", "--out", str(tmp_path), *words])
    assert caught.value.path == key
    assert list(tmp_path.iterdir()) == []
