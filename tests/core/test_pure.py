"""The core opens nothing: what it is given comes in as values, what it has found goes out so."""

import ast

from repository import REPO

TOUCHES = {"open", "print", "input", "exec", "eval", "breakpoint"}
DOOR = "__main__.py"  # only calls the command, in another room


def touched(code: str) -> set[str]:
    """Return the built-in functions that code calls and that touch the machine, and `sys`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {node.func.id} & TOUCHES
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names} & {"sys"}
    return found


def test_no_file_of_the_core_opens_or_prints_or_looks_at_its_process() -> None:
    found = {
        file.name: touched(file.read_text(encoding="utf-8"))
        for file in (REPO / "core/legwatch").rglob("*.py")
    }
    assert len(found) > 50
    assert {name: what for name, what in found.items() if what} == {DOOR: {"sys"}}


def test_what_is_not_pure_would_be_found() -> None:
    assert touched("import sys\nopen('/dev/null')\nprint(1)") == {"sys", "open", "print"}
