"""The repository as the tests find it: its folders, its limits, and the tools it may need."""

import os
import shutil
from functools import cache
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import pytest

from legwatch.limits.profile import build, merge, parse_profile
from legwatch.limits.rules import Rules

REPO = Path(__file__).resolve().parents[1]
PROFILES = REPO / "config" / "profiles"
BERLIN = ZoneInfo("Europe/Berlin")


@cache
def rules(profile: str = "standard", zone: str = "Europe/Berlin", **own: float) -> Rules:
    """Return a profile's rules without early signs; own limits are given as `warmth__warn_c=26`."""
    names = ["standard"] if profile == "standard" else ["standard", profile]
    tables = [parse_profile((PROFILES / f"{name}.toml").read_text(), name) for name in names]
    # Early signs have tests of their own, and would stand in every list of the others.
    given = {"warmth.early_s": 0, **{key.replace("__", "."): v for key, v in own.items()}}
    return build(merge(tables), given, zone=ZoneInfo(zone))


def not_installed(text: str) -> str:
    """Return shipped settings with a folder of data that is not of this machine's installation."""
    return text.replace('= "/var/lib/', f'= "{os.environ["LEGWATCH_ROOT"]}/var/lib/')


def need(command: str, package: str = "") -> str:
    """Return where a real component is; without it skip in one line, or fail if all is required."""
    path = shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        miss(f"{command} is not installed: sudo apt install {package or command}")
    return path


def miss(why: str) -> NoReturn:
    """Skip in one line for something that is missing, or fail if all is required."""
    if os.environ.get("LEGWATCH_REQUIRE") == "all":
        pytest.fail(f"{why} (LEGWATCH_REQUIRE=all)")
    pytest.skip(why)
