"""Packages of strangers, each with a fault of its own, installed as pip does it."""

import itertools
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

import installed
from legwatch import entry
from legwatch_runtime import apart, plugins

_number = itertools.count(1)
# A line that waits for the end of the thread, so that no test has to.
OWN_THREAD = (
    "import threading; one = threading.Thread(target=lambda: int('x'), name='kt');"
    " one.start(); one.join()"
)


class Fault(NamedTuple):
    """A fault of a package, and the words that say it."""

    code: str | None
    words: str
    thing: str = "Odd"


def options(good: str, field: str) -> str:
    """Return the class `good` with this field in its Options."""
    head = "from dataclasses import dataclass\nfrom legwatch.settings import setting\n"
    shape = f"    @dataclass(frozen=True)\n    class Options:\n        {field}\n"
    return f"{head}{good}{shape}"


def faults_at_import(good: str) -> dict[str, Fault]:
    """Return what may be wrong with a module before its class is used; `good`: a class `Odd`."""
    return {
        "its module raises": Fault(
            "raise ValueError('no\\nbus')", "cannot be loaded: ValueError: no bus"
        ),
        "its module ends the process": Fault(
            "raise SystemExit(3)", "cannot be loaded: SystemExit: 3"
        ),
        "its module ends the process natively": Fault(
            "import os; os._exit(7)", "cannot be loaded: it ends the process that it runs in (exit"
        ),
        "its module needs one that is missing": Fault(
            "import nose_of_a_dog",
            "cannot be loaded: it needs the module nose_of_a_dog, which is not",
        ),
        "its module needs one that this legwatch does not have": Fault(
            "import legwatch.nothere", "which is not installed; it is made for another version of"
        ),
        "its module is gone": Fault(None, "which is not installed; install the package anew"),
        "its module has no such class": Fault("", "has no attribute 'Odd'"),
        "its Options are none": Fault(
            f"{good}    Options = 5", "cannot be used: its Options must be a frozen dataclass"
        ),
        "one of its Options is not declared by `setting`": Fault(
            options(good, "size: int = 5"), "'size' of its Options must be declared with legwatch."
        ),
        "one of its Options has a type that is not allowed": Fault(
            options(good, "names: list[str] = setting((), 'x')"),
            "'names' of its Options cannot be of the type list[str]; allowed are int, float, str,",
        ),
        "its module hangs": Fault(
            "import threading; threading.Event().wait(5)", "cannot be loaded: it has not come"
        ),
        "two packages have the name": Fault(good, "has the name of"),
    }


def hurry(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait long for a package in this test."""
    if "hangs" in request.node.name:  # else a slow machine would miss what ends a process
        monkeypatch.setattr(apart, "TRIED_WITHIN_S", 1.0)
    monkeypatch.setattr(plugins, "LOADS_WITHIN_S", 1.5)


class Stranger:
    """One installed package `stranger<n> 1.2` with one module of the same name."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name = f"stranger{next(_number)}"  # a module is imported once in a process
        self.site = folder / self.name
        self._info = self.site / f"{self.name}-1.2.dist-info"
        self._info.mkdir(parents=True)
        (self._info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {self.name}\nVersion: 1.2\n"
        )
        monkeypatch.syspath_prepend(str(self.site))
        monkeypatch.setattr(entry, "_points", installed.look)

    def has(self, code: str | None, points: Mapping[str, Mapping[str, str]]) -> "Stranger":
        """Write the module (None: pip has left only its entry points) and its entry points.

        `{}` in the value of an entry point is the module.
        """
        if code is not None:
            (self.site / f"{self.name}.py").write_text(code)
        lines = [
            line
            for group, named in points.items()
            for line in (
                f"[{group}]",
                *(f"{name} = {value.format(self.name)}" for name, value in named.items()),
            )
        ]
        (self._info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        return self

    def uninstall(self) -> None:
        """Take all of its files away, as pip does; what is imported stays so."""
        shutil.rmtree(self.site)

    def origin(self, thing: str) -> str:
        """Return how an error names the entry point of a thing in the module."""
        return f"{self.name}:{thing} of {self.name} 1.2"


def promised(page: Path, heading: str) -> set[str]:
    """Return the first cells of the table under a heading: what a page says may go wrong."""
    _, _, below = page.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    table = below.partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| (.*?) \| ", table)
    return set(rows[2:]) if rows[1:2] and set(rows[1]) <= {"-"} else set(rows[1:])
