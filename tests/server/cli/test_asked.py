"""While the disk takes nothing the store is old: the commands ask the server, and say so."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import create_server
from typing import Any
from unittest.mock import Mock

import pytest

from legwatch_runtime.broker_story import BrokerStory
from legwatch_runtime.part import Parts
from legwatch_runtime.state_dir import lock_number
from legwatch_server.cli import asked
from legwatch_server.in_force import LOCK, in_force
from legwatch_server.notify.late import LateChannels
from legwatch_server.settings import BrokerTable, ServerSettings
from legwatch_server.transport import BROKER_IS
from server.loaded_house import loaded_house

FULL = "/srv/legwatch.db takes nothing, and nothing is kept: database or disk is full"
HELD = "the database accepts no writes: disk I/O error"
Serve = Callable[[bytes], int]


def health(*wrong: str) -> bytes:
    return json.dumps({"status": "degraded", "wrong": wrong}).encode()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves a body with 503 on a free port."""
    opened: list[HTTPServer] = []

    def begin(body: bytes) -> int:
        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(503)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        opened.append(HTTPServer(("127.0.0.1", 0), Answers))
        threading.Thread(target=opened[-1].serve_forever, daemon=True).start()
        return int(opened[-1].server_port)

    yield begin
    for server in opened:
        server.shutdown()
        server.server_close()


def asleep(_minute: float) -> dict[str, Any]:
    return {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True}


@pytest.mark.parametrize("command", ["now", "duty", "alerts", "beds"])
@pytest.mark.parametrize("why", [FULL, HELD])
def test_commands_say_first_that_nothing_is_kept_and_claim_no_watch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serve: Serve, command: str, why: str
) -> None:
    http = {"port": serve(health("x", why))}
    with loaded_house(tmp_path, http=http) as house:
        house.server.play("b", 10, asleep)
        _, out, _ = house.run(capsys, command)
    assert out.startswith(f"NOTHING IS KEPT NOW: {why}\nThe server watches on and tells people.")
    assert ": watched for" not in out
    assert "No alerts." not in out
    assert "the sleeper: no word" not in out


@pytest.mark.parametrize("command", ["now", "duty", "alerts", "beds"])
def test_commands_say_first_that_the_server_has_no_broker_and_claim_no_watch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serve: Serve, command: str
) -> None:
    """The broker may be off while all bedsides are well."""
    why = "nothing listens at 127.0.0.1:1883: does the broker run"
    http = {"port": serve(health("no connection to the broker", f"broker: {why}"))}
    with loaded_house(tmp_path, http=http) as house:
        house.server.play("b", 10, asleep)
        _, out, _ = house.run(capsys, command)
    first = f"THE SERVER HEARS NO BEDSIDE: no connection to the broker: {why}\n"
    assert out.startswith(first)
    assert ": watched for" not in out
    assert "No alerts." not in out
    if command == "now":
        assert "everything: the server has no connection to the broker" in out


@pytest.mark.parametrize("command", ["now", "duty", "alerts", "beds"])
def test_what_another_server_on_the_port_says_is_not_taken_for_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serve: Serve, command: str
) -> None:
    """After a change of ports two servers may share one; the second goes on without /health."""
    lock = tmp_path / "another.lock"
    lock.touch()
    body = json.dumps({"wrong": [FULL, "no connection to the broker"], "lock": lock_number(lock)})
    port = serve(body.encode())
    with loaded_house(tmp_path, http={"port": port}) as house:
        house.server.play("b", 10, asleep)
        _, out, _ = house.run(capsys, command)
    assert out.startswith(f"ANOTHER SERVER ANSWERS AT 127.0.0.1:{port}: whether this one hears ")
    assert FULL not in out
    assert "no connection to the broker" not in out
    assert "not known here: the server" not in out


def test_a_server_of_the_same_folder_is_ours(tmp_path: Path, serve: Serve) -> None:
    with loaded_house(tmp_path) as house:
        lock = lock_number(house.folder / LOCK)
        assert lock
        port = serve(json.dumps({"wrong": [FULL], "lock": lock}).encode())
        house.kill()
        house.edit(http={"port": port})
        house.start()
        assert asked.of_now(in_force(house.file))[1] == asked.Said(FULL)


@pytest.mark.parametrize("command", ["now", "duty", "alerts", "beds"])
def test_a_server_that_can_note_nothing_is_asked_at_the_port_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serve: Serve, command: str
) -> None:
    """On a full disk the store has the note of an earlier start, which had another port."""
    with loaded_house(tmp_path, http={"port": 1}) as house:
        house.server.play("b", 10, asleep)
        lock = lock_number(house.folder / LOCK)
        port = serve(json.dumps({"wrong": [FULL], "lock": lock}).encode())
        house.edit(http={"port": port})
        _, out, err = house.run(capsys, command)
        assert in_force(house.file).settings.http.port != port
        assert asked.of_now(in_force(house.file))[0].settings.http.port == port
    assert out.startswith(f"NOTHING IS KEPT NOW: {FULL}\n")
    assert "hanged on disk" not in out + err
    assert "What the server has loaded is not known" in out + err
    assert "the bedside is off" not in out


def test_duty_and_now_say_of_a_channel_that_it_cannot_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serve: Serve
) -> None:
    """Its test waits in the store, for ever and without a reason."""
    late = LateChannels(Mock(), ServerSettings(), Parts())
    late._missing["console"] = "KeyError: 'tok'"
    with loaded_house(tmp_path, http={"port": serve(health("x", *late.wrong()))}) as house:
        house.server.play("b", 10, asleep)
        code, out, _ = house.run(capsys, "duty")
        _, now, _ = house.run(capsys, "now")
    assert code == 1
    assert "console    AMBER: cannot start: KeyError: 'tok'\n" in out
    assert "console: CANNOT START" in now


def test_health_gives_the_reason_of_the_broker_by_the_words_that_are_looked_for() -> None:
    story = BrokerStory(BrokerTable(), "trying again", "another server")
    story.failed("it is not there")
    assert story.concerns() == [f"{BROKER_IS}{story.why}"] == ["broker: it is not there"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"wrong": 3}', b'{"wrong": [], "lock": []}', health(), health("x")]
)
def test_of_other_answers_nothing_is_said(tmp_path: Path, serve: Serve, body: bytes) -> None:
    with loaded_house(tmp_path, http={"port": serve(body)}) as house:
        assert asked.of_now(in_force(house.file))[1] == asked.Said()


def test_who_does_not_answer_holds_nothing_up_and_a_server_that_is_off_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "PATIENCE_S", 0.1)
    with closing(create_server(("127.0.0.1", 0))) as mute:
        port = mute.getsockname()[1]
        with loaded_house(tmp_path, http={"port": port}) as house:
            assert asked.of_now(in_force(house.file))[1] == asked.Said()
    monkeypatch.setattr(asked, "_health", lambda _http: health(FULL))
    assert asked.of_now(in_force(house.file))[1] == asked.Said()
