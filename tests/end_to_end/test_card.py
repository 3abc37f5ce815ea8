"""What a bedside writes to its card is counted: a card lasts as long as it is seldom written."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.written import STRACE, Flushes, family, resident_mb, written_bytes
from end_to_end.bedroom import Bedroom
from end_to_end.house import Process, wait_until
from legwatch_device.keeping import FLUSH_S
from legwatch_device.spool import Spool
from repository import REPO, miss

WATCHED_S = 8.0  # and a window each second
NIGHT_WINDOWS = 3600
MOST_MB, MOST_FLUSHES = 20.0, 3600
MOST_RESIDENT_MB = 42.0  # and 4 more with the libraries of a Pi


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """Return a folder that is on a disk: what is written to memory is not counted."""
    folder = REPO / "build" / "card"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)


def watched(agent: Process, folder: Path) -> tuple[int, int]:
    """Return the flushes of an agent, and the bytes that it writes."""
    if not STRACE:
        miss("strace is not installed: sudo apt install strace")
    before = sum(map(written_bytes, family(agent.pid)))
    with Flushes(family(agent.pid), folder / "trace") as flushes:
        time.sleep(WATCHED_S)
    return len(flushes.times), sum(map(written_bytes, family(agent.pid))) - before


@pytest.mark.usefixtures("mosquitto")
def test_a_bedside_hardly_writes_while_its_server_confirms_and_once_in_ten_seconds_else(
    on_disk: Path,
) -> None:
    with Bedroom(on_disk) as house:
        house.write_server(beds={"anna": {}})
        house.broker()
        server = house.server()
        agent = house.bed("anna")
        house.wait_windows(3)
        flushes, size = watched(agent, on_disk)
        assert flushes <= 1
        assert size / WATCHED_S * NIGHT_WINDOWS / 1e6 < MOST_MB
        assert resident_mb(agent.pid) < MOST_RESIDENT_MB
        server.kill()
        before = house.count("windows")
        flushes, _ = watched(agent, on_disk)
        assert 1 <= flushes <= WATCHED_S // FLUSH_S + 1 <= MOST_FLUSHES
        agent.kill()
        spool = Spool(house.spool("anna"))
        kept, measured = spool.waiting(), int(WATCHED_S)
        spool.close()
        assert measured - FLUSH_S - 1 <= kept
        house.bed("anna")  # and all that was flushed comes
        house.server()
        wait_until(lambda: house.count("windows") >= before + kept, "what was kept")
