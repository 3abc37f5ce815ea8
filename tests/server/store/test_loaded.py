"""The store says whether exactly these settings are noted as in force."""

from datetime import date
from pathlib import Path

from legwatch_server.store.batch import Batch
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.reader import FILE, open_read_only
from legwatch_server.store.records import Loaded, Refused

BEDS = {"anna": {"paused_until": date(2026, 12, 10)}}
LOADED = Loaded(1, {"beds": BEDS}, "salt", "server.toml", "reload", "restart")


def test_only_what_is_noted_exactly_so_is_noted(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / FILE)
    assert not store.has_noted(LOADED)
    with store.transaction() as tx:
        tx.write(Batch(loaded=LOADED))
    assert store.has_noted(LOADED)
    assert not store.has_noted(LOADED._replace(refused=Refused(2, "a wrong key")))
    assert not store.has_noted(LOADED._replace(table={"beds": {}}))
    store.close()
    with open_read_only(tmp_path) as reader:
        assert reader.loaded() == LOADED
