"""Returns in the minute's call graph.

The walk follows one value, the parameter `state` of `engine._close`, through the calls of the core:
depth first, in the order in which the code is written, and into every branch. A name carries the
value if it is bound to an expression that uses a name which carries it. A call that passes such an
expression, also as the object of a method, enters the room of the function called. A function is
entered once for each set of parameters that carry the value; a repeated entry is not counted.

A stay is a series of entries of the same room. A return is a stay in a room that the walk has left
before: stays - rooms = returns. Where data flow one way, each room is entered once.
"""

import ast
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from legwatch_lab.bench.structure.rooms import Function, Rooms, rooms_of
from legwatch_lab.bench.structure.tree import Figure, SourceFile

START = ("legwatch.engine", "_close", "state")
LABELS = (
    "returns of the minute's walk",
    "  stays",
    "  rooms",
    "  returns, with repeated entries",
)


class Entry(NamedTuple):
    """One call that passes the value: the function that it enters, and its room."""

    room: str
    name: str
    repeated: bool


def returns(files: Iterable[SourceFile]) -> tuple[Figure, ...]:
    """Count returns, stays and rooms of the walk; its places are the entries in their order."""
    rooms = rooms_of(files)
    room, name, parameter = START
    start = rooms.function(room, name)
    if start is None:
        return tuple(Figure(label, "-") for label in LABELS)
    walk = Walk(rooms)
    walk.enter(start, {parameter})
    repeats = _stays(walk.entries)
    stays = _stays(entry for entry in walk.entries if not entry.repeated)
    count, rooms_count = len(stays), len(set(stays))
    places = tuple(f"{entry.room}.{entry.name}" for entry in walk.entries if not entry.repeated)
    values = (count - rooms_count, count, rooms_count, len(repeats) - len(set(repeats)))
    first, *more = zip(LABELS, map(str, values), strict=True)
    return Figure(*first, places), *(Figure(*one) for one in more)


def _stays(entries: Iterable[Entry]) -> list[str]:
    return [room for room, _ in groupby(entry.room for entry in entries)]


class Walk:
    """The entries of one walk, in order."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self.entries: list[Entry] = []
        self._passed: set[tuple[str, str, frozenset[str]]] = set()

    def enter(self, function: Function, carrying: Iterable[str]) -> None:
        """Enter a function whose parameters `carrying` carry the value."""
        passed = (function.room, function.name, frozenset(carrying))
        repeated = passed in self._passed
        self.entries.append(Entry(function.room, function.name, repeated))
        if not repeated:
            self._passed.add(passed)
            _Pass(self, function, set(carrying)).through(function.node.body)


class _Pass:
    """One way through one function; `carrying` are the names that carry the value."""

    def __init__(self, walk: Walk, function: Function, carrying: set[str]) -> None:
        self._walk, self._function, self._carrying = walk, function, carrying
        self._local: dict[str, Function] = {}

    def through(self, body: Iterable[ast.stmt]) -> None:
        """Go through statements, also into every branch."""
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if node.value is not None:
                self._bind(targets, node.value)
        elif isinstance(node, ast.For):
            self._bind([node.target], node.iter)
            self.through([*node.body, *node.orelse])
        elif not isinstance(node, ast.FunctionDef | ast.ClassDef):
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.stmt):
                    self._statement(part)
                else:
                    self._carries(part)

    def _bind(self, targets: Iterable[ast.expr], value: ast.expr) -> None:
        known = self._called(value)
        if self._carries(value):
            self._carrying.update(name for target in targets for name in _names(target))
        elif known is not None and not isinstance(value, ast.Call):
            self._local.update({name: known for target in targets for name in _names(target)})

    def _called(self, callee: ast.expr) -> Function | None:
        if isinstance(callee, ast.Name) and callee.id in self._local:
            return self._local[callee.id]
        return self._walk.rooms.called(self._function.room, callee)

    def _carries(self, node: ast.AST) -> bool:
        """Say whether an expression uses the value; enter the functions that it calls with it."""
        if isinstance(node, ast.Name):
            return node.id in self._carrying
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.NamedExpr):
            self._bind([node.target], node.value)
            return self._carries(node.target)
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            for part in node.generators:
                self._bind([part.target], part.iter)
                self._any_carries(part.ifs)
            parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            return self._any_carries(parts)
        return self._any_carries(ast.iter_child_nodes(node))

    def _any_carries(self, nodes: Iterable[ast.AST]) -> bool:
        carries = [self._carries(node) for node in nodes]  # each of them may enter functions
        return any(carries)

    def _call(self, node: ast.Call) -> bool:
        function = self._called(node.func)
        of = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        receiver = [self._carries(part) for part in of]
        positional = [self._carries(argument) for argument in node.args]
        named = {word.arg: self._carries(word.value) for word in node.keywords}
        if not any((*receiver, *positional, *named.values())):
            return False
        if function is not None:
            is_method = "." in function.name
            slots = [*(receiver if is_method else []), *positional]
            pairs = zip(function.parameters, slots, strict=False)
            names = [name for name, carries in (*pairs, *named.items()) if name and carries]
            self._walk.enter(function, names)
        return True


def _names(target: ast.expr) -> Iterator[str]:
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
