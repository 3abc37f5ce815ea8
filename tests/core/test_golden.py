"""Golden nights give exactly the notices that lie beside them."""

import gzip
import json
from datetime import UTC
from pathlib import Path

import pytest

from legwatch.engine import replay
from legwatch.message import text
from legwatch.notice import as_json
from legwatch.recording import events, parse
from nightly import REPO, rules

NIGHTS = sorted((REPO / "tests/nights").glob("*.csv.gz"))
NO_BODY_ALERT = {"empty_bed", "dead_movement", "agent_off", "dead_leg", "bathroom"}


def name(path: Path) -> str:
    return path.name.removesuffix(".csv.gz")


def wanted(path: Path) -> list[str]:
    return path.with_name(f"{name(path)}.notices.jsonl").read_text().splitlines()


@pytest.mark.parametrize("path", NIGHTS, ids=name)
def test_a_golden_night_gives_its_notices(path: Path) -> None:
    with gzip.open(path, "rt") as lines:
        recording = parse(lines, zone=UTC)
    given = replay(events(recording), rules("standard", zone="UTC"))
    assert [as_json(n, bed="bed", text=text(n)) for n in given] == wanted(path)


def test_there_are_golden_nights_of_every_sort() -> None:
    assert len(NIGHTS) >= 10
    kinds = {name(path): {json.loads(line)["kind"] for line in wanted(path)} for path in NIGHTS}
    assert [n for n in NO_BODY_ALERT if kinds[n] & {"cold", "still"}] == []
    assert all("cold" in kinds[n] for n in ("uncovered", "fan", "cold_bedding", "no_mat"))
    assert all("sensor" in kinds[n] for n in ("dead_leg", "stuck_leg", "dead_movement"))
