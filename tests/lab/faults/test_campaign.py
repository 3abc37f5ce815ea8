"""The campaign as a whole: nights of a folder, two trees, a table, and a run that goes on."""

from pathlib import Path

import pytest

from legwatch_lab.faults.command import main
from legwatch_lab.faults.night import EVENING_MS, MINUTE_MS, chosen, load
from legwatch_lab.nights.command import main as nights
from repository import REPO

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nights") / "lumped"
    for kind, seed in (("uncovered", "11"), ("quiet", "12")):
        out = str(folder / kind)
        words = ["--model", "lumped", "--kind", kind, "--seed", seed, "--count", "2"]
        nights(["make", *words, "--out", out, "--jobs", "1"])
    return folder


def test_nights_are_chosen_by_their_truth(family: Path, capsys: Said) -> None:
    found = chosen(family, 1)
    assert {kind: len(paths) for kind, paths in found.items()} == {"uncovered": 1, "quiet": 1}
    night = load(found["uncovered"][0])
    assert night.bare is not None
    assert night.bare.to_ms - night.bare.from_ms >= 30 * MINUTE_MS
    assert night.bed_ms - night.begin_ms == pytest.approx(EVENING_MS, abs=MINUTE_MS)


def test_a_still_night_has_no_movement_for_long(family: Path) -> None:
    night = load(chosen(family, 1)["quiet"][0], still=True)
    from_ms, to_ms = (night.bed_ms + minutes * MINUTE_MS for minutes in (120, 300))
    assert not any(v for t, v in night.readings["movement"] if from_ms <= t < to_ms)
    assert not any(from_ms <= turn < to_ms for turn in night.truth.turns)


def test_a_run_writes_its_table_and_goes_on(family: Path, tmp_path: Path, capsys: Said) -> None:
    words = ["--family", str(family), "--work", str(tmp_path), "--nights", "1", "--jobs", "1"]
    words += ["--build", "mat", "--tree", str(REPO)]
    assert main([*words, "--fault", "leg_dead"]) == 0
    out = capsys.readouterr().out
    assert "- here: holds: silent misses 0 of" in out
    line = next(line for line in out.splitlines() if line.startswith("| leg_dead |"))
    _, _, here, other, _ = line.split("|")
    assert here == other  # the same rules, asked in another process
    assert "right 2<2 no_readings" in here
    kept = {path: path.stat().st_size for path in tmp_path.iterdir()}
    assert main([*words, "--fault", "leg_dead"]) == 0
    assert capsys.readouterr().out == out
    assert {path: path.stat().st_size for path in tmp_path.iterdir()} == kept
    assert main([*words, "--kept"]) == 0
    assert line in capsys.readouterr().out
    assert {path: path.stat().st_size for path in tmp_path.iterdir()} == kept
    assert main([*words, "--fault", "up_90"]) == 0
    line = next(one for one in capsys.readouterr().out.splitlines() if one.startswith("| up_90 |"))
    assert "still" not in line  # who is up is not still
    assert main([*words, "--fault", "mov_dead_all"]) == 0
    assert "| leg_dead |" not in capsys.readouterr().out


def test_what_cannot_be_asked_is_said(tmp_path: Path, capsys: Said) -> None:
    assert main(["--family", str(tmp_path), "--work", str(tmp_path)]) == 1
    assert "no uncovered or no quiet night" in capsys.readouterr().err
    words = ["--family", str(tmp_path), "--work", str(tmp_path), "--fault", "leg_ded"]
    assert main(words) == 1
    assert "no fault leg_ded; known: none, leg_frozen" in capsys.readouterr().err
    assert main(["--list"]) == 0
    assert "leg_dead" in capsys.readouterr().out
