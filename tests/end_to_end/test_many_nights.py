"""Many nights from the body model: as the evidence has them, and stopped without a trace."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import pytest

pytestmark = pytest.mark.end_to_end


def nights(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "legwatch", "nights", "make", "--model", "body", "--seed", "1"]
    return subprocess.Popen(
        [*command, "--out", str(folder / "out"), *words],
        env=os.environ | {"XDG_CACHE_HOME": str(folder / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def at_work(group: int) -> list[str]:
    """Return the processes of a group that still run; a dead one may wait to be fetched."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it has just ended
            continue
        if int(its_group) == group and state != "Z":
            found.append(path.parent.name)
    return found


def at(truth: dict[str, Any], when: str) -> int:
    begin, then = (datetime.fromisoformat(text) for text in (truth["begin"], when))
    return int((then - begin).total_seconds() // 60)


def half_an_hour_bare(truths: list[dict[str, Any]]) -> Iterator[tuple[float, float]]:
    """Yield the air by the legs and how far it is above the room, 30 min after uncovering."""
    for truth in truths:
        for bare in truth["uncovered"]:
            then = at(truth, bare["from"]) + 30
            if then < at(truth, bare["to"]):
                air_c = truth["air"]["leg_c"][then]
                yield air_c, air_c - truth["room"]["room_c"][then]


@pytest.mark.parametrize(
    ("kind", "median_c", "least_c", "most_c"),
    # Still air 4.4 (2.1-6.2) above the room, under a fan 2.5 (0.6-3.8): the resistance model.
    [("uncovered_both", 4.4, 1.7, 6.8), ("uncovered_fan", 2.5, 0.5, 4.2)],
)
def test_a_dozen_nights_lie_in_the_ranges_of_the_evidence(
    tmp_path: Path, kind: str, median_c: float, least_c: float, most_c: float
) -> None:
    with nights(tmp_path, "--count", "12", "--kind", kind) as made:
        assert (made.wait(120), made.stderr.read() if made.stderr else "") == (0, "")
    truths = [json.loads(path.read_text()) for path in (tmp_path / "out").glob("*.truth.json")]
    assert len(truths) == 12
    bare = list(half_an_hour_bare(truths))
    assert len(bare) > 8
    assert median(above for _, above in bare) == pytest.approx(median_c, abs=1.0)
    assert all(least_c < above < most_c for _, above in bare)
    assert all(16 < air_c < 28.5 for air_c, _ in bare)
    covered = []
    for truth in truths:
        begin, end = at(truth, truth["in_bed"][0][0]), at(truth, truth["uncovered"][0]["from"])
        if end - begin > 120:
            covered.append(median(truth["air"]["leg_c"][begin + 90 : end]))
    assert 29 < median(covered) < 32
    assert all(26 < air_c < 33.5 for air_c in covered)


def test_a_stop_leaves_whole_nights_and_no_traceback(tmp_path: Path) -> None:
    with nights(tmp_path, "--count", "500", "--jobs", "2") as made:
        give_up = time.monotonic() + 60
        while len(list(tmp_path.rglob("*.truth.json"))) < 3 and time.monotonic() < give_up:
            time.sleep(0.05)
        os.killpg(made.pid, signal.SIGINT)  # as a terminal does: to the workers, too
        said = made.communicate(timeout=30)
    assert (made.returncode, *said) == (130, "", "")
    give_up = time.monotonic() + 10
    while at_work(made.pid) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert at_work(made.pid) == []
    left = {path.name for path in (tmp_path / "out").iterdir()}
    names = {name.removesuffix(".truth.json") for name in left if name.endswith(".truth.json")}
    assert 3 <= len(names) < 500
    assert left == {f"{name}{end}" for name in names for end in (".csv.gz", ".truth.json")}
    for name in left:
        if name.endswith(".gz"):
            gzip.decompress((tmp_path / "out" / name).read_bytes())
    assert not list((tmp_path / "cache").rglob(".*"))
