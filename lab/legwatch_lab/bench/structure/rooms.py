"""The rooms of the core, and which function a call enters.

A room is one module of core/legwatch. A call is followed by name: to a function of the same module,
to an imported function, to a function of an imported module, through a local name for a function
(`update = thermometer.update`), or to a method, if only one class of the core has a method of this
name. A constructor is no such call: a value that is packed into a record stays where it is.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from legwatch_lab.bench.structure.tree import SourceFile

ROOT = "core/"
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Function(NamedTuple):
    """A function or method, and the room in which it stands."""

    room: str
    name: str
    node: FunctionNode

    @property
    def parameters(self) -> list[str]:
        """Return the names of all parameters, the positional ones first."""
        found = self.node.args
        named = [*found.posonlyargs, *found.args, *found.kwonlyargs]
        return [a.arg for a in (*named, found.vararg, found.kwarg) if a is not None]


class Rooms(NamedTuple):
    """All functions by room and name, methods by name, and the names that each room imports."""

    functions: Mapping[tuple[str, str], Function]
    methods: Mapping[str, list[Function]]
    imports: Mapping[tuple[str, str], tuple[str, str]]

    def function(self, room: str, name: str) -> Function | None:
        """Return the function that a name stands for in a room, also by an import."""
        if (room, name) in self.imports:
            return self.function(*self.imports[room, name])
        return self.functions.get((room, name))

    def called(self, room: str, callee: ast.expr) -> Function | None:
        """Return the function that a call in a room enters; None: it cannot be followed."""
        if isinstance(callee, ast.Name):
            return self.function(room, callee.id)
        if not isinstance(callee, ast.Attribute):
            return None
        if isinstance(callee.value, ast.Name) and (room, callee.value.id) in self.imports:
            module = ".".join(self.imports[room, callee.value.id])
            return self.function(module, callee.attr)
        methods = self.methods.get(callee.attr, [])
        return methods[0] if len(methods) == 1 else None


def rooms_of(files: Iterable[SourceFile]) -> Rooms:
    """Return the rooms of the core."""
    core = [file for file in files if file.path.startswith(ROOT)]
    functions = [function for file in core for function in _functions(file)]
    methods: dict[str, list[Function]] = {}
    for function in functions:
        if "." in function.name:
            methods.setdefault(function.node.name, []).append(function)
    imports = {
        (_room(file), alias.asname or alias.name): (node.module, alias.name)
        for file in core
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    return Rooms({(one.room, one.name): one for one in functions}, methods, imports)


def _room(file: SourceFile) -> str:
    name = file.path.removeprefix(ROOT).removesuffix(".py").removesuffix("/__init__")
    return name.replace("/", ".")


def _functions(file: SourceFile) -> Iterator[Function]:
    for node in file.tree.body:
        if isinstance(node, FunctionNode):
            yield Function(_room(file), node.name, node)
        elif isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, FunctionNode):
                    yield Function(_room(file), f"{node.name}.{part.name}", part)
