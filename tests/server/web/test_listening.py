"""The HTTP server's port: without it the watch goes on."""

import socket
import time
import urllib.request
from functools import partial

import pytest

from legwatch_runtime.part import Parts
from legwatch_server.web import listening
from legwatch_server.web.actions import ActionHandler
from legwatch_server.web.listening import Listening
from legwatch_server.web.server import bind

REPORT = {"status": "ok", "notices": {}}


def test_a_port_that_is_taken_is_said_once_and_tried_until_it_is_free(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listening, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(listening, "LONGEST_WAIT_S", 0.02)
    caplog.set_level("INFO")
    door = ActionHandler(b"key", lambda _: None, lambda: 0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        where = f"127.0.0.1:{port}"
        parts = Parts()
        web = Listening(partial(bind, "127.0.0.1", port, lambda: dict(REPORT), door), where, parts)
        web.start()
        time.sleep(0.1)  # several tries
        assert (web.port, parts.well()) == (0, True)
        assert caplog.text.count("Address already in use") == 1
        assert "[http] host and port" in web.wrong()
    end_s = time.monotonic() + 10
    while not web.port:
        assert time.monotonic() < end_s
        time.sleep(0.01)
    with urllib.request.urlopen(f"http://{where}/health", timeout=5) as answer:
        assert answer.status == 200
    assert web.wrong() == ""
    assert f"the server listens on {where} now" in caplog.text
    web.stop()
