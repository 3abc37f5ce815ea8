"""The early sign through real processes: the lamp at a bed is lit, and goes out when it is over."""

from itertools import islice
from pathlib import Path

from tomlkit import dumps as dump

from end_to_end.bedroom import SIMULATED, did
from end_to_end.house import LEGWATCH, PASSWORD, House, Process, wait_until, write_night
from legwatch.testing import night, uncovering

LIT, OFF = "lamp is lit", "all off"
STANDS, OVER = 187 * 6, 230 * 6  # windows until the sign stands, and until it is over


def lamp(house: House, bed: str) -> Process:
    """Start a live agent with a lamp in its log."""
    path = house.folder / f"agent-{bed}.toml"
    sensors = {"leg": {"driver": "simulated"}}
    state = {"bed": bed, "state_dir": str(house.folder / f"agent-{bed}"), "clock": "trusted"}
    path.write_text(dump({**state, "mqtt": house._way(), "sensors": sensors, **SIMULATED}))
    words = (*LEGWATCH, "agent", "--config", str(path))
    return house._start(words, f"agent-{bed}", {"LEGWATCH_MQTT_PASSWORD": PASSWORD})


def played(house: House, file: Path, count: int) -> None:
    """Let the agent of lea play the first so many windows, from where it was."""
    write_night(islice(night(leg=uncovering((180, 185), uncovered_c=24.5)), count), file)
    assert house.agent("lea", file).wait(120) == 0


def test_the_lamp_is_lit_while_the_sign_stands(house: House, tmp_path: Path) -> None:
    anna = {"role": "sleeper", "channels": ["console"], "quiet": ["mqtt"]}
    people = {"anna": {**anna, "address": {"mqtt": "anna"}}}
    house.write_server(people=people, rules={"warmth.early_s": 600, "stillness.joint_s": 0})
    house.broker()
    house.server()
    file, bedside = tmp_path / "night.csv", lamp(house, "anna")
    played(house, file, STANDS)
    wait_until(lambda: did(bedside) == [LIT], "the lamp")
    played(house, file, OVER)
    wait_until(lambda: did(bedside) == [LIT, OFF], "the lamp that goes out")
    assert house.count("notices", "what='fired' AND kind='cold'") == 0
    assert house.rows("SELECT DISTINCT tone FROM deliveries") == [("quiet",)]
