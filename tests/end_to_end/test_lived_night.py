"""Nights with a kill, a reload and answers are written by one process, and replayed by another."""

import json
import stat
import subprocess
from pathlib import Path

import pytest

from end_to_end.house import LEGWATCH, House, replayed, wait_until, write_night
from legwatch.alerting.notice import iso
from legwatch.testing import night, uncovering
from legwatch_server.notify.channels import open_channels
from legwatch_server.settings_file import change

NIGHTS = ("2026-01-02", "2026-01-03")


@pytest.fixture
def lived(house: House) -> House:
    """A server that is killed and started again, and gets other limits, while a bed sends."""
    leg = uncovering((120, 160), (300, 345), (560, 700), (1000, 1100), (1300, 1400), (1600, 1700))
    seen = list(night(minutes=1800, leg=leg, moves=lambda m: int(m % 480 < 200 and m % 20 < 0.1)))
    file = write_night(seen, house.folder / "night.csv")
    with file.open("a") as out:
        out.writelines(f"{iso(seen[m * 6].from_ms + 3000)},button,ack\n" for m in (335, 1085))
    house.write_server(rules={"alerts.learn_nights": 0})
    house.broker()
    server = house.server()
    agent = house.agent("lea", file, speed=3000)
    house.wait_windows(1500)
    server.kill()
    server = house.server()
    house.wait_windows(3000)
    change(house.server_toml, {"rules.stillness.warn_s": 3600}, open_channels)
    wait_until(lambda: "settings taken over" in server.said(), "the settings")
    wait_until(lambda: house.count("notices"), "an alert")
    said(house, "alerts", "seen", str(house.rows("SELECT max(id) FROM notices")[0][0]))
    assert agent.wait(120) == 0
    house.wait_windows(len(seen))
    return house


def test_two_nights_are_replayed_by_another_process_as_they_were_lived(
    lived: House, tmp_path: Path
) -> None:
    lines: list[str] = []
    for one in NIGHTS:
        file = tmp_path / f"{one}.jsonl.gz"
        said(lived, "storage", "night", "lea", one, str(file))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        lines += replayed(file, "lea")
        end = subprocess.run(
            [*LEGWATCH, "replay", str(file)], capture_output=True, check=True, text=True
        ).stdout.splitlines()[-1]
        assert end.endswith(" notices, the same as in that night")
    assert lines == lived.lines("lea")
    assert {json.loads(line)["kind"] for line in lines} >= {"cold", "still"}
    events = {what for (what,) in lived.rows("SELECT DISTINCT what FROM events")}
    assert events >= {"ack", "restarted", "rules"}


def said(house: House, *words: str) -> str:
    command, *rest = words
    done = subprocess.run(
        [*LEGWATCH, command, "--config", str(house.server_toml), *rest],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
