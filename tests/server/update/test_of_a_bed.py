"""An update of a bed's Pi: its server is elsewhere, so only its unit can tell how it is."""

from pathlib import Path

import pytest

from legwatch_server.update.health import Look, look
from legwatch_server.update.places import Places


@pytest.mark.parametrize(("role", "asked"), [("bed\n", False), ("one\n", True), ("", True)])
def test_only_a_machine_with_a_server_is_asked_for_its_health(
    role: str, asked: bool, tmp_path: Path
) -> None:
    places = Places(tmp_path)
    (tmp_path / "etc/legwatch").mkdir(parents=True)
    if role:
        (tmp_path / "etc/legwatch/role").write_text(role)
    places.made.parent.mkdir(parents=True)
    places.made.write_text("[http]\nport = 1\n")
    assert (look(places) == Look()) is not asked
