"""The server killed at every step of the outbox, 200 times: each push arrives at least once."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from end_to_end.house import House, Phones, wait_until
from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind
from legwatch.testing import ms
from legwatch_server.notify.commit import commit
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.settings import ServerSettings
from legwatch_server.settings_file import read
from legwatch_server.store.batch import Batch, NewNotice
from legwatch_server.store.database import SqliteStore

STEPS = ("before claim", "after claim", "after send", "before record")
RUNS = int(os.environ.get("LEGWATCH_CRASHES", "200"))
ARRIVED = "SELECT 1 FROM deliveries WHERE episode_ms=? AND state='sent'"
AT_MS = ms("2026-01-03T01:00Z")


class Launcher:
    """Starts servers that die where they are told to."""

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "crashes.log").open("wb")
        self._popen = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("crashing.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def start(self, config: Path, at: str = "") -> int:
        assert self._popen.stdin
        self._popen.stdin.write(json.dumps({"config": str(config), "at": at}) + "\n")
        self._popen.stdin.flush()
        return int(self._line())

    def ended(self) -> None:
        assert self._line() == "ended"

    def _line(self) -> str:
        assert self._popen.stdout
        return self._popen.stdout.readline().strip()

    def close(self) -> None:
        self._popen.kill()
        self._popen.communicate()
        self._log.close()


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    made = Launcher(tmp_path)
    yield made
    made.close()


def decide(path: Path, settings: ServerSettings, number: int) -> int:
    """Commit one more alert as the server does; return its episode."""
    episode_ms = AT_MS + number * 60_000
    figures = (("leg_c", 24.0), ("usual_c", None), ("room_c", 18.0), ("for_min", 10))
    notice = Notice(
        episode_ms,
        AlertKind.COLD,
        TransitionKind.ESCALATED,
        Severity.URGENT,
        Reason.COOLED,
        figures=figures,
        episode_ms=episode_ms,
    )
    store = SqliteStore(path)
    beds = [] if number else [(1, "b")]
    batch = Batch(beds=beds, notices=[NewNotice(1, "b", notice, "cold")])
    assert commit(store, batch, DeliveryPlanner(settings), episode_ms)
    store.close()
    return episode_ms


def test_killed_at_every_step_every_push_arrives(
    tmp_path: Path, launcher: Launcher, phones: Phones, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(tmp_path)  # there is no broker: the outbox works without one
    config = house.write_server(
        push={"channels": ["ntfy"], "give_up_h": 72.0, "ntfy": {"url": phones.url, "topic": "t"}},
        http={"port": 0},
    )
    settings = read(config)
    folder = tmp_path / "server"
    folder.mkdir()
    died: Counter[str] = Counter()
    for number in range(RUNS):
        step = STEPS[number % len(STEPS)]
        episode_ms = decide(folder / "legwatch.db", settings, number)
        launcher.start(config, step)
        launcher.ended()  # by its own hand, or this waits for ever
        where = "episode_ms=? AND state IN ('decided','claimed')"
        died[step] += bool(house.rows(f"SELECT 1 FROM deliveries WHERE {where}", episode_ms))
        pid = launcher.start(config)
        wait_until(partial(house.rows, ARRIVED, episode_ms), "the push after the restart", 20)
        os.kill(pid, signal.SIGKILL)
        launcher.ended()
    assert dict(died) == dict.fromkeys(STEPS, RUNS // len(STEPS))  # each really died on the way
    arrived = Counter(body["sequence_id"] for body in phones.bodies)
    twins = [b for b in phones.bodies if "(perhaps said before)" in b["message"]]
    assert len(arrived) == RUNS
    doubled = sum(count - 1 for count in arrived.values())
    with capsys.disabled():
        print(f"\n{RUNS} crashes, {len(phones.bodies)} pushes, {doubled} of them a second time")
    assert doubled <= len(twins)  # none comes twice unawares
    assert max(arrived.values()) == 2
