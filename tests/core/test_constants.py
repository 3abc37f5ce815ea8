"""The table of constants in core/CONSTANTS.md names every deciding constant, with its value."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import legwatch
from repository import REPO

CORE = Path(legwatch.__file__).parent
DECIDING = ("signals/*.py", "conditions/*.py", "alerting/*.py", "bed.py", "bedside.py", "engine.py")
REASONS = {"fit", "bench", "sensor", "body", "time", "unit", "judgement"}
ROW = re.compile(
    r"\| `([\w/]+\.py)` \| `(\w+)` \| (-?[\d.]+) (\S+) \| (.+) \| (\w+) \|", re.MULTILINE
)


class Row(NamedTuple):
    """One row of the table."""

    file: str
    name: str
    value: str
    unit: str
    decides: str
    reason: str


def table() -> list[Row]:
    lines = (REPO / "core/CONSTANTS.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    found = [match for line in rows if (match := ROW.fullmatch(line))]
    assert len(found) == len(rows), "a row of the table is malformed"
    return [Row(*match.groups()) for match in found]


def assigned(file: str) -> Iterator[str]:
    """Yield the upper-case names that a module assigns; imported names are not assigned."""
    for node in ast.parse((CORE / file).read_text()).body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        for target in targets:
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            yield from (part.id for part in parts if isinstance(part, ast.Name))


def numbers(file: str) -> dict[str, float]:
    module = import_module(f"legwatch.{file.removesuffix('.py').replace('/', '.')}")
    values = {name: getattr(module, name) for name in assigned(file) if name.isupper()}
    return {name: value for name, value in values.items() if type(value) in (int, float)}


def test_each_entry_exists_with_its_value() -> None:
    for row in table():
        assert numbers(row.file).get(row.name) == float(row.value), row


def test_no_deciding_constant_is_missing() -> None:
    files = [
        path.relative_to(CORE).as_posix() for form in DECIDING for path in sorted(CORE.glob(form))
    ]
    files = [file for file in files if not file.endswith("__init__.py")]
    assert "signals/contrast_fall.py" in files
    known = {(row.file, row.name) for row in table()}
    assert [(f, name) for f in files for name in numbers(f) if (f, name) not in known] == []


def test_each_entry_is_there_once_and_says_why_it_is_no_limit() -> None:
    rows = table()
    assert len({(row.file, row.name) for row in rows}) == len(rows)
    assert {row.reason for row in rows} <= REASONS


def test_the_unit_of_an_entry_is_the_one_in_its_name() -> None:
    units = {"_MS": "ms", "_S": "s", "_C": "C", "_MIN": "min", "_SHARE": "share"}
    wrong = [
        row
        for row in table()
        for ending, unit in units.items()
        if row.name.endswith(ending)
        and not row.unit.startswith(unit)
        and row.name != "SOONEST_C_A_MIN"
    ]
    assert wrong == []
