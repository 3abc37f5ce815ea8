"""What another package's command is for, read in its file: nothing of it runs for a help text."""

import ast
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from legwatch.entry import distribution, module, named
from legwatch.printable import shown

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

LONGEST = 70  # characters
LARGEST = 1_000_000  # bytes of a module that is read for it


def described(point: "EntryPoint") -> str:
    """Return the first line of its docstring; without one, of which package it is."""
    first = _docstring(point).strip().partition("\n")[0]
    return shown(first, LONGEST) or f"of package {distribution(point) or module(point)}"


def _docstring(point: "EntryPoint") -> str:
    """Return the docstring of the function that an entry point names, or of its module."""
    with suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        file = _file(module(point))
        if file is None or file.stat().st_size > LARGEST:
            return ""
        parsed = ast.parse(file.read_bytes())
        for node in parsed.body:
            if isinstance(node, ast.FunctionDef) and node.name == named(point):
                return ast.get_docstring(node) or ast.get_docstring(parsed) or ""
        return ast.get_docstring(parsed) or ""
    return ""


def _file(module: str) -> Path | None:
    """Return the source of a module; to ask Python for it would import its package."""
    path = Path(*module.split("."))
    for place in map(Path, sys.path):
        for file in (place / path.with_suffix(".py"), place / path / "__init__.py"):
            if file.is_file():
                return file
    return None
