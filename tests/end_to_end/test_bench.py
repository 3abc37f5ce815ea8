"""The benches run, on next to nothing; what they measure is not judged here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.written import STRACE
from repository import REPO, miss

RATE = r"[\d,]+"


def bench(folder: Path, *words: str) -> str:
    """Run it as a user does and return what it printed; nothing may be said aside but progress."""
    done = subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


def python(name: str, folder: str = "tests/bench") -> tuple[str, str]:
    return sys.executable, str(REPO / folder / name)


@pytest.mark.usefixtures("mosquitto")
def test_ingest_rate_prints_a_ratio_and_the_delay_of_a_push(tmp_path: Path) -> None:
    tiny = ("--short", "--windows", "200", "--beds", "2", "--pushes", "2")
    head, *rows = bench(tmp_path, *python("ingest_rate.py"), *tiny).splitlines()
    assert head.split()[:3] == ["beds", "program", "windows/s"]
    assert [row[8:18].strip() for row in rows[:3]] == ["bare", "by hand", "legwatch"]
    for row in rows[:3]:
        assert re.fullmatch(rf" +2 [a-z ]+ +{RATE} +\d+\.\d\d +[\d.-]+ +\d+ +\d+ +\d+", row)
    assert [row.split(", ")[1] for row in rows[3:]] == ["by hand", "legwatch"] * 2
    assert all(
        re.search(r"p50 [\d.]+ ms, p99 [\d.]+ ms, worst [\d.]+ ms of 2$", r) for r in rows[3:]
    )


@pytest.mark.usefixtures("mosquitto")
def test_push_delay_has_a_request_for_every_bed(tmp_path: Path) -> None:
    tiny = ("--beds", "3", "--singly", "2", "--service-ms", "0")
    _, head, *rows = bench(tmp_path, *python("push_delay.py"), *tiny).splitlines()
    assert head.split()[-4:] == ["p50", "p99", "worst", "arrived"]
    assert [row.split()[-1] for row in rows] == ["2/2", "3/3"]


@pytest.mark.usefixtures("mosquitto")
def test_deletion_delay_has_a_row_for_each_store(tmp_path: Path) -> None:
    tiny = ("--rounds", "1", "--rate", "100", "--pushes", "2", "--nights", "1")
    head, *rows = bench(tmp_path, *python("deletion_delay.py"), *tiny).splitlines()
    assert head.split()[:3] == ["meanwhile", "p50", "ms"]
    assert [row.split()[0] for row in rows] == ["nothing", "packed", "deleted"]
    assert all(re.fullmatch(r"\w+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d,]+", row) for row in rows)


@pytest.mark.usefixtures("mosquitto")
def test_card_has_a_row_for_agent_and_server(tmp_path: Path) -> None:
    if not STRACE:
        miss("strace is not installed: sudo apt install strace")
    tiny = ("--minutes", "0.05", "--settle", "0.02", "--judge-nothing")
    head, *rows = bench(tmp_path, *python("card.py"), *tiny).splitlines()
    assert head.split()[:3] == ["program", "MB", "flushes"]
    assert [row.split()[0] for row in rows] == ["agent", "server"]


def test_detection_writes_its_page_of_nights_of_the_body_model(tmp_path: Path) -> None:
    seed = ("--seed", "9", "--jobs", "1")
    legwatch = (sys.executable, "-m", "legwatch")
    body = ("--model", "body", "--kind", "corpus", "--count", "1", "--out", "n/9")
    assert "1 night and" in bench(tmp_path, *legwatch, "nights", "make", *seed, *body)
    page = ("--nights", "1", "--work", "DIR", "--out", "page.md")
    detection = python("detection.py", "lab/legwatch_lab/bench")
    assert "page.md and page.png" in bench(tmp_path, *detection, *seed, *page)
    text = (tmp_path / "page.md").read_text()
    assert text.startswith(
        "# How well legwatch detects cold legs\n\nThis page compares "
        "legwatch's rules with a simple automation on 1 made nights. "
    )
    assert "--seed 9 --nights 1 --work DIR" in text
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
