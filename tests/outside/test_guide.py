"""The guides for one Pi and for a home server, line by line, on fresh Debian 12 and 13."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fresh.root import what_it_needs
from fresh.walks import House, home_server, house, installed, one_pi, updated
from repository import REPO, need


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def debian(request: pytest.FixtureRequest) -> Path:
    """Return a small root of this Debian, with the `kill` that each has; kept for the next time."""
    what_it_needs()
    place = REPO / ".venv" / f"debian-{request.param}"
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        part = place.with_suffix(".part")
        words = [
            need("mmdebstrap"),
            "--quiet",
            "--variant=minbase",
            "--include=ca-certificates,procps",
        ]
        subprocess.run([*words, str(request.param), str(part)], check=True)
        part.rename(place)
    return place


@pytest.mark.parametrize("walk", [home_server, one_pi, installed, updated])
def test_every_line_of_the_guide_does_what_it_says(
    debian: Path, walk: Callable[[House], None], tmp_path: Path
) -> None:
    with (tmp_path / "walk.log").open("w") as log, house(debian, tmp_path, log) as made:
        walk(made)
