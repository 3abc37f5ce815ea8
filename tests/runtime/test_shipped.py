"""The entry points of legwatch are found in its own list, wherever and in whatever state it is."""

import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from legwatch.entry import PACKAGES
from legwatch_runtime import shipped
from repository import REPO

LIST = """
[legwatch.commands]
duty = legwatch_server.cli.duty:main
odd  =  stranger:main

[legwatch.notifiers]
duty=legwatch_server.notify:Duty
nonsense
"""
DUTY = "legwatch_server.cli.duty:main"
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    monkeypatch.setattr(sys, "path", [])

    def add(name: str = "legwatch-0.1.0.dist-info", text: str = LIST, site: str = "site") -> Path:
        info = tmp_path / site / name
        info.mkdir(parents=True)
        (info / "entry_points.txt").write_text(text)
        if str(info.parent) not in sys.path:
            sys.path.append(str(info.parent))
        shipped._targets.cache_clear()
        return info

    shipped._targets.cache_clear()
    yield add
    shipped._targets.cache_clear()


def test_a_name_is_found_in_its_group_and_nothing_of_another_package(install: Install) -> None:
    install()
    assert shipped.target("legwatch.commands", "duty") == DUTY
    assert shipped.target("legwatch.notifiers", "duty") == "legwatch_server.notify:Duty"
    for group, name in (("legwatch.commands", "odd"), ("legwatch.notifiers", "nonsense")):
        assert shipped.target(group, name) is None


@pytest.mark.parametrize("name", ["legwatch-2.0rc1.dist-info", "legwatch-0.1.0.egg-info"])
def test_the_list_has_the_name_that_an_installer_gives_it(install: Install, name: str) -> None:
    install(name)
    assert shipped.target("legwatch.commands", "duty") == DUTY


@pytest.mark.parametrize(
    "name", ["legwatch_example-1.0.dist-info", "legwatch-example-1.0.egg-info", "legwatch.egg"]
)
def test_the_list_of_another_package_is_left_alone(install: Install, name: str) -> None:
    install(name)
    assert shipped.target("legwatch.commands", "duty") is None


def test_the_first_of_the_path_counts_as_for_imports(install: Install) -> None:
    install(text="[legwatch.commands]\nduty = legwatch_server.first:main")
    install(site="later")
    assert shipped.target("legwatch.commands", "duty") == "legwatch_server.first:main"


def test_with_remains_of_another_version_nothing_is_guessed(install: Install) -> None:
    install()
    install("legwatch-0.0.9.dist-info")
    assert shipped.target("legwatch.commands", "duty") is None


def test_a_path_that_cannot_be_read_hides_no_later_one(install: Install, tmp_path: Path) -> None:
    file = tmp_path / "file.zip"
    file.write_bytes(b"\xff")
    sys.path += [str(file), str(tmp_path / "missing")]
    install()
    assert shipped.target("legwatch.commands", "duty") == DUTY


def test_of_a_list_that_cannot_be_read_nothing_is_guessed(install: Install) -> None:
    (install() / "entry_points.txt").write_bytes(b"\xff")
    install(site="later")
    assert shipped.target("legwatch.commands", "duty") is None


def test_every_shipped_entry_point_is_ours_and_can_be_read(install: Install) -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = project["entry-points"]
    text = "\n".join(
        line
        for group, points in groups.items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in points.items()))
    )
    install(text=text)
    every = {(group, name): to for group, points in groups.items() for name, to in points.items()}
    assert {pair: shipped.target(*pair) for pair in every} == every
    assert {to.partition(".")[0] for to in every.values()} <= PACKAGES


COMMANDS = "legwatch.commands"
ADDS = "[legwatch.commands]\nodd = stranger:main\n"


def test_the_names_of_a_group_are_known_if_no_other_package_adds_one(install: Install) -> None:
    install()
    install("stranger-1.0.dist-info", "[console_scripts]\nodd = stranger:main\n")
    install("older-1.0.egg-info", "", site="later")
    sys.path += ["missing"]
    assert shipped.names(COMMANDS) == ["duty", "odd"]
    assert shipped.names("legwatch.configs") == []


@pytest.mark.parametrize("name", ["stranger-1.0.dist-info", "Stranger.egg-info", "x.DIST-INFO"])
def test_a_package_that_adds_a_name_is_looked_for(install: Install, name: str) -> None:
    install()
    install(name, ADDS, site="later")
    assert shipped.names(COMMANDS) is None


def test_what_may_hold_packages_in_another_way_is_looked_into(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    file = tmp_path / "packages.zip"
    file.write_bytes(b"")
    sys.path.append(str(file))
    assert shipped.names(COMMANDS) is None
    sys.path[-1] = str(tmp_path / "stranger.egg")
    assert shipped.names(COMMANDS) is None
    sys.path.pop()
    assert shipped.names(COMMANDS) is not None
    finder = type("Finder", (), {"find_distributions": lambda *_: []})
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, finder])
    assert shipped.names(COMMANDS) is None


def test_without_its_own_list_all_packages_are_looked_through(install: Install) -> None:
    install("stranger-1.0.dist-info", "")
    assert shipped.names(COMMANDS) is None
