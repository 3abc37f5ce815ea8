"""When setting up fails, it says what failed and what to do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from repository import REPO, need

NOWHERE = "http://127.0.0.1:9/simple"  # nobody listens on the discard port
# No index, and nothing of this machine's own settings that could stand in for one.
ALONE = {
    "PIP_INDEX_URL": NOWHERE,
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_CONFIG_FILE": "/dev/null",
    "PIP_RETRIES": "0",
    "PYTHONPATH": "",  # an environment has to find its own legwatch
}
BACKEND = """
def get_requires_for_build_wheel(*_): return []
def build_wheel(*_):
    print("      {said}")
    raise SystemExit(1)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What setting up reads of a checkout."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPO / name, tmp_path / name)
    shutil.copytree(REPO / "scripts", tmp_path / "scripts")
    return tmp_path


def set_up(checkout: Path, commands: str) -> tuple[int, str]:
    need("bash")
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail; . scripts/setup.sh; {commands}"],
        cwd=checkout,
        env={**os.environ, **ALONE},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stderr


def test_a_network_that_is_away_is_said(checkout: Path) -> None:
    code, said = set_up(checkout, "venv server")
    assert code == 1
    assert "Is the internet (or your package mirror) in reach?" in said
    assert f"All that pip said is in {checkout}/.venv/pip.log" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("starts", [True, False])
def test_an_update_without_a_network_goes_on_with_what_is_there(
    checkout: Path, *, starts: bool
) -> None:
    program = checkout / "legwatch"
    program.write_text(f"#!/bin/sh\nexit {0 if starts else 1}\n")
    program.chmod(0o755)
    before = (
        'python3 -m venv .venv; mv legwatch .venv/bin; echo "$PWD $(python3 -V) | older" >$STAMP'
    )
    code, said = set_up(checkout, f"{before}; venv server; echo goes on")
    assert (code == 0) is starts
    assert said.count("is not in reach: going on with the packages that are here") == starts
    assert ("Is the internet (or your package mirror) in reach?" in said) is not starts
    assert (checkout / ".venv/legwatch.stamp").read_text().endswith(" | older\n")  # tried again


SET_UP = """
python3 -m venv .venv
mkdir -p core/legwatch
touch core/legwatch/__init__.py
echo $PWD/core > "$(echo .venv/lib/python3*/site-packages)/_legwatch.pth"
printf '#!%s/.venv/bin/python\nimport legwatch\n' "$PWD" > .venv/bin/legwatch
chmod +x .venv/bin/legwatch
echo "$PWD $(python3 -V) | $(sha256sum <pyproject.toml) server " > .venv/legwatch.stamp
"""


def test_a_clone_that_was_moved_goes_on_without_a_network(checkout: Path) -> None:
    assert set_up(checkout, SET_UP) == (0, "")
    here = checkout.rename(checkout.with_name("moved"))
    moved = f"This clone was in {checkout} before: what is set up goes on here.\n"
    assert set_up(here, "venv server; .venv/bin/legwatch") == (0, moved)
    assert set_up(here, "venv server; .venv/bin/legwatch") == (0, "")  # once
    assert str(checkout) not in (here / ".venv/bin/activate").read_text()
    for name in ("with a space", "long" * 40, "short"):
        before, here = here, here.rename(here.with_name(name))
        starts = ". .venv/bin/activate; legwatch; python -c 'import legwatch'"
        moved = f"This clone was in {before} before: what is set up goes on here.\n"
        assert set_up(here, f"venv server; {starts}") == (0, moved)
        assert set_up(here, f"venv server; {starts}") == (0, "")
        assert str(before) + "/" not in (here / ".venv/bin/activate").read_text()


def test_a_clone_that_cannot_start_where_it_was_moved_to_is_not_cleared_without_a_network(
    checkout: Path,
) -> None:
    assert set_up(checkout, SET_UP) == (0, "")
    here = checkout.rename(checkout.with_name("with a space"))
    (here / "core/legwatch/__init__.py").write_text("raise ImportError")
    code, said = set_up(here, "venv server")
    assert (code, "Is the internet (or your package mirror) in reach?" in said) == (1, True)
    back = here.rename(checkout)
    (back / "core/legwatch/__init__.py").write_text("")
    assert set_up(back, "venv server; .venv/bin/legwatch") == (0, "")


