"""Whatever is killed: every window is stored once, and every decision reaches the phone."""

import json
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from end_to_end.house import House, Phones, Process, free_port, replayed, wait_until, write_night
from legwatch.events import Window
from legwatch.recording import parse, windows
from legwatch.testing import night, uncovering

BEDS = ("anna", "bert", "carl")
COLUMNS = "from_ms, to_ms, leg_c, leg_rh, room_c, room_rh, moves, in_bed"


def long_night(folder: Path) -> Path:
    """Played as fast as it goes, its windows are never late, so its notices are known exactly."""
    leg = uncovering(*((start, start + 40) for start in range(120, 1900, 240)))
    return write_night(night(minutes=2000, leg=leg), folder / "long.csv")


def made(folder: Path, *, minutes: int = 480) -> Path:
    leg = uncovering((120, 160), (300, 345))
    return write_night(night(minutes=minutes, leg=leg), folder / "night.csv")


def measured(file: Path) -> list[tuple[object, ...]]:
    """Return what an agent measures of a file, in the store's columns."""
    with file.open() as lines:
        recording = parse(lines, zone=ZoneInfo("UTC"))
    names = COLUMNS.split(", ")
    return [
        tuple(getattr(window, name) for name in names)
        for window in windows(recording)
        if isinstance(window, Window)
    ]


def stored(house: House, bed: str) -> list[tuple[object, ...]]:
    sql = (
        f"SELECT {COLUMNS} FROM windows JOIN beds ON beds.id = windows.bed_id WHERE name = ?"
        " ORDER BY to_ms, windows.id"
    )
    return house.rows(sql, bed)


def assert_each_once(house: House, bed: str, file: Path) -> None:
    wanted, got = measured(file), stored(house, bed)
    assert len(wanted) == len(got)
    assert wanted == [tuple(row) for row in got]


def assert_all_delivered(house: House, phones: Phones) -> None:
    """Every push has reached the phone, or was called off by a newer word before it went out."""
    open_rows = "state IN ('decided','claimed') AND tone!='rehearsal'"
    wait_until(lambda: not house.count("deliveries", open_rows), "every push to be sent")
    assert house.count("deliveries", "state='failed'") == 0
    alarms = "held IS NULL AND what IN ('fired','raised','repeated')"
    assert house.count("notices", alarms)
    planned = "id NOT IN (SELECT notice_id FROM deliveries WHERE tone='loud')"
    goes_on = "what='repeated'"  # the plan that was made before may still hold
    assert house.count("notices", f"{alarms} AND {planned} AND NOT {goes_on}") == 0
    sql = (
        "SELECT n.text FROM deliveries d JOIN notices n ON n.id=d.notice_id"
        " WHERE d.sent_ms IS NOT NULL"
    )
    told = Counter(text for (text,) in house.rows(sql))
    assert told
    heard = Counter(text for body in phones.bodies for text in told if text in body["message"])
    assert not {text: n for text, n in told.items() if heard[text] < n}
    called_off = house.rows(
        "SELECT DISTINCT s.reason FROM steps s JOIN deliveries d ON d.id=s.delivery_id"
        " WHERE d.sent_ms IS NULL AND s.state='withdrawn'"
    )
    before = {
        "resolved before",
        "acknowledged before",
        "snoozed before",
        "a newer word replaces it",
        "the sign is over",
    }
    on_its_way = {"it is over or answered", "taken back"}
    assert {reason for (reason,) in called_off} <= before | on_its_way


def with_phones(house: House, phones: Phones) -> None:
    house.write_server(
        push={"channels": ["ntfy"], "ntfy": {"url": phones.url, "topic": "legs"}},
    )


def test_server_killed_ten_times(house: House, phones: Phones) -> None:
    with_phones(house, phones)
    file = made(house.folder)
    house.broker()
    server = house.server()
    agents = [house.agent(bed, file, speed=1200) for bed in BEDS]
    agents.append(house.agent("dora", long := long_night(house.folder)))
    for turn in range(1, 11):
        house.wait_windows(turn * 1000)
        server.kill()
        server = house.server()
    for agent in agents:
        assert agent.wait(120) == 0
    for bed in BEDS:
        assert_each_once(house, bed, file)
    assert_each_once(house, "dora", long)
    assert house.lines("dora") == replayed(long, "dora")
    assert_all_delivered(house, phones)


