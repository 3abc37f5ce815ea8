"""The Python files of a checkout, parsed."""

import ast
from pathlib import Path
from typing import NamedTuple

PARTS = ("core", "device", "server", "lab")
SERVER = "server/legwatch_server/"


class SourceFile(NamedTuple):
    """One parsed file; `path` starts at the root of the tree and has forward slashes."""

    path: str
    text: str
    tree: ast.Module

    @property
    def part(self) -> str:
        """Return the part of the repository: core, device, server or lab."""
        return self.path.split("/", maxsplit=1)[0]


class Figure(NamedTuple):
    """One measured figure, and the places it counts."""

    label: str
    value: str
    places: tuple[str, ...] = ()


def read_tree(root: Path) -> tuple[SourceFile, ...]:
    """Read all product and lab files of a checkout, but not the helpers of tests."""
    files = []
    for part in PARTS:
        for path in sorted((root / part).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if "/testing" not in name:
                text = path.read_text(encoding="utf-8")
                files.append(SourceFile(name, text, ast.parse(text)))
    return tuple(files)


def docstrings(tree: ast.Module) -> set[ast.AST]:
    """Return the string nodes that are docstrings: a statement that is only a string."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
