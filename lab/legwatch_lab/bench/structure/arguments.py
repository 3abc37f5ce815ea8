"""Long parameter lists and long positional calls.

Wide function: a function or method, also a nested one, with more than five parameters.
Positional-only, ordinary and keyword-only parameters count; `self`, `cls`, `*args` and `**kwargs`
do not.

Wide call: a call with more than five positional arguments, also of a NamedTuple or a dataclass;
`*values` counts as one. The file state_codec.py is left out: it builds each record from its fields
in their order.
"""

import ast
from collections import Counter
from collections.abc import Iterable

from legwatch_lab.bench.structure.tree import PARTS, Figure, SourceFile

MOST = 5
CORE = "core/legwatch/"
CODEC = "state_codec.py"


def wide_functions(files: Iterable[SourceFile]) -> Figure:
    """Count the wide functions of core/legwatch."""
    places = tuple(
        f"{file.path}:{node.lineno} {node.name} ({_parameters(node)})"
        for file in files
        if file.path.startswith(CORE)
        for node in ast.walk(file.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _parameters(node) > MOST
    )
    return Figure(f"functions with > {MOST} parameters, core", str(len(places)), places)


def wide_calls(files: Iterable[SourceFile]) -> tuple[Figure, ...]:
    """Count the wide calls: all, and those of each part."""
    places = [
        f"{file.path}:{node.lineno} {ast.unparse(node.func)} ({len(node.args)})"
        for file in files
        if not file.path.endswith(CODEC)
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call) and len(node.args) > MOST
    ]
    label = f"calls with > {MOST} positional arguments"
    of = Counter(place.split("/", maxsplit=1)[0] for place in places)
    parts = (Figure(f"  of them {part}", str(of[part])) for part in PARTS)
    return Figure(label, str(len(places)), tuple(places)), *parts


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))
