"""A sensor whose readings fail is shown by /health, /metrics and `now`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from tomlkit import dumps

from campaigns.ward import health_of
from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.failing import Failing
from legwatch.contract.topics import Channel, topic
from legwatch_server.cli import now
from legwatch_server.testing import InProcessServer
from legwatch_server.web.server import Gauges
from server.ward import open_ward

FAILING = Failing("leg", 100, (("checksum", 3), ("no_answer", 1)), 2)


def asleep(_minute: float) -> dict[str, Any]:
    return {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path)
    made.play("b", 3, asleep)
    say(made, b"online", Channel.STATUS)
    yield made
    made.close()


def say(server: InProcessServer, payload: bytes, channel: Channel = Channel.INFO) -> None:
    server.turn([server.message(topic("b", channel), payload)])


def info(*failing: Failing) -> bytes:
    return encode_info(BedsideInfo("1", "0000000a", window_s=10, failing=failing))


def metrics(server: InProcessServer) -> str:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Gauges(health_of(server).report))
    return generate_latest(registry).decode()


def shown(server: InProcessServer, capsys: pytest.CaptureFixture[str]) -> str:
    file = server.path.parent / "server.toml"
    file.write_text(dumps({"state_dir": str(server.path.parent), "zone": "UTC"}))
    now.main(["--config", str(file)])
    return capsys.readouterr().out


def test_health_and_metrics_have_it_by_reason(server: InProcessServer) -> None:
    say(server, info(FAILING))
    (found,) = health_of(server).report()["bedsides"].values()
    assert found["failing"] == {
        "leg": {"readings": 100, "why": {"checksum": 3, "no_answer": 1}, "reopened": 2}
    }
    line = 'legwatch_readings_failed{bed="b",reason="checksum",sensor="leg"} 0.03'
    assert line in metrics(server)
    say(server, info())
    assert "readings_failed{" not in metrics(server)


def test_now_says_it_in_words(server: InProcessServer, capsys: pytest.CaptureFixture[str]) -> None:
    say(server, info(FAILING))
    assert "leg sensor" in shown(server, capsys)
    say(server, info(FAILING))
    said = shown(server, capsys)
    assert "4 of 100 readings failed in an hour: checksum, no_answer" in said
    assert "it hung and was opened anew, so far 2 times" in said
    say(server, b"offline", Channel.STATUS)  # it says nothing of now
    assert "readings failed" not in shown(server, capsys)
