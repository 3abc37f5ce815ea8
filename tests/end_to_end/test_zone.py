"""A real server that is told no zone: what it takes, where it writes it, and what it says."""

import http.client
import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from end_to_end.house import LEGWATCH, House

LA = "America/Los_Angeles"


def starts(house: House, tz: str) -> tuple[str, dict[str, Any]]:
    """Start the server on a machine in this zone, and end it; return its log and its page."""
    house.server_env = {"TZ": tz}
    log = house.folder / "server.log"
    log.unlink(missing_ok=True)
    server = house.server()
    asked = http.client.HTTPConnection("127.0.0.1", house.http_port, timeout=10)
    asked.request("GET", "/health")
    page: dict[str, Any] = json.loads(asked.getresponse().read())
    asked.close()
    server.stop()
    return log.read_text(), page


def without_zone(house: House, mode: int = 0o600) -> Path:
    """Write settings as an owner has them who never heard of zones."""
    file = house.write_server()
    text = re.sub(
        r"^zone = .*\n", "# nobody has set a zone\n", file.read_text(), flags=re.MULTILINE
    )
    file.write_text(text)
    file.chmod(mode)
    return file


def duty(house: House, env: Mapping[str, str]) -> str:
    words = [*LEGWATCH, "duty", "--config", str(house.server_toml)]
    done = subprocess.run(
        words, env={**os.environ, **env}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout


@pytest.mark.parametrize("mode", [0o600, 0o444])
def test_the_first_start_writes_the_machines_zone_and_it_stays(house: House, mode: int) -> None:
    house.broker()
    file = without_zone(house, mode)
    changes = house.folder / "server" / "changes.toml"
    written = file if mode == 0o600 else changes
    said, page = starts(house, LA)
    first = said.splitlines()[0]
    assert first.startswith(f"INFO night is 20 to 10 h in {LA}, where it is ")
    assert f"the zone of this machine (TZ), written into {written}" in first
    assert f'zone = "{LA}"' in written.read_text()
    assert "# nobody has set a zone" in file.read_text()
    assert page["zone"] == {"name": LA, "set": True, "machine": LA}
    assert "settings taken over" not in said
    assert "zone" not in str(page["wrong"])
    said, page = starts(house, "Europe/Berlin")
    assert said.startswith(f"WARNING night is 20 to 10 h in {LA}, where it is ")
    assert "but this machine's zone is Europe/Berlin (TZ)" in said
    assert page["zone"] == {"name": LA, "set": True, "machine": "Europe/Berlin"}
    assert duty(house, {"TZ": "UTC"}).startswith(f"Nights and hours are those of {LA}.\n")


@pytest.mark.parametrize(
    ("tz", "why"),
    [
        (
            "UTC",
            "no zone is set and this machine is in UTC (TZ), so night is 20 to 10 h of that zone",
        ),
        (
            "CET-1CEST",
            "TZ is 'CET-1CEST', which names no zone such as Europe/Berlin), so every hour",
        ),
        (":Mars/Base", "TZ is ':Mars/Base', which names no zone such as Europe/Berlin), so every"),
    ],
)
def test_where_the_beds_are_is_asked_for_until_somebody_says_it(
    house: House, tz: str, why: str
) -> None:
    house.broker()
    file = without_zone(house)
    before = file.read_bytes()
    said, page = starts(house, tz)
    first = said.splitlines()[0]
    assert first.startswith("WARNING ")
    assert why in first
    assert f'set zone = "Europe/Berlin", or yours, in {file}' in first
    assert page["status"] == "degraded"
    assert any(why in wrong for wrong in page["wrong"])
    assert file.read_bytes() == before
