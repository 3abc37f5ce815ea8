"""A new role of a sensor is one line of the contract: it is carried, stored, played and shown."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from repository import REPO

LINES = """\
    thermometer("shin", "air by the shin"),
    gauge("room_co2", "air of the room", "ppm", 300.0, 10_000.0),
"""
END_OF_ROLES = ")\n\nFIELDS = "


def test_a_line_for_each_is_all_that_two_more_roles_need(tmp_path: Path) -> None:
    for part in ("core", "config"):
        shutil.copytree(REPO / part, tmp_path / part)
    roles = tmp_path / "core/legwatch/contract/roles.py"
    before, end, after = roles.read_text().partition(END_OF_ROLES)
    roles.write_text(before + LINES + end + after)
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("more_roles.py"), tmp_path],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "core")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    shin_c = found["wire"]["shin_c"]
    assert 28 <= shin_c <= 32
    assert (found["wire"]["shin_rh"], found["wire"]["room_co2_ppm"]) == (48.0, 812.35)
    assert "others" not in found["wire"]
    assert found["same"]
    assert found["beyond"] == [["room_co2", "out_of_range"]]
    assert found["faults"] == ""
    assert dict(found["stored"]) == {
        k: found["wire"][k] for k in ("shin_c", "shin_rh", "room_co2_ppm")
    }
    assert found["quarantined"] == []
    assert found["state"]["shin_c"] == shin_c
    assert (
        f"reading,bed=anna,sensor=shin temperature_c={shin_c},humidity_pct=48.0 {found['at_ms']}"
        in (found["lines"])
    )
    assert f"reading,bed=anna,sensor=room_co2 ppm=812.35 {found['at_ms']}" in found["lines"]
    assert found["played"] == [["shin_c", 30.5], ["room_co2_ppm", 950.0]]
    assert found["ignored"] == {}
    assert found["refused"] == [[6, "room_co2_ppm 9 is outside 300 to 10000"]]
    assert found["replayed"] == 0
