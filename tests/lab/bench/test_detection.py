"""The page of results: its words follow from the figures, and its runs are made once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from legwatch_lab.bench import detection
from legwatch_lab.bench import runs as detection_runs
from legwatch_lab.bench.goals import GOALS
from legwatch_lab.bench.page import page
from legwatch_lab.bench.sample import sample
from legwatch_lab.bench.scenario_texts import KINDS
from legwatch_lab.bench.tables import OTHERS, SIDE, Found
from legwatch_lab.nights.body import scenarios

SIGNS = ("signs", "sign_hits", "sign_misses", "sign_lead")
RATES = ("false_cold", "cold", "still", "still_normal", "false_still", "false_health", "wakes")
MINUTES = ("delay", "delay_p90", "sound", "sign_lead")
KEYS = {*(goal.key for goal in GOALS), *SIDE, *(key for key, _ in OTHERS), *SIGNS, "cold", "still"}


def figure(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": value, "high": value, "of": 200.0}


def report(**values: float | None) -> dict[str, Any]:
    """Return what `legwatch score --json` writes, with these figures for legwatch."""
    measures = {
        key: {
            "label": key,
            "unit": "min" if key in MINUTES else "a night" if key in RATES else "%",
            "legwatch": figure(values.get(key, 0.0)),
            "simple": figure(1.5),
        }
        for key in KEYS
    }
    return {
        "nights": 2,
        "measures": measures,
        "kinds": {"plain": {"nights": 2, "measures": measures}},
    }


def curve() -> dict[str, Any]:
    keys = ("caught", "false_cold", "delay")
    names = ("0.1", "0.4", "simple")
    return {"values": {name: {key: figure(1.0) for key in keys} for name in names}}


def nights(folder: Path) -> Path:
    """Write two truths, as far as the page reads them."""
    begin = datetime(2026, 1, 5, 21, tzinfo=UTC)
    folder.mkdir(parents=True)
    for number in (1, 2):
        truth = {
            "kind": "plain",
            "person": {"sex": "female", "age": 40 * number, "height_m": 1.6, "weight_kg": 60.0},
            "bedding": "winter",
            "in_bed": [[begin.isoformat(), (begin + timedelta(hours=8)).isoformat()]],
            "uncovered": [{"what": "both_legs"}],
            "room": {"room_c": [18.0, 17.0, 16.0]},
            "sensor": {"lag_s": 300, "leg_offset_c": -0.2},
            "movement": "normal",
        }
        (folder / f"{number}.truth.json").write_text(json.dumps(truth))
    return folder


@pytest.fixture
def found(tmp_path: Path) -> Callable[..., Found]:
    seen = sample(nights(tmp_path / "made"))

    def with_figures(look: str = "mat", **values: float | None) -> Found:
        reports = {name: report() for name in detection_runs.LOOKS}
        reports[look] = report(**values)
        curves = {"mat": curve(), "no_mat": curve()}
        return Found(9, reports, curves, seen, detection.limits())

    return with_figures


def row(text: str, label: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {label} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize(
    ("look", "key", "value", "word", "said"),
    [
        ("mat", "caught", 95.0, "yes", "95.0 % of 200"),
        ("mat", "caught", 94.98, "no", "94.98 % of 200"),  # 95.0 by rounding
        ("mat", "caught", None, "not measured", "-"),
        ("mat", "delay", 8.0, "yes", "8.0 min"),
        ("mat", "delay", 8.01, "no", "8.01 min"),
        ("mat", "delay_p90", 18.5, "no", "18.5 min"),
        ("mat", "false_cold", 0.005, "yes", "0.0050 a night"),
        ("mat", "false_cold", 6 / 1190, "no", "0.00504 a night"),
        ("no_mat", "caught", 88.0, "yes", "88.0 % of 200"),
        ("no_mat", "caught", 87.5, "no", "87.5 % of 200"),
        ("no_mat", "false_cold", 0.02, "yes", "0.0200 a night"),
        ("mat", "still_normal", 0.0301, "no", "0.0301 a night"),
        ("mat", "fault_nights", 0.0, "yes", "0.0 % of 200"),
        ("mat", "fault_nights", 0.5, "no", "0.5 % of 200"),
        ("mat", "dead_nights", 100.0, "yes", "100.0 % of 200"),
        ("mat", "faults_long_soon", 99.5, "no", "99.5 % of 200"),
        ("mat", "faults_long", 50.0, "-", "50.0 % of 200"),
    ],
)
def test_reached_is_said_by_the_figure_as_it_was_found(
    found: Callable[..., Found], look: str, key: str, value: float | None, word: str, said: str
) -> None:
    goal = next(goal for goal in GOALS if (goal.look, goal.key) == (look, key))
    cells = row(page(found(look, **{key: value})), goal.label)
    assert cells[4] == word
    assert cells[3].split(" (")[0] == said


def test_what_never_happened_has_an_interval_all_the_same(found: Callable[..., Found]) -> None:
    text = page(found(dead_nights=100.0, false_cold=0.0))
    assert "100.0 % of 200 (98.5 to 100.0)" in text
    assert "0.0000 a night (0.0000 to 0.0150)" in text


def test_the_page_says_on_what_it_was_measured(found: Callable[..., Found]) -> None:
    text = page(found())
    assert "2 of 1 kinds (below), 16 hours in bed" in text
    assert "age 40 / 60 / 80 years, 1 of 65 to 80" in text
    assert "17.0 / 17.0 / 17.0 °C" in text
    assert row(text, "`warmth.warn_c`")[1] == "28"
    assert "no real bed was measured" in text


def test_a_seed_that_was_tuned_on_proves_nothing(found: Callable[..., Found]) -> None:
    assert "on which nothing was chosen" in page(found())
    assert "proves nothing" in page(found()._replace(seed=2))


def test_reasons_are_those_of_the_notes_and_no_others(found: Callable[..., Found]) -> None:
    assert page(found()._replace(notes="## Why\n\nBecause.")).endswith("\n\n## Why\n\nBecause.\n")
    assert "Because" not in page(found())


def test_early_signs_are_told_when_there_are_any(found: Callable[..., Found]) -> None:
    assert "## Early signs" not in page(found())
    assert "## Early signs" in page(found(signs=0.4))


def test_every_kind_of_night_is_described() -> None:
    assert list(KINDS) == list(scenarios.KINDS)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand for the commands that make and score nights; return what was asked of them."""
    asked: list[str] = []

    def legwatch(words: tuple[str, ...]) -> int:
        asked.append(" ".join(words[:2]) if words[0] == "nights" else words[0])
        said = dict(word.split("=", 1) for word in words if "=" in word)
        if words[0] == "nights":
            nights(Path(said["--out"]))
        else:
            told = curve() if "--curve" in said else report()
            Path(said["--json"]).write_text(json.dumps(told))
        return 0

    def moved(paths: list[Path], jobs: int | None) -> list[tuple[str, ...]]:
        asked.append("moved" if (len(paths), jobs) == (2, None) else f"moved {paths} {jobs}")
        return [("noise", "contrast", "3", "2", "1", "0", "0", "6 min")]

    monkeypatch.setattr(detection_runs, "legwatch", legwatch)
    monkeypatch.setattr(detection_runs, "all_rows", moved)
    return asked


