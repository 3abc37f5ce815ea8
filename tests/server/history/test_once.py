"""`legwatch history --once` ends, also while a bed goes on to send."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from legwatch.settings import load
from legwatch.testing import night
from legwatch_server.history import cursor, run
from legwatch_server.history.sink import Sentinel, Sink
from legwatch_server.settings import ServerSettings
from legwatch_server.store.batch import Batch, NewWindow
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.reader import FILE

STORED, MOST = 60, 400


class SendingBed:
    """Stores one more window each time that history looks whether its store is alive."""

    def __init__(self, folder: Path) -> None:
        self._store = SqliteStore(folder / FILE)
        windows = [
            NewWindow(1, 1, window, window.to_ms, late=False) for window in night(minutes=120)
        ]
        self._coming, self.stored, self.close = iter(windows), 0, self._store.close
        boots = [(1, 1, "0000000a", len(windows))]
        self._write(Batch(beds=[(1, "anna")], boots=boots))

    def store(self, count: int) -> None:
        self._write(Batch(windows=[next(self._coming) for _ in range(count)]))
        self.stored += count

    def _write(self, batch: Batch) -> None:
        with self._store.transaction() as tx:
            tx.write(batch)

    def alive(self) -> bool:
        assert self.stored < MOST, "history does not end"
        self.store(1)
        return True


@pytest.fixture
def bed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SendingBed]:
    made = SendingBed(tmp_path)
    made.store(STORED)
    monkeypatch.setattr(Sentinel, "alive", lambda _: made.alive())
    monkeypatch.setattr(cursor, "DURABLE_MS", 100)
    monkeypatch.setattr(run, "WATCH_S", 0.02)
    monkeypatch.setattr(run, "log_to_stderr", lambda: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    umask = os.umask(0o077)
    yield made
    os.umask(umask)
    made.close()


def test_it_ends_with_what_was_stored_when_it_began(
    bed: SendingBed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(Sink, "write", lambda _, lines: sent.extend(lines))
    table = {"state_dir": str(tmp_path), "history": {"enabled": True, "url": "http://127.0.0.1:9"}}
    settings = load(ServerSettings, table)
    assert run.run(settings, once=True, from_start=False) == 0
    assert bed.stored > STORED
    assert len([line for line in sent if line.startswith("bed,")]) == STORED
    sent.clear()
    before = bed.stored
    assert run.run(settings, once=True, from_start=False) == 0  # the next time goes on there
    assert len([line for line in sent if line.startswith("bed,")]) == before - STORED
