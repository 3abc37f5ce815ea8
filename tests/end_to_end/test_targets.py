"""On every Pi each requirement, also an indirect one, is a wheel, or one that setting up gets."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from repository import REPO, miss

TARGETS = [(python, machine) for python in ("3.11", "3.13") for machine in ("aarch64", "armv7l")]
RESOLVE = Path(__file__).with_name("resolve.py")
# What setting up takes from the system, or builds, where there is no wheel.
LISTED = re.search(
    r"^PIN_LIBRARIES=\((.*)\)$", (REPO / "scripts/setup.sh").read_text(), re.MULTILINE
)
assert LISTED
GIVEN = dict(re.findall(r"'(\w+)>=([0-9.]+) [a-z0-9-]+'", LISTED[1]))
# Requirements as they were when the first command failed on Debian 13.
FORMER = ["lgpio>=0.2.2; platform_machine == 'aarch64' or platform_machine == 'armv7l'"]


def required() -> list[str]:
    """Return what the agent's and the server's extras ask for."""
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras["device"], *extras["server"]]


def stub(folder: Path, name: str, version: str) -> None:
    """Put a wheel in the place of what the system gives."""
    info = f"{name}-{version}.dist-info"
    with ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def resolved(
    folder: Path, target: tuple[str, str], requirements: list[str]
) -> tuple[dict[str, str], str]:
    """Return where each distribution comes from, or pip's complaint."""
    done = subprocess.run(
        [sys.executable, str(RESOLVE), *target, str(folder), *requirements],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if "Connection" in done.stderr or "Temporary failure" in done.stderr:
        miss("the package index is not in reach")
    if done.returncode:
        return {}, done.stderr
    report = json.loads(done.stdout)["install"]
    return {one["metadata"]["name"]: one["download_info"]["url"] for one in report}, ""


@pytest.mark.parametrize("target", TARGETS, ids="-".join)
def test_every_requirement_is_a_wheel_or_what_setting_up_gets(
    tmp_path: Path, target: tuple[str, str]
) -> None:
    for name, version in GIVEN.items():
        stub(tmp_path, name, version)
    found, complaint = resolved(tmp_path, target, required())
    assert not complaint
    assert {"lgpio", "gpiod", "gpiozero", "paho-mqtt", "Adafruit-Blinka"} <= set(found)
    assert all(url.endswith(".whl") for url in found.values())
    stubs = {name for name, url in found.items() if url.startswith("file://" + str(tmp_path))}
    assert {name.replace("-", "_") for name in stubs} <= set(GIVEN)


@pytest.mark.parametrize(
    ("target", "fails"), [(("3.13", "aarch64"), True), (("3.11", "aarch64"), False)], ids=str
)
def test_the_check_sees_a_requirement_of_a_pi_without_a_wheel(
    tmp_path: Path, target: tuple[str, str], fails: bool
) -> None:
    found, complaint = resolved(tmp_path, target, FORMER)
    assert ("lgpio" in complaint) == fails
    assert ("lgpio" in found) != fails


def test_what_setting_up_gets_is_required_in_the_same_version() -> None:
    wanted = {
        match[1]: match[2]
        for match in map(re.compile(r"(\w+)>=([0-9.]+)").match, required())
        if match
    }
    for name in set(GIVEN) & set(wanted):
        assert GIVEN[name] == wanted[name]
