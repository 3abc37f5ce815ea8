"""SQL and delivery states in string literals.

SQL file: a file that has a string literal which begins with an SQL verb in capitals and another
word, or that calls `.execute(`, `.executemany(` or `.executescript(`. Docstrings do not count.

Line with a delivery state: a line of the server, outside docstrings and outside the bodies of
enums, that has a string literal which is a delivery state, or that has a delivery state in single
quotes inside a longer literal, as in SQL. Not counted: the channels, where `retry` or `delivered`
is a word of a push service, and a state word used as a key (`results["sent"]`, `{"sent": 0}`),
which names a counter.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from legwatch_lab.bench.structure.tree import SERVER, Figure, SourceFile, docstrings

STATES = "decided|claimed|sent|delivered|answered|withdrawn|failed|retry"
STORE = f"{SERVER}store/"
CHANNELS = (f"{SERVER}notify/channels/", f"{SERVER}push/")
EXECUTE = {"execute", "executemany", "executescript"}
_VERB = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|PRAGMA|BEGIN|WITH|REPLACE|ATTACH)\s+\S"
)
_IS_STATE = re.compile(STATES)
_IN_SQL = re.compile(f"'({STATES})'")


def sql_files(files: Iterable[SourceFile]) -> tuple[Figure, ...]:
    """Count the files with SQL: all, and those of the server outside its store."""
    found = tuple(file.path for file in files if _has_sql(file.tree))
    stray = tuple(path for path in found if path.startswith(SERVER) and STORE not in path)
    return (
        Figure("files with SQL", str(len(found)), found),
        Figure("  of the server, outside store/", str(len(stray)), stray),
    )


def state_lines(files: Iterable[SourceFile]) -> tuple[Figure, ...]:
    """Count the lines of the server with a delivery state as a bare string, and their files."""
    places = [
        f"{file.path}:{line} {file.text.splitlines()[line - 1].strip()}"
        for file in files
        if file.path.startswith(SERVER) and not file.path.startswith(CHANNELS)
        for line in sorted(set(_state_lines(file)))
    ]
    of = {place.split(":", maxsplit=1)[0] for place in places}
    return (
        Figure("lines with a bare delivery state", str(len(places)), tuple(places)),
        Figure("  in files", str(len(of))),
    )


def _has_sql(tree: ast.Module) -> bool:
    known = docstrings(tree)
    return any(
        _executes(node) or (_is_text(node) and node not in known and _VERB.match(str(node.value)))
        for node in ast.walk(tree)
    )


def _executes(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return isinstance(function, ast.Attribute) and function.attr in EXECUTE


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _state_lines(file: SourceFile) -> Iterator[int]:
    lines = file.text.splitlines()
    skipped = docstrings(file.tree) | _enum_parts(file.tree) | _keys(file.tree)
    for node in ast.walk(file.tree):
        if node in skipped or not (_is_text(node) or isinstance(node, ast.JoinedStr)):
            continue
        if isinstance(node, ast.Constant) and _IS_STATE.fullmatch(str(node.value)):
            yield node.lineno
        spread = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        yield from (line for line in spread if _IN_SQL.search(lines[line - 1]))


def _enum_parts(tree: ast.Module) -> set[ast.AST]:
    """Return every node inside the body of an enum."""
    return {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith("Enum") for base in node.bases)
        for part in ast.walk(node)
    }


def _keys(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes that are a key of a dictionary, or the index of one."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            found.update(key for key in node.keys if key is not None)
        elif isinstance(node, ast.Subscript):
            found.add(node.slice)
    return found