def test_what_was_made_is_kept_until_its_sources_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ran: list[str]
) -> None:
    out = tmp_path / "page.md"
    words = ["--seed", "9", "--nights", "2", "--work", str(tmp_path / "work"), "--out", str(out)]
    assert detection.main(words) == 0
    assert (ran.count("nights make"), ran.count("score"), ran.count("moved")) == (5, 10, 1)
    text = out.read_text(encoding="utf-8")
    assert "](page.png)" in text
    assert "| noise | contrast | 3 | 2 | 1 | 0 | 0 | 6 min |" in text
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    ran.clear()
    assert detection.main(words) == 0
    assert ran == []
    # The engine changes, the maker does not.
    real = detection_runs.mark
    monkeypatch.setattr(
        detection_runs, "mark", lambda p: "new" if p == detection_runs.JUDGES else real(p)
    )
    assert detection.main(words) == 0
    assert ran == [*["score"] * 10, "moved"]


def test_one_table_is_printed_and_no_page_written(
    tmp_path: Path, ran: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.md"
    words = ["--seed", "9", "--work", str(tmp_path / "work"), "--out", str(out), "--only", "goals"]
    assert detection.main(words) == 0
    assert ran == ["nights make", "score", "score"]
    assert capsys.readouterr().out.startswith("## The goals\n")
    assert not out.exists()


def test_moved_alerts_alone_score_nothing_and_are_counted_anew_when_their_source_changes(
    tmp_path: Path,
    ran: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--seed", "9", "--work", str(tmp_path / "work"), "--only", "moved"]
    assert detection.main(words) == 0
    assert detection.main(words) == 0
    assert ran == ["nights make", "moved"]
    assert capsys.readouterr().out.count("| noise | contrast |") == 2
    real = detection_runs.mark
    monkeypatch.setattr(
        detection_runs, "mark", lambda p: "new" if p == detection_runs.MOVED else real(p)
    )
    assert detection.main(words) == 0
    assert ran == ["nights make", "moved", "moved"]


@pytest.mark.parametrize(("code", "answer"), [(2, 2), (130, 130)])
def test_a_command_that_fails_or_is_stopped_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, answer: int
) -> None:
    monkeypatch.setattr(detection_runs, "legwatch", lambda _words: code)
    words = ["--seed", "9", "--work", str(tmp_path / "work"), "--only", "goals"]
    assert detection.main(words) == answer
    assert not list((tmp_path / "work").rglob("whole.json"))
