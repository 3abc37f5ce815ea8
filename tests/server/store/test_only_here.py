"""SQL stands in the store and nowhere else, and the states of a delivery in one enum."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from legwatch_server.store.delivery import DeliveryState
from repository import REPO

SERVER = REPO / "server" / "legwatch_server"
STORE = SERVER / "store"
SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+(OR \w+ )?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|PRAGMA\s"
    r"|(CREATE|ALTER|DROP)\s+TABLE|BEGIN IMMEDIATE)\b",
    re.DOTALL,
)
STATES = re.compile(rf"^({'|'.join(DeliveryState)})$|'({'|'.join(DeliveryState)})'")
ELSEWHERE = {"notify/record.py": {"failed", "sent"}}  # Count: what /health counts
CHANNELS = "notify/channels/"  # they speak with the words of their services


def strings(path: Path) -> Iterator[str]:
    """Yield every string of a file but the docstrings."""
    tree = ast.parse(path.read_text())
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def files() -> Iterator[tuple[str, Path]]:
    for path in sorted(SERVER.rglob("*.py")):
        yield path.relative_to(SERVER).as_posix(), path


def test_sql_stands_in_the_store() -> None:
    assert [
        (name, text)
        for name, path in files()
        if not path.is_relative_to(STORE)
        for text in strings(path)
        if SQL.search(text)
    ] == []


def test_only_the_store_knows_sqlite() -> None:
    users = [name for name, path in files() if "sqlite3" in path.read_text()]
    assert [name for name in users if not name.startswith("store/")] == []


def test_the_states_of_a_delivery_are_named_once() -> None:
    found = [
        (name, text)
        for name, path in files()
        if name != "store/delivery.py" and not name.startswith(CHANNELS)
        for text in strings(path)
        if STATES.search(text) and text not in ELSEWHERE.get(name, ())
    ]
    assert found == []
