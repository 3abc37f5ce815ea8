"""The limits that documents, settings and help give as examples do something, if they are tried."""

import gzip
import re
from collections.abc import Iterator
from datetime import UTC
from functools import cache
from pathlib import Path

import pytest

from legwatch.alerting.notice import Notice
from legwatch.engine import replay
from legwatch.events import Event
from legwatch.limits.profile import parse_override
from legwatch.recording import events, parse
from legwatch_server.settings import BedTable, ServerSettings
from repository import REPO, rules

TABLES = "presence|warmth|stillness|care|health|alerts|night"
EXAMPLE = re.compile(rf'\b(?:rules\.)?((?:{TABLES})\.[a-z_]+)"?(?:=| = | )(\d+(?:\.\d+)?)')
PAGES = [
    "README.md",
    "config/README.md",
    "config/server.example.toml",
    "deploy/README.md",
    "deploy/server.toml",
    "lab/legwatch_lab/replay/command.py",
    "lab/legwatch_lab/score/command.py",
    "core/legwatch/limits/profile.py",
    "server/legwatch_server/settings.py",
]
OF_NEW_BEDS = ("alerts.learn_nights", "alerts.learn_urgent")  # a recording has no trial nights
NIGHTS = ["uncovered", "body/body-3-0001-plain", "body/body-3-0001-uncovered_near"]


def written() -> Iterator[tuple[str, str]]:
    """Yield the examples of all pages, and of the comments of the profile: page, KEY=NUMBER."""
    for page in PAGES:
        text = (REPO / page).read_text()
        yield from ((page, "=".join(pair)) for pair in EXAMPLE.findall(text))
    profile = "config/profiles/standard.toml"
    comments = [line for line in (REPO / profile).read_text().splitlines() if line.startswith("#")]
    yield from ((profile, "=".join(pair)) for pair in EXAMPLE.findall("\n".join(comments)))


@cache
def night(name: str) -> list[Event]:
    with gzip.open(REPO / f"tests/nights/{name}.csv.gz", "rt") as lines:
        return list(events(parse(lines, zone=UTC)))


@cache
def said(name: str, example: str = "") -> list[Notice]:
    path, value = parse_override(example) if example else ("warmth.early_s", 0)
    return list(replay(night(name), rules(zone="UTC", **{path.replace(".", "__"): value})))


EXAMPLES = sorted({example for _, example in written() if not example.startswith(OF_NEW_BEDS)})


def test_the_examples_of_every_page_are_found() -> None:
    pages = {page for page, _ in written()}
    assert {"README.md", "config/README.md", "config/server.example.toml"} <= pages
    assert {page for page in pages if page.startswith("lab")} == set(PAGES[5:7])
    for table in (BedTable, ServerSettings):
        (field,) = (f for f in table.__dataclass_fields__.values() if f.name == "rules")
        assert EXAMPLE.search(str(field.metadata)), table


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_changes_what_a_test_night_says(example: str) -> None:
    assert [name for name in NIGHTS if said(name, example) != said(name)] != []


def test_limits_of_cold_that_will_be_other_ones_are_no_examples() -> None:
    assert [example for example in EXAMPLES if re.match(r"warmth\..*_c=", example)] == []


def test_what_is_tried_by_set_changes_the_night_that_the_documents_play() -> None:
    tried = set(re.findall(r"--set ([\w.]+=[\d.]+)", "".join(map(_page, PAGES[:2]))))
    assert tried
    assert [one for one in tried if said(Path(NIGHTS[0]).name, one) == said(NIGHTS[0])] == []


def _page(name: str) -> str:
    return (REPO / name).read_text()
