"""Lay every fault over every night, ask the rules of each tree, and keep what came of it."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from legwatch.errors import CannotRun
from legwatch_lab.faults import trees
from legwatch_lab.faults.catalogue import BUILDS, CHANNELS, FAULTS, in_build, in_kind
from legwatch_lab.faults.judge import Outcome, judged
from legwatch_lab.faults.laid import Fault
from legwatch_lab.faults.night import BedNight, chosen, load
from legwatch_lab.faults.player import Order
from legwatch_lab.side_by_side import in_order

MOST_STILL = 20  # still nights are made from so many quiet ones


class Plan(NamedTuple):
    """What one run asks."""

    faults: tuple[str, ...]
    builds: tuple[str, ...]
    trees: Mapping[str, Path | None]  # None: this one
    seed: int


class Task(NamedTuple):
    """One night of a family, and what was asked of it in an earlier run."""

    family: str
    path: Path
    still: bool
    done: frozenset[tuple[str, str, str]]  # tree, fault, build


class Row(NamedTuple):
    """What came of one night with one fault, in one build, by the rules of one tree."""

    family: str
    night: str
    kind: str
    tree: str
    fault: str
    build: str
    outcome: Outcome


def run(
    families: Mapping[str, Path],
    plan: Plan,
    *,
    nights: int,
    jobs: int,
    out: Path,
    kept: bool = False,
) -> list[Row]:
    """Return all rows of a plan; what an earlier run has kept in the folder is not run again.

    `kept`: run nothing, and return what is kept.
    """
    file = _File(out, plan)
    known = file.rows()
    tasks = [task for name, folder in families.items() for task in _tasks(name, folder, nights)]
    keys = {(_key(task), *_asked(row)) for task in tasks for row in known.get(_key(task), ())}
    tasks = [
        task._replace(done=frozenset(key[1:] for key in keys if key[0] == _key(task)))
        for task in tasks
    ]
    wanted = {still: set(_wanted(plan, still=still)) for still in (False, True)}
    to_do = [task for task in tasks if not kept and not wanted[task.still] <= task.done]
    for rows in _with_progress(in_order(partial(one_night, plan=plan), to_do, jobs), len(to_do)):
        file.add(rows)
    found = file.rows()
    return [
        row
        for task in tasks
        for row in found.get(_key(task), ())
        if _asked(row) in wanted[task.still]
    ]


def one_night(task: Task, plan: Plan) -> list[Row]:
    """Return the rows of one night that are not known yet."""
    night = load(task.path, still=task.still)
    rows: list[Row] = []
    with trees.opened(plan.trees) as asked:
        for name in plan.faults:
            fault = FAULTS[name]
            fits = in_kind(fault, still=task.still)
            builds = [build for build in plan.builds if fits and in_build(fault, build)]
            todo = [
                (tree, build)
                for tree in asked
                for build in builds
                if (tree, name, build) not in task.done
            ]
            if todo:
                rows += _laid(task, night, fault, plan.seed, todo, asked)
    return rows


def _laid(
    task: Task,
    night: BedNight,
    fault: Fault,
    seed: int,
    todo: Sequence[tuple[str, str]],
    asked: Mapping[str, trees.Tree],
) -> Iterator[Row]:
    rng = Random(f"{seed}/{night.name}/{night.kind}/{fault.name}")  # noqa: S311 - not for secrets
    laid = fault.lay(night, rng)
    lines = trees.lines(laid.readings)
    for tree, build in todo:
        left_out = [name for name in CHANNELS if name not in BUILDS[build]]
        order = Order(lines, left_out, night.end_ms, laid.no_mat_ms)
        outcome = judged(night, laid, asked[tree].said(order))
        yield Row(task.family, night.name, night.kind, tree, fault.name, build, outcome)


def _tasks(family: str, folder: Path, nights: int) -> Iterator[Task]:
    found = chosen(folder, nights)
    if not all(found.values()):
        raise CannotRun(f"{folder}: no uncovered or no quiet night of `legwatch nights make`")
    for path in (*found["uncovered"], *found["quiet"]):
        yield Task(family, path, still=False, done=frozenset())
    for path in found["quiet"][:MOST_STILL]:
        yield Task(family, path, still=True, done=frozenset())


def _wanted(plan: Plan, *, still: bool) -> Iterator[tuple[str, str, str]]:
    for tree in plan.trees:
        for name in plan.faults:
            for build in plan.builds:
                fault = FAULTS[name]
                if in_build(fault, build) and in_kind(fault, still=still):
                    yield tree, name, build


def _key(task: Task) -> tuple[str, str, bool]:
    return task.family, task.path.name.split(".")[0], task.still


def _asked(row: Row) -> tuple[str, str, str]:
    return row.tree, row.fault, row.build


class _File:
    """The rows of a seed and of these rules, one a line of JSON."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._paths = {
            tree: folder / f"{tree}-{trees.mark(root)}-seed{plan.seed}.jsonl"
            for tree, root in plan.trees.items()
        }

    def add(self, rows: Sequence[Row]) -> None:
        """Keep the rows of a night."""
        for tree, path in self._paths.items():
            mine = [row for row in rows if row.tree == tree]
            with path.open("a", encoding="utf-8") as file:
                file.writelines(
                    json.dumps({**row._asdict(), "outcome": asdict(row.outcome)}) + "\n"
                    for row in mine
                )

    def rows(self) -> dict[tuple[str, str, bool], list[Row]]:
        """Return the rows that are kept, by night."""
        found: dict[tuple[str, str, bool], list[Row]] = {}
        for path in self._paths.values():
            if not path.exists():
                continue
            for line in path.read_text(encoding="utf-8").splitlines():
                row = _row(json.loads(line))
                found.setdefault((row.family, row.night, row.kind == "still"), []).append(row)
        return found


def _row(body: dict[str, Any]) -> Row:
    return Row(**{**body, "outcome": Outcome(**body["outcome"])})


def _with_progress(rows: Iterator[list[Row]], count: int) -> Iterator[list[Row]]:
    from tqdm import tqdm  # noqa: PLC0415 - the help does not need it

    quiet = not sys.stderr.isatty()
    yield from tqdm(rows, desc="nights", total=count, unit=" nights", leave=False, disable=quiet)
