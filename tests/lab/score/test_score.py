"""`legwatch score` as a user meets it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.testing import wobbling
from truthful import COLD, PLAIN, Said, alerts, at, bare, save, scored, turning


def test_a_sensor_can_be_left_out(tmp_path: Path, capsys: Said) -> None:
    # Two minutes of movement, and no more: without the mat it may be an empty bed for a while.
    def moves(m: int) -> float | None:
        return turning(10)(m) if m < 110 else 10 if 118 <= m < 120 else 0

    folder = save(tmp_path, leg=COLD, moves=moves)
    (by_mat,) = alerts(scored(capsys, folder), "cold")
    report = scored(capsys, folder, "--without", "mat")
    assert report["without"] == ["mat"]
    (without,) = alerts(report, "cold")
    assert without["sound"] > by_mat["sound"]
    report = scored(capsys, folder, "--without", "movement", "--without", "room")
    assert alerts(report, "still", "simple")[0]["at"] == at(60)


def corpus(folder: Path) -> Path:
    for number in range(16):
        bad = number % 3 == 0
        save(
            folder,
            f"n{number:02}",
            kind="uncovered_both" if bad else "calm",
            leg=COLD if bad else wobbling(31),
            uncovered=(bare(120, 240),) if number % 2 else (),
            minutes=240,
        )
    return folder


def test_intervals_are_the_same_every_time_and_on_any_number_of_cores(
    tmp_path: Path, capsys: Said
) -> None:
    folder = corpus(tmp_path)
    first = scored(capsys, folder, "--jobs", "1")
    found = first["measures"]["false_cold"]["legwatch"]
    assert found["value"] == 3 / 16
    assert 0 <= found["low"] < found["value"] < found["high"] < 0.6
    assert scored(capsys, folder, "--jobs", "1") == first
    assert scored(capsys, folder, "--jobs", "2") == first


def test_only_some_nights(tmp_path: Path, capsys: Said) -> None:
    folder = corpus(tmp_path)
    assert scored(capsys, folder, "--limit", "5")["nights"] == 5
    report = scored(capsys, folder, "--kind", "calm", "--limit", "5")
    assert [row["kind"] for row in report["rows"]] == ["calm"] * 5
    both = scored(capsys, folder, "--kind", "calm", "--kind", "uncovered_both", "--limit", "2")
    assert [row["name"] for row in both["rows"]] == ["n00", "n01"]


def test_the_table_shows_both_sides_in_its_width(tmp_path: Path, capsys: Said) -> None:
    assert legwatch(["score", str(corpus(tmp_path))]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert max(map(len, lines)) <= 110
    caught = next(line for line in lines if line.startswith("  caught"))
    assert caught.split()[1] == "%"
    assert caught.split()[2] == caught.split("(")[1].split()[-1]  # legwatch and simple alike
    assert any(line.startswith("uncovered_both") for line in lines)
    assert lines[0] == "16 nights, profile standard"


def test_the_false_and_the_missed_are_listed(tmp_path: Path, capsys: Said) -> None:
    save(tmp_path, "a", leg=COLD)
    save(tmp_path, "b", uncovered=(bare(120, 240),))
    save(tmp_path, "c")
    assert legwatch(["score", str(tmp_path), "--false", *PLAIN]) == 0
    _, false, missed = capsys.readouterr().out.splitlines()
    assert false.split()[:6] == ["a", "02", "Jan", "23:14", "false", "cold"]
    assert "The air by your legs has fallen from " in false
    assert missed.split()[:6] == ["b", "02", "Jan", "23:00", "missed", "bare"]


def test_a_curve_scores_each_value(tmp_path: Path, capsys: Said) -> None:
    folder = save(tmp_path, leg=COLD, uncovered=(bare(120, 240),))
    report = scored(capsys, folder, "--curve", "warmth.warn_hold_s=300:900:300")
    assert list(report["values"]) == ["300", "600", "900", "simple"]
    delays = [report["values"][value]["delay"]["value"] for value in ("300", "600")]
    assert delays == [9, 14]
    assert legwatch(["score", str(folder), "--curve", "warmth.warn_c=26:28:0.5"]) == 0
    rows = capsys.readouterr().out.splitlines()[3:]
    assert [row.split()[0] for row in rows] == ["26", "26.5", "27", "27.5", "28", "simple"]


def test_the_report_goes_to_a_file(tmp_path: Path, capsys: Said) -> None:
    folder = save(tmp_path, minutes=60)
    assert legwatch(["score", str(folder), "--json", str(tmp_path / "report.json")]) == 0
    assert "profile standard" in capsys.readouterr().out
    assert json.loads((tmp_path / "report.json").read_text())["nights"] == 1
    assert legwatch(["score", str(folder), "--json", str(tmp_path / "no" / "report.json")]) == 1


def test_help_tells_what_the_words_mean(capsys: Said) -> None:
    with pytest.raises(SystemExit):
        legwatch(["score", "--help"])
    assert "nine tenths of the rule's own limit" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("--kind", "fan"),
        ("--profile", "brave"),
        ("--set", "warmth.warn_c=99"),
        ("--tz", "Mars/Olympus"),
        ("--curve", "warmth.warn_c=26"),
        ("--curve", "warmth.warn_c=28:26:1"),
        ("--curve", "warmth.warn_c=26:28:0"),
        ("--curve", "warmth.warn_c=26:99:1"),
        ("--curve", "warmth.brave=1:2:1"),
    ],
)
def test_a_wrong_word_is_answered_in_one_line(
    tmp_path: Path, capsys: Said, words: tuple[str, str]
) -> None:
    assert legwatch(["score", str(save(tmp_path, minutes=60)), *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [("--without", "window"), ("--jobs", "0"), ("--limit", "x"), ("--false", "--curve", "a=1:2:1")],
)
def test_a_word_that_no_option_takes_is_answered_with_the_usage(
    tmp_path: Path, capsys: Said, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as stop:
        legwatch(["score", str(tmp_path), *words])
    assert stop.value.code == 2
    assert "usage: legwatch score" in capsys.readouterr().err


def spoil(folder: Path, name: str) -> None:
    truth = folder / "night.truth.json"
    body = json.loads(truth.read_text())
    match name:
        case "no truth":
            truth.unlink()
        case "not JSON":
            truth.write_text("{")
        case "version 1":
            truth.write_text(json.dumps({**body, "v": 1}))
        case "no turns":
            truth.write_text(json.dumps({k: v for k, v in body.items() if k != "turns"}))
        case "a bad time":
            truth.write_text(json.dumps({**body, "end": "2026-01-03T05:00"}))
        case "no night":
            (folder / "night.csv").unlink()
        case "no recording":
            (folder / "night.csv").write_text("hello\n")


@pytest.mark.parametrize(
    "name",
    ["no truth", "not JSON", "version 1", "no turns", "a bad time", "no night", "no recording"],
)
def test_a_night_that_cannot_be_scored_is_answered_in_one_line(
    tmp_path: Path, capsys: Said, name: str
) -> None:
    spoil(save(tmp_path, minutes=60), name)
    assert legwatch(["score", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert str(tmp_path) in err


def test_nights_that_cannot_be_scored_beside_others_are_counted(
    tmp_path: Path, capsys: Said
) -> None:
    folder = save(tmp_path, minutes=60)
    other = save(tmp_path / "other", minutes=60)
    spoil(other, "version 1")
    assert legwatch(["score", str(folder), str(other)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("1 night, ")
    assert "left out 1 of 2 nights" in err


def test_a_folder_that_is_none_is_answered_in_one_line(tmp_path: Path, capsys: Said) -> None:
    assert legwatch(["score", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_a_night_to_score_is_told_what_makes_one(
    tmp_path: Path, capsys: Said, made: bool
) -> None:
    if made:  # by the simple model, whose truth says too little
        assert legwatch(["nights", "make", "--seed", "1", "--out", str(tmp_path)]) == 0
    assert legwatch(["score", str(tmp_path)]) == 2
    assert "`legwatch nights make --model body`" in capsys.readouterr().err


def test_nights_of_the_first_version_beside_others_are_left_out(
    tmp_path: Path, capsys: Said
) -> None:
    save(tmp_path, "old", minutes=60, v=1)
    save(tmp_path, "new", minutes=60)
    assert [row["name"] for row in scored(capsys, tmp_path)["rows"]] == ["new"]


def test_ctrl_c_is_quiet_on_all_cores(tmp_path: Path) -> None:
    for number in range(16):
        save(tmp_path, f"n{number}", minutes=1, file="night.csv")
    fifo = tmp_path / "night.csv"
    os.mkfifo(fifo)
    with subprocess.Popen(
        [sys.executable, "-m", "legwatch", "score", str(tmp_path), "--jobs", "2"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        writer = fifo.open("wb")  # opens as soon as a worker has begun to read
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
        _, err = process.communicate(timeout=30)
        writer.close()
    assert process.returncode == 130
    assert b"Traceback" not in err
