"""Commands and the history say of nights that are packed what they say of windows as they came."""

from contextlib import closing
from pathlib import Path

import pytest

from legwatch_server.history.cursor import Cursor
from legwatch_server.history.exporter import Exporter, NightRules
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.reader import FILE, SqliteReader
from server.loaded_house import LoadedHouse
from server.store.contract import age
from server.ward import BEGIN

DAY_MS, HOUR_MIN = 86_400_000, 60
COMMANDS = (
    ("learned", "b"),
    ("now",),
    ("alerts", "--night", "2026-01-02"),
    ("alerts", "explain", "1"),
    ("beds",),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> LoadedHouse:
    """Return a house with two beds that got cold."""
    made = LoadedHouse(tmp_path_factory.mktemp("packed"))
    for bed, hours in (("b", 3), ("c", 1)):
        made.server.play(bed, hours * HOUR_MIN, _cold)
    made.end()
    return made


def _cold(minute: float) -> dict[str, float | int]:
    uncovered = 120 <= minute < 200
    return {"leg_c": 24.0 if uncovered else 31.5, "room_c": 18.5, "moves": int(minute % 7 == 0)}


class Sink:
    """Takes all lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, lines: list[str]) -> None:
        self.lines += lines

    def watch(self) -> bool:
        return True

    def alive(self) -> bool:
        return True


def sent(house: LoadedHouse, folder: Path) -> list[str]:
    """Return all that the history would get."""
    sink, rules = Sink(), NightRules(house.server.settings.rules_of, 0)
    folder.mkdir()
    with closing(SqliteReader(house.folder / FILE)) as reader:
        cursor = Cursor(folder / "history.json")
        exporter = Exporter(lambda: reader, cursor, sink, sink, rules)
        while exporter.round(BEGIN + 9 * DAY_MS):
            pass
    return sink.lines


def test_all_is_said_alike(
    house: LoadedHouse, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = [house.run(capsys, *words) for words in COMMANDS]
    lines = sent(house, tmp_path / "before")
    assert [code for code, _, _ in before] == [0] * len(COMMANDS)
    with closing(SqliteStore(house.folder / FILE, durable=False)) as store:
        for days in (2, 9):
            age(store, BEGIN + days * DAY_MS)
    with closing(SqliteReader(house.folder / FILE)) as reader:
        ((hot,),) = reader._db.execute("SELECT count(*) FROM windows").fetchall()
        assert (hot, reader.window_count()) == (1, 4 * HOUR_MIN * 6)
    assert [house.run(capsys, *words) for words in COMMANDS] == before
    assert sent(house, tmp_path / "after") == lines
    assert len(lines) > 4 * HOUR_MIN * 6
