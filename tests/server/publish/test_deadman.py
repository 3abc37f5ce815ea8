"""The sign of life for a watcher elsewhere: only while fresh windows of real beds come."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps as dump

from legwatch.__main__ import main
from legwatch_runtime.clock import Instant
from legwatch_server.publish.deadman import DeadManSwitch
from legwatch_server.settings import HeartbeatTable
from server.service import Answer, Service
from server.ward import open_ward


@pytest.fixture
def watcher() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


def beats(watcher: Service, fresh: Instant | None, now: Instant) -> DeadManSwitch:
    table = HeartbeatTable(url=f"{watcher.url}/ping", every_s=10)
    return DeadManSwitch(table, lambda: fresh, lambda: now)


def test_the_watcher_hears_of_us_only_while_fresh_windows_come(watcher: Service) -> None:
    then = Instant(1_000)
    assert beats(watcher, then, then.after(100)).beat()
    assert [asked.path for asked in watcher.asked] == ["/ping"]
    for fresh in (None, then):  # never a window; the last one too long ago
        silent = beats(watcher, fresh, then.after(181))
        assert not silent.beat()
        assert silent.withheld == 1
    assert len(watcher.asked) == 1


def test_a_watcher_that_cannot_be_reached_is_said_once(
    watcher: Service, caplog: pytest.LogCaptureFixture
) -> None:
    watcher.answer = lambda _asked: Answer(500)
    failing = beats(watcher, Instant(1), Instant(2))
    assert [failing.beat() for _ in range(3)] == [False, False, False]
    warned = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert warned == ["the heartbeat failed: the watcher answered 500"]


def test_played_and_late_windows_are_no_sign_of_life(tmp_path: Path) -> None:
    """Only a window of a real bed that came in time feeds the heartbeat."""
    ward = open_ward(tmp_path)

    def look(minute: float) -> dict[str, Any]:
        age_ms = 400_000 if minute <= 1 else 0
        return {"leg_c": 30.0, "room_c": 18.0, "moves": 0, "in_bed": True, "age_ms": age_ms}

    seen = []
    for minute in range(2):
        ward.feed("b", minute, look)
        seen.append(ward.unit.fresh)
    assert seen == [False, True]
    ward.close()


def test_a_heartbeat_wants_an_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "server.toml"
    path.write_text(dump({"heartbeat": {"url": "hc.example/ping"}}))
    assert main(["check-config", str(path)]) == 2
    said = capsys.readouterr().err
    assert "heartbeat.url: an address with http:// or https:// is expected" in said


def test_a_server_whose_pushes_reach_nobody_gives_no_heartbeat(watcher: Service) -> None:
    now, lost = Instant(1), False
    made = DeadManSwitch(
        HeartbeatTable(url=f"{watcher.url}/ping"),
        lambda: now,
        lambda: now,
        unreachable=lambda: lost,
    )
    assert made.beat()
    lost = True
    assert not made.beat()
    assert (made.given, made.withheld, len(watcher.asked)) == (1, 1, 1)