def test_setting_up_that_is_interrupted_says_what_to_do_and_goes_on(checkout: Path) -> None:
    interrupted = "python3 -m venv .venv; pip_install() { kill -INT $$; }; venv server"
    code, said = set_up(checkout, interrupted)
    assert code == 1
    assert said.splitlines()[-1] == (
        f"Interrupted: legwatch is not set up in {checkout} yet. Run this again: it goes on by"
        " itself."
    )
    again = "pip_install() { touch .venv/bin/legwatch; chmod +x .venv/bin/legwatch; }; venv server"
    assert set_up(checkout, again)[0] == 0
    assert set_up(checkout, "venv server") == (0, "")


@pytest.mark.parametrize(
    ("pip_said", "todo"),
    [
        ("error: command 'swig' failed: No such file or directory", "sudo apt install gcc"),
        ("error: [Errno 28] No space left on device", "Free some space"),
    ],
)
def test_a_build_that_fails_says_pips_last_word_and_what_to_do(
    checkout: Path, pip_said: str, todo: str
) -> None:
    broken = checkout / "broken"
    broken.mkdir()
    (broken / "backend.py").write_text(BACKEND.format(said=pip_said))
    system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (broken / "pyproject.toml").write_text(f'{system}[project]\nname = "broken"\nversion = "1"\n')
    made = "python3 -m venv .venv; pip_install ./broken || stop_for lgpio"
    code, said = set_up(checkout, made)
    assert code == 1
    first, second, *_ = said.splitlines()
    assert first == f"pip could not install lgpio: {pip_said}"
    assert todo in second


INSTALLS = """
pip_install() {
  case "$*" in *--editable*) echo "$*" >&2 ;; esac
  touch .venv/bin/legwatch; chmod +x .venv/bin/legwatch
}
venv server; venv server,device; venv server
"""


def test_going_back_to_an_older_version_installs_its_packages_again(checkout: Path) -> None:
    older = (checkout / "pyproject.toml").read_text()
    code, first = set_up(checkout, f"python3 -m venv .venv; {INSTALLS}")
    assert (code, first.count("--editable")) == (0, 2)
    (checkout / "pyproject.toml").write_text(f"{older}\n# newer\n")
    code, newer = set_up(checkout, INSTALLS)
    assert (code, newer.count("--editable")) == (0, 2)
    (checkout / "pyproject.toml").write_text(older)
    code, back = set_up(checkout, INSTALLS)
    assert (code, back.count("--editable")) == (0, 2)
    assert set_up(checkout, INSTALLS) == (0, "")


def _installed(site: Path, name: str, points: str, origin: str = "") -> None:
    info = site / f"{name}-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(points)
    if origin:
        (info / "direct_url.json").write_text(origin)


def test_what_an_environment_that_is_made_anew_had_of_others_is_said(checkout: Path) -> None:
    site = checkout / ".venv/lib/python3.1/site-packages"  # of another Python, without a pip
    driver, git = "[legwatch.thermometers]\nodd = odd:Odd\n", '"vcs_info": {"vcs": "git"}'
    _installed(site, "legwatch", "[legwatch.commands]\nup = legwatch:up\n")
    _installed(site, "other", "[console_scripts]\nother = other:main\n")
    _installed(site, "odd", driver)
    _installed(site, "broken", "[legwatch.buttons]\nnonsense\n")
    here = '{"url": "file:///home/a%20b/mine", "dir_info": {"editable": true}}'
    _installed(site, "mine", driver, here)
    _installed(site, "far", driver, f'{{"url": "https://x.example/far", {git}}}')
    code, said = set_up(checkout, "venv server")
    assert code == 1  # no network: pip is not asked for them either
    again = (
        "  .venv/bin/python -m pip install -e '/home/a b/mine' git+https://x.example/far odd==1.2"
    )
    assert f"{checkout}/.venv is made anew, and it had packages of others" in said
    assert again in said.splitlines()
    assert not site.exists()
    _, said = set_up(checkout, "venv server")
    assert "made anew" not in said
