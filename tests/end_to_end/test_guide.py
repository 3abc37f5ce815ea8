"""The guides for one Pi and for a home server, line by line, on fresh machines over this Debian.

`scripts/test --outside` does the same on fresh Debian 12 and 13.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from fresh.root import what_it_needs
from fresh.walks import House, home_server, house, installed, one_pi, paired, updated


@pytest.mark.parametrize("walk", [home_server, one_pi, installed, paired, updated])
def test_every_line_of_the_guide_does_what_it_says(
    walk: Callable[[House], None], tmp_path: Path
) -> None:
    what_it_needs()
    with (tmp_path / "walk.log").open("w") as log, house(Path("/"), tmp_path, log) as made:
        walk(made)
