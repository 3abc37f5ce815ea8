"""families.py: checkouts are compared on both families of nights, each with its own rules."""

import gzip
import json
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from legwatch.errors import CannotRun
from legwatch_lab.bench import corpus, families
from legwatch_lab.bench.trees import Heard, Sound, fold, heard, reduced
from legwatch_lab.nights.lumped.night import LumpedOrder, make
from legwatch_lab.truth import NightTruth, read
from repository import REPO

HOUR_MS = 3_600_000


def notice(minute: int, what: str, level: str = "warning", **more: Any) -> dict[str, Any]:
    at = f"2026-01-06T{minute // 60:02}:{minute % 60:02}:00Z"
    words = {"kind": "cold", "reason": "uncovered", "text": "", "held": None}
    return {"at": at, "what": what, "level": level, **words, **more}


def test_notices_become_alerts_and_sounds() -> None:
    said = fold(
        [
            notice(1, "fired", "log"),
            notice(2, "raised", held="waiting"),
            notice(5, "repeated"),
            notice(9, "resolved"),
            notice(20, "fired", kind="sensor", reason="stale"),
        ]
    )
    assert [(alert.kind, alert.severity) for alert in said.alerts] == [
        ("cold", "warning"),
        ("sensor", "warning"),
    ]
    first = said.alerts[0]
    begin_ms = first.at_ms - 2 * 60_000
    assert (first.sound_ms, first.end_ms) == (begin_ms + 5 * 60_000, begin_ms + 9 * 60_000)
    assert [sound.kind for sound in said.sounds] == ["cold", "sensor"]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, NightTruth]:
    folder = tmp_path_factory.mktemp("night")
    made = make(LumpedOrder(4, 0, "uncovered", UTC))
    (folder / f"{made.name}.csv.gz").write_bytes(made.csv_gz)
    (folder / f"{made.name}.truth.json").write_bytes(made.truth)
    truth = read(folder / f"{made.name}.truth.json")
    assert truth is not None
    return folder / truth.file, truth


def test_channels_are_left_out(night: tuple[Path, NightTruth], tmp_path: Path) -> None:
    path, _ = night
    (copy,) = reduced([path], ("in_bed", "room_temperature_c"), tmp_path / "less")
    lines = gzip.decompress(copy.read_bytes()).decode().splitlines()
    whole = gzip.decompress(path.read_bytes()).decode().splitlines()
    channels = {line.split(",")[1] for line in lines}
    assert not channels & {"in_bed", "room_temperature_c"}
    assert {"leg_temperature_c", "movement", "channel"} <= channels
    assert [line for line in whole if line.split(",")[1] in channels] == lines


def test_a_checkout_replays_with_its_own_rules(
    night: tuple[Path, NightTruth], tmp_path: Path
) -> None:
    path, truth = night
    other = tmp_path / f"other-{path.name}"
    other.write_bytes(path.read_bytes())
    said = heard(REPO, [path, other])
    assert said[path.name] == said[other.name]
    row = families.judged([(truth, said[path.name])])
    assert (row.nights, row.uncoverings) == (1, len(truth.uncovered))
    assert row.caught
    (tmp_path / "bad.csv").write_text("no,header\n")
    with pytest.raises(CannotRun):
        heard(REPO, [tmp_path / "bad.csv"])


def test_sounds_are_judged_by_the_truth(night: tuple[Path, NightTruth]) -> None:
    _, truth = night
    bare = truth.uncovered[0]
    warm = replace(
        truth,
        leg_skin=truth.leg_skin._replace(values=(34.0,) * len(truth.leg_skin.values)),
        foot_skin=truth.foot_skin._replace(values=(34.0,) * len(truth.foot_skin.values)),
    )
    before_ms = warm.in_bed[0].from_ms - 60_000
    sounds = (
        Sound(bare.from_ms + 600_000, "cold", "warning"),  # true
        Sound(warm.in_bed[0].from_ms + 600_000, "cold", "warning"),  # covered and warm
        Sound(before_ms, "cold", "urgent"),  # nobody there
        Sound(before_ms, "sensor", "warning"),  # nor is a sensor faulty
    )
    row = families.judged([(warm, Heard((), sounds))])
    assert (row.false_sounds, row.empty_sounds) == (3, 2)
    assert row.caught == 0


def test_the_page_has_a_row_for_each_build_and_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The nights of the body model would take a minute.
    monkeypatch.setattr(corpus, "FAMILIES", {"lumped": ()})
    words = ["--seed", "1", "--nights", "3", "--work", str(tmp_path), "--tree", f"here={REPO}"]
    assert families.main(words) == 0
    page = capsys.readouterr().out
    assert page.startswith("# The rules on two families")
    assert [line.split(" | ")[1:3] for line in page.splitlines() if "| here |" in line] == [
        [build, "here"] for build in corpus.BUILDS
    ]
    assert families.main([*words, "--tree", f"none={tmp_path}"]) == 1
    assert "families: " in capsys.readouterr().err
    assert json.loads(next(tmp_path.rglob("*.truth.json")).read_text())["model"] == "lumped"
