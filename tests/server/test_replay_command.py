"""`legwatch replay` as a user meets it."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.notice import iso
from nightly import bare, night, wobbling

Said = pytest.CaptureFixture[str]


def save(path: Path, *, cold: bool = True, packed: bool = False, naive: bool = False) -> Path:
    lines = ["time,channel,value"]
    for window in night(leg=bare((120, 150), bare_c=25.0) if cold else wobbling(31), minutes=300):
        at = iso(window.from_ms)
        at = at.rstrip("Z") if naive else at
        lines += [
            f"{at},leg_temperature_c,{window.leg_c}",
            f"{at},room_temperature_c,{window.room_c}",
            f"{at},movement,{window.moves}",
            f"{at},in_bed,1",
        ]
    raw = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    return path


NO_SIGNS = ("--set", "warmth.early_s=0")  # early signs have tests of their own


def jsonl(said: Said, *words: str) -> list[dict[str, object]]:
    assert legwatch(["replay", "--format", "jsonl", *NO_SIGNS, *words]) == 0
    return [json.loads(line) for line in said.readouterr().out.splitlines()]


def test_a_night_gives_its_notices_packed_or_plain(tmp_path: Path, capsys: Said) -> None:
    plain, packed = save(tmp_path / "a.csv"), save(tmp_path / "b", packed=True)
    notices = jsonl(capsys, str(plain), "--bed", "anna")
    said = [(n["kind"], n["what"], n.get("held")) for n in notices]
    assert said == [
        ("cold", "fired", "waiting"),
        ("cold", "repeated", None),
        ("cold", "resolved", None),
    ]
    assert {n["bed"] for n in notices} == {"anna"}
    assert "file" not in notices[0]
    assert jsonl(capsys, str(packed), "--bed", "anna") == notices


def test_several_files_are_several_nights(tmp_path: Path, capsys: Said) -> None:
    files = [str(save(tmp_path / name)) for name in ("a.csv", "b.csv")]
    notices = jsonl(capsys, *files)
    assert [n["file"] for n in notices] == ["a.csv"] * 3 + ["b.csv"] * 3
    assert [n["at"] for n in notices[:3]] == [n["at"] for n in notices[3:]]


def test_other_rules_give_another_night(tmp_path: Path, capsys: Said) -> None:
    file = str(save(tmp_path / "a.csv"))
    strict = jsonl(capsys, file)
    limits = (
        "warmth.warn_c=24",
        "warmth.plain_c=22",
        "warmth.urgent_c=20",
        "warmth.contrast_k=0.1",
        "warmth.change_share=0.9",
    )
    lax = jsonl(capsys, file, *(word for limit in limits for word in ("--set", limit)))
    assert strict
    assert lax == []


def test_naive_times_take_the_zone(tmp_path: Path, capsys: Said) -> None:
    file = str(save(tmp_path / "a.csv", naive=True))
    utc, tokyo = jsonl(capsys, file), jsonl(capsys, file, "--tz", "Asia/Tokyo")
    apart = [datetime.fromisoformat(str(night[0]["at"])) for night in (utc, tokyo)]
    assert apart[0] - apart[1] == timedelta(hours=9)


def test_the_table_speaks_local_time_and_sums_up(tmp_path: Path, capsys: Said) -> None:
    file = save(tmp_path / "a.csv")
    assert legwatch(["replay", str(file), "--tz", "Europe/Berlin", *NO_SIGNS]) == 0
    head, *rows, tail = capsys.readouterr().out.splitlines()
    assert head.startswith("local time")
    assert rows[0].startswith("2026-01-03 00:")
    assert rows[0].split()[2:5] == ["cold", "fired", "warning"]
    assert "1800 windows" in tail
    assert "3 notices" in tail


def test_a_night_without_a_notice_says_so(tmp_path: Path, capsys: Said) -> None:
    assert legwatch(["replay", str(save(tmp_path / "a.csv", cold=False))]) == 0
    assert capsys.readouterr().out.endswith(": 0 notices\n")


def test_unused_channels_and_refused_lines_are_told_aside(tmp_path: Path, capsys: Said) -> None:
    file = tmp_path / "a.csv"
    lines = [
        "time,channel,value",
        "2026-01-01T00:00:00Z,light,4",
        "2026-01-01T00:00:00Z,movement,x",
    ]
    file.write_text("\n".join(lines))
    assert legwatch(["replay", str(file), "--format", "jsonl"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "light (1)" in err
    assert "1 lines refused, first line 3" in err
    assert err.count("\n") == 2


def test_a_renamed_channel_is_used(tmp_path: Path, capsys: Said) -> None:
    file = save(tmp_path / "a.csv")
    file.write_text(file.read_text().replace("leg_temperature_c", "t"))
    assert jsonl(capsys, str(file)) == []
    assert len(jsonl(capsys, str(file), "--map", "t=leg_temperature_c")) == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.csv", None),
        ("empty.csv", b""),
        ("binary.csv", bytes(range(256))),
        ("words.csv", b"hello\nworld\n"),
        ("cut.csv.gz", gzip.compress(b"time,channel,value\n" * 999, mtime=0)[:-12]),
        ("bent.csv.gz", b"\x1f\x8b" + bytes(60)),
    ],
)
def test_a_file_that_is_no_night_is_answered_in_one_line(
    tmp_path: Path, capsys: Said, name: str, content: bytes | None
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    assert legwatch(["replay", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert name in err
    assert err.count("\n") == 1


def test_a_folder_is_not_a_night(tmp_path: Path, capsys: Said) -> None:
    assert legwatch(["replay", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--tz", "Mars/Olympus"),
        ("--tz", "../etc/passwd"),
        ("--profile", "brave"),
        ("--set", "warmth.warn_c"),
        ("--set", "warmth.warn_c=warm"),
        ("--set", "warmth.warn_c=99"),
        ("--set", "warmth.warn_c=nan"),
        ("--map", "old"),
        ("--map", "old="),
        ("--bed", "Not A Bed"),
    ],
)
def test_a_wrong_word_is_answered_in_one_line(
    tmp_path: Path, capsys: Said, words: tuple[str, str]
) -> None:
    file = save(tmp_path / "a.csv", cold=False)
    assert legwatch(["replay", str(file), *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1


def start(*words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "legwatch", "replay", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    files = [str(save(tmp_path / f"{i}.csv")) for i in range(2)] * 4
    with start(*files, "--format", "jsonl") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) in {0, 141, -signal.SIGPIPE}


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    fifo = tmp_path / "night.csv"
    os.mkfifo(fifo)
    with start(str(fifo)) as process:
        writer = fifo.open("wb")  # opens as soon as the command has begun to read
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        writer.close()
    assert process.returncode == 130
    assert b"Traceback" not in err
