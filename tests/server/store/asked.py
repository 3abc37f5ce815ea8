"""Listens to what the store asks of SQLite: each statement, and where in the store it stands."""

import ast
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest

from repository import REPO

STORE = REPO / "server" / "legwatch_server" / "store"
ASKING = {"execute", "executemany"}
_TABLE = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+AS)?(?:\s+(\w+))?", re.IGNORECASE)
# SQLite calls it a search, too, when it looks at every row for the highest value; and then it says
# no more if it only looks at the end of the table.
_STEP = re.compile(r"SCAN (\w+)|SEARCH (\w+)$")
_QUESTION = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE)\b", re.IGNORECASE)


class Asked(NamedTuple):
    """A statement with values of it; `place` is the function of the store that asks."""

    sql: str
    values: Any
    place: str


class Ear:
    """Collects what connections are asked that are opened while it listens."""

    def __init__(self) -> None:
        self.asked: dict[tuple[str, str], Asked] = {}
        self.lines: set[tuple[str, int]] = set()  # file of the store, line of the call

    def hear(self, sql: str, values: Any) -> None:
        frame = sys._getframe(2)  # who has called `execute`
        path = Path(frame.f_code.co_filename)
        if path.parent != STORE:
            return
        self.lines.add((path.name, frame.f_lineno))
        place = _asker(frame)
        self.asked.setdefault((sql, place), Asked(sql, values, place))

    @contextmanager
    def listening(self) -> Iterator["Ear"]:
        """Listen to every connection that is opened in the block."""
        factory = type("Heard", (_Heard,), {"ear": self})
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=factory))
            yield self

    @property
    def questions(self) -> list[Asked]:
        """All but what only opens, begins or ends."""
        return [asked for asked in self.asked.values() if _QUESTION.match(asked.sql)]


def _asker(frame: FrameType) -> str:
    """Return the innermost public function of the store that asks, as `file.function`."""
    at: FrameType | None = frame
    while at is not None and Path(at.f_code.co_filename).parent == STORE:
        if not at.f_code.co_name.startswith(("_", "<")):
            return f"{Path(at.f_code.co_filename).stem}.{at.f_code.co_name}"
        at = at.f_back
    return f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}"


class _Heard(sqlite3.Connection):
    ear: Ear

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        self.ear.hear(sql, values)
        return super().execute(sql, values)

    def executemany(self, sql: str, rows: Any, /) -> sqlite3.Cursor:
        rows = list(rows)
        self.ear.hear(sql, rows[0] if rows else None)
        return super().executemany(sql, rows)


class Call(NamedTuple):
    """A call of `execute` in the store."""

    file: str
    first: int
    last: int
    place: str


def calls() -> Iterator[Call]:
    """Yield every place where the store asks SQLite."""
    for path in sorted(STORE.glob("*.py")):
        functions = _functions(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ASKING
            ):
                place = place_of(functions, path, node.lineno)
                yield Call(path.name, node.lineno, node.end_lineno or node.lineno, place)


def place_of(functions: list[tuple[int, int, str]], path: Path, line: int) -> str:
    """Return the innermost function that a line belongs to, as `file.function`."""
    around = [one for one in functions if one[0] <= line <= one[1]]
    name = max(around)[2] if around else ""
    return f"{path.stem}.{name}"


def _functions(path: Path) -> list[tuple[int, int, str]]:
    return [
        (node.lineno, node.end_lineno or node.lineno, node.name)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]


def scanned(db: sqlite3.Connection, asked: Asked) -> set[str]:
    """Return the tables that a statement reads from end to end, or along a whole index."""
    names = {alias or table: table for table, alias in _TABLE.findall(asked.sql)}
    names |= {table: table for table in names.values()}
    values = asked.values
    if values is None:
        values = [None] * asked.sql.count("?")
    plan = db.execute(f"EXPLAIN QUERY PLAN {asked.sql}", values).fetchall()
    steps = (_STEP.match(str(row[-1])) for row in plan)
    found = {str(step[1] or step[2]): bool(step[1]) for step in steps if step}
    tables = {str(names.get(name, name)): whole for name, whole in found.items()}
    return {table for table, whole in tables.items() if whole or not _by_row(asked.sql, table)}


def _by_row(sql: str, table: str) -> bool:
    """Return True if all that is looked for at an end of the table is the number of a row."""
    ends = re.findall(rf"\b(?:max|min)\(([^()]*)\)(?:, 0\))? FROM {table}\b", sql)
    return bool(ends) and set(ends) <= {"id", "rowid"}
