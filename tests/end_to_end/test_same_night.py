"""A night that travels through broker, server and store gives the notices that replay gives."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from end_to_end.house import LEGWATCH, House, replayed, write_night
from legwatch.alerting.notice import iso
from legwatch.events import Window
from legwatch.testing import night, uncovering, wobbling
from legwatch_lab.nights.lumped.night import LumpedOrder
from legwatch_lab.nights.lumped.night import make as lumped_night
from legwatch_server.supervisor import demo
from repository import REPO

SHARED = REPO.parent / "shared" / "nights"
BED_MAP = {"temperature_c": "leg_temperature_c", "motion": "movement"}
ROOM_MAP = {"temperature_c": "leg_temperature_c"}


def travelled(house: House, file: Path, **recording: Any) -> list[str]:
    house.broker()
    house.server()
    assert house.agent("lea", file, **recording).wait(120) == 0
    return house.lines("lea")


def recorded(name: str) -> Path:
    file = SHARED / name / "data.csv.gz"
    if not file.exists():
        pytest.skip(f"the recorded night {name} is not on this machine")
    return file


def words(renames: dict[str, str]) -> list[str]:
    return [word for old, new in renames.items() for word in ("--map", f"{old}={new}")]


def test_recorded_nights_of_a_real_bed(house: House) -> None:
    file = recorded("bed_dht22")
    live = travelled(house, file, map=BED_MAP)
    assert live == replayed(file, "lea", *words(BED_MAP))
    notices = [json.loads(line) for line in live]
    assert notices
    # On 28 November the thermometer gave exactly 0.0 all night: that is a dead sensor, not cold.
    dead = [n for n in notices if n["at"].startswith("2017-11-28")]
    named = [n for n in dead if n["kind"] == "sensor" and n["reason"] == "implausible"]
    assert [n["held"] for n in named] == [None]
    assert not [n for n in dead if n["kind"] == "cold" and n["what"] in {"fired", "raised"}]


def test_recorded_half_day_of_a_failing_thermometer(house: House) -> None:
    file = recorded("dht22_failing")
    live = travelled(house, file, map=ROOM_MAP)
    assert live == replayed(file, "lea", *words(ROOM_MAP))
    # Nobody was in this bed, so nothing may be said about a body.
    assert {json.loads(line)["kind"] for line in live} <= {"sensor"}


def test_recorded_half_day_with_its_afternoon_taken_for_night(house: House) -> None:
    file = recorded("dht22_failing")
    house.write_server(rules={"night.from_h": 12})
    live = travelled(house, file, map=ROOM_MAP)
    assert live == replayed(file, "lea", *words(ROOM_MAP), "--set", "night.from_h=12")
    # Its holes: one of 8 min 26 s, the sensor's; then one of 68 min and one of 46, with no window.
    # One reading stands between these two: nobody hears by it that the bedside is back.
    fired = [n for n in map(json.loads, live) if n["what"] == "fired"]
    assert [(n["kind"], n["at"][11:16]) for n in fired] == [
        ("sensor", "13:49"),
        ("agent", "14:15"),
    ]


def test_a_press_at_the_bedside_is_heard_at_its_place(house: House) -> None:
    seen = list(night(leg=uncovering((120, 260), uncovered_c=25.5)))
    file = write_night(seen, house.folder / "night.csv")
    with file.open("a") as out:
        out.write(f"{iso(seen[150 * 6].from_ms + 3000)},button,ack\n")
    live = travelled(house, file)
    assert live == replayed(file, "lea")
    whats = [json.loads(line)["what"] for line in live]
    told = [what for what in whats if what != "expected"]
    assert told == ["fired", "repeated", "acknowledged", "resolved"]
    assert house.count("presses") == 1


def cold_twice() -> Iterator[Window]:
    return night(leg=uncovering((120, 160), (300, 345)))


def still_for_long() -> Iterator[Window]:
    return night(moves=lambda m: 1 if m < 30 or m > 420 else 0)


def cold_then_blind() -> Iterator[Window]:
    """The thermometer dies while the alert stands: nobody may hear that all is well."""
    leg = uncovering((120, 480))
    return night(leg=lambda m: leg(m) if m < 150 else None)


@pytest.mark.parametrize("make", [cold_twice, still_for_long, cold_then_blind])
def test_made_nights(house: House, make: Any) -> None:
    file = write_night(make(), house.folder / "night.csv")
    live = travelled(house, file)
    assert live == replayed(file, "lea")
    pushed = [n for n in map(json.loads, live) if n["held"] is None]
    assert [n for n in pushed if n["what"] in {"fired", "raised"}]


def test_a_machine_that_stumbles_changes_nothing_of_a_night_at_high_speed(house: House) -> None:
    """Half a second is ten minutes of a night at 1,200 times speed; no window is too old for it."""
    file = house.folder / "night.csv.gz"
    file.write_bytes(demo.night().read_bytes())
    house.broker()
    server = house.server()
    agent = house.agent("lea", file, speed=1200)
    house.wait_windows(60)
    for process in (agent, server, agent):
        process.signal(signal.SIGSTOP)
        time.sleep(0.5)  # so long it is stopped
        process.signal(signal.SIGCONT)
        house.wait_windows(house.count("windows") + 30)
    assert agent.wait(60) == 0
    assert house.count("windows", "late") == 0
    assert house.lines("lea") == replayed(file, "lea")


def test_missing_readings_do_not_resolve_an_alert(house: House) -> None:
    file = write_night(cold_then_blind(), house.folder / "night.csv")
    whats = [(n["kind"], n["what"]) for n in map(json.loads, travelled(house, file))]
    assert ("cold", "fired") in whats
    assert ("cold", "unknown") in whats
    assert ("cold", "resolved") not in whats


@pytest.mark.parametrize(
    ("about", "windows"),
    [
        ("an empty bed", lambda: night(leg=wobbling(18), moves=lambda _m: 0, mat=lambda _m: None)),
        ("a bed whose mat says empty", lambda: night(leg=wobbling(18), mat=lambda _m: False)),
        ("a movement sensor that is dead", lambda: night(moves=lambda _m: 0)),
    ],
)
def test_nothing_is_said_of_a_body(house: House, about: str, windows: Any) -> None:
    file = write_night(windows(), house.folder / "night.csv")
    kinds = {json.loads(line)["kind"] for line in travelled(house, file)}
    assert house.count("windows") == 480 * 6, about
    assert not kinds & {"cold", "still"}, about


def from_our_own_maker(folder: Path, kind: str) -> list[Path]:
    words = ("nights", "make", "--kind", kind, "--seed", "11", "--count", "2")
    subprocess.run([*LEGWATCH, *words, "--out", str(folder)], check=True, capture_output=True)
    files = sorted(folder.glob("*.csv*"))
    assert len(files) == 2
    return files


@pytest.mark.parametrize(
    ("kind", "kinds_said"),
    [
        ("empty_bed", set()),
        ("dead_movement", {"sensor"}),
        ("dead_leg", {"sensor"}),
        ("uncovered", {"cold"}),
    ],
)
def test_nights_of_our_own_maker(house: House, kind: str, kinds_said: set[str]) -> None:
    house.broker()
    house.server()
    said: set[str] = set()
    for number, file in enumerate(from_our_own_maker(house.folder / "nights", kind)):
        bed = f"bed-{number}"
        assert house.agent(bed, file).wait(120) == 0
        live = house.lines(bed)
        assert live == replayed(file, bed)
        said |= {n["kind"] for n in map(json.loads, live) if n["what"] in {"fired", "raised"}}
    body = {"cold", "still"}
    assert said & body == kinds_said & body
    assert kinds_said <= said


def test_a_bare_foot_by_a_second_thermometer(house: House) -> None:
    made = lumped_night(LumpedOrder(7101, 3, "feet", UTC, ankle=True))
    file = house.folder / f"{made.name}.csv.gz"
    file.write_bytes(made.csv_gz)
    live = travelled(house, file)
    assert live == replayed(file, "lea")
    assert "foot_bare" in {n["reason"] for n in map(json.loads, live) if n["what"] == "fired"}
    with_it, stored = house.rows("SELECT count(*), count(DISTINCT others) FROM windows")[0]
    assert with_it > stored > 1
