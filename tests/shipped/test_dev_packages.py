"""Every package that a test imports is one that the set-up for tests installs by its name."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from repository import REPO

TESTS = REPO / "tests"
IMPORT = re.compile(r"^\s*(?:import|from) (\w+)|import_module\(\"(\w+)", re.MULTILINE)
COMES_WITH = {  # what the package in the second place cannot be without
    "adafruit-platformdetect": "adafruit-circuitpython-dht",
    "cryptography": "pywebpush",
    "http-ece": "pywebpush",
    "pip": "python",
}


def plain(requirement: str) -> str:
    """Return the name of a requirement as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


def named() -> set[str]:
    told = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [
        told["project"]["dependencies"],
        *told["project"]["optional-dependencies"].values(),
        told["dependency-groups"]["dev"],
    ]
    return {plain(requirement) for group in groups for requirement in group}


def imported() -> dict[str, Path]:
    """Return the modules that tests import, each with a file that does; without Python's own."""
    found: dict[str, Path] = {}
    for file in sorted(TESTS.rglob("*.py")):
        for one, other in IMPORT.findall(file.read_text(encoding="utf-8")):
            found[one or other] = file
    ours = sys.stdlib_module_names | shipped_examples()
    return {name: file for name, file in found.items() if name not in ours}


def shipped_examples() -> set[str]:
    """Return the modules of the examples: they may be installed beside legwatch, or not."""
    return {file.parent.name for file in REPO.glob("examples/*/src/*/__init__.py")}


def test_every_package_that_tests_import_is_named() -> None:
    installs, known = packages_distributions(), named() | {"legwatch"}
    modules = imported()
    assert {"pytest", "yaml"} <= set(modules)
    unnamed = {}
    for module, file in modules.items():
        packages = {plain(package) for package in installs.get(module, ())}
        if packages and not packages & (known | set(COMES_WITH)):
            unnamed[module] = (sorted(packages), file.name)
    assert unnamed == {}, "put its package into the group dev of pyproject.toml"
    assert set(COMES_WITH.values()) <= known | {"python"}