def test_agent_killed_ten_times(house: House) -> None:
    file = made(house.folder)
    house.broker()
    house.server()
    agent = house.agent("anna", file, speed=1200)
    for turn in range(1, 11):
        house.wait_windows(turn * 200)
        agent.kill()
        agent = house.agent("anna", file, speed=1200)
    assert agent.wait(120) == 0
    assert_each_once(house, "anna", file)
    (lost,) = house.rows("SELECT count(DISTINCT boot_id) FROM windows")[0]
    assert lost >= 10


def test_broker_restarted_and_killed(house: House, phones: Phones) -> None:
    with_phones(house, phones)
    file = made(house.folder)
    broker = house.broker()
    house.server()
    agents = [house.agent(bed, file, speed=1200) for bed in BEDS]
    agents.append(house.agent("dora", long := long_night(house.folder)))
    for turn in range(1, 5):
        house.wait_windows(turn * 3000)
        if turn % 2:
            broker.stop()
        else:
            broker.kill()
        broker = house.broker()
    for agent in agents:
        assert agent.wait(120) == 0
    for bed in BEDS:
        assert_each_once(house, bed, file)
    assert_each_once(house, "dora", long)
    assert house.lines("dora") == replayed(long, "dora")
    assert_all_delivered(house, phones)


def test_an_hour_without_a_broker_is_history_not_an_alarm(house: House) -> None:
    """Bare legs in the hour of the cut: stored in full, but nobody is woken for it afterwards."""
    file = write_night(night(minutes=420, leg=uncovering((150, 190))), house.folder / "night.csv")
    broker = house.broker()
    house.server()
    agent = house.agent("anna", file, speed=300)
    house.wait_windows(140 * 6)
    broker.stop()
    before = house.count("windows")
    # The last bare minute is 50 min, so 10 s, old by then: longer than any stumble of the machine.
    played_on(agent, house, to_windows=240 * 6)
    house.broker()
    assert agent.wait(120) == 0
    assert before < 150 * 6
    assert_each_once(house, "anna", file)
    assert house.count("windows", "late = 1") > 0
    late_hours = [
        json.loads(line)
        for line in house.lines("anna")
        if json.loads(line)["kind"] == "cold" and json.loads(line)["what"] == "fired"
    ]
    assert late_hours == []


def played_on(agent: Process, house: House, *, to_windows: int) -> None:
    """Wait until the agent's own spool shows that it has measured so many windows."""
    import sqlite3  # noqa: PLC0415 - a look into the agent, needed here only
    from contextlib import closing  # noqa: PLC0415

    path = house.folder / "agent-anna" / "spool.db"

    def measured_so_far() -> int:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as spool:
            return int(spool.execute("SELECT coalesce(max(seq),0) FROM spool").fetchone()[0])

    wait_until(lambda: measured_so_far() >= to_windows, "the agent to play on", 60)
    assert agent.code is None


@pytest.mark.parametrize("speed", [0])
def test_a_phone_that_is_down_is_told_later(house: House, phones: Phones, speed: float) -> None:
    """The push service is away while the night is decided: nothing decided is forgotten."""
    away = free_port()
    house.write_server(
        push={
            "channels": ["ntfy"],
            "ntfy": {"url": f"http://127.0.0.1:{away}", "topic": "legs"},
        }
    )
    stands = uncovering((120, 160), (400, 480))  # what is over need not be told any more
    file = write_night(night(minutes=480, leg=stands), house.folder / "night.csv")
    house.broker()
    server = house.server()
    assert house.agent("anna", file, speed=speed).wait(120) == 0
    assert house.count("notices", "held IS NULL") > 0
    assert house.count("deliveries", "state='sent'") == 0
    server.stop()
    with_phones(house, phones)
    house.server()
    assert_all_delivered(house, phones)
