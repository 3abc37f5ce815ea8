"""Limits of the HTTP server, as a stranger meets them: too large, too slow, too many."""

import contextlib
import resource
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from legwatch_server.web import whole_request
from legwatch_server.web.actions import ActionHandler
from legwatch_server.web.listening import Listening
from legwatch_server.web.server import bind
from legwatch_server.web.slots import MOST_CONNECTIONS, most_connections

ASK = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
REPORT = {"status": "ok", "notices": {}}


@pytest.fixture(scope="module")
def web() -> Iterator[Listening]:
    door = ActionHandler(b"key", lambda _: None, lambda: 0)
    made = Listening(partial(bind, "127.0.0.1", 0, lambda: dict(REPORT), door), "the test's port")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def long_web(web: Listening, monkeypatch: pytest.MonkeyPatch) -> Listening:
    """Return the server with a page that no buffer takes in as a whole."""
    monkeypatch.setitem(REPORT, "bedsides", "b" * 5_000_000)
    return web


@contextlib.contextmanager
def connections(web: Listening, number: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        where = ("127.0.0.1", web.port)
        yield [stack.enter_context(socket.create_connection(where, 5)) for _ in range(number)]


def said(line: socket.socket, *parts: bytes) -> bytes:
    """Return all that the server says to what is sent; empty: it has hung up."""
    line.settimeout(5)
    found = b""
    with contextlib.suppress(ConnectionError):
        for part in parts:
            line.sendall(part)
        while more := line.recv(65_536):
            found += more
    return found


def healthy(web: Listening) -> bool:
    url = f"http://127.0.0.1:{web.port}/health"
    with urllib.request.urlopen(url, timeout=3) as answer:
        return bool(answer.status == 200)


def test_a_request_in_pieces_is_answered(web: Listening) -> None:
    with connections(web, 1) as (line,):
        for byte in ASK[:-1]:
            line.sendall(bytes([byte]))
        assert said(line, ASK[-1:]).startswith(b"HTTP/1.0 200")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nX: " + b"h" * 60_000 + b"\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"G" * 200_000,
    ],
    ids=["path", "header", "headers", "no line"],
)
def test_a_head_of_more_than_16_kb_is_refused(web: Listening, head: bytes) -> None:
    with connections(web, 1) as (line,):
        assert said(line, head).startswith(b"HTTP/1.0 431")
    assert healthy(web)


@pytest.mark.parametrize(
    "size",
    [
        b"Content-Length: 4097",
        b"Content-Length: 99999999999999",
        b"Content-Length: -1",
    ],
)
def test_a_body_of_more_than_4_kb_is_refused_unread(web: Listening, size: bytes) -> None:
    with connections(web, 1) as (line,):
        head = b"POST /answer/abc HTTP/1.1\r\nHost: x\r\n" + size + b"\r\n\r\n"
        assert said(line, head).startswith(b"HTTP/1.0 404")


def test_a_body_without_a_size_is_not_waited_for(web: Listening) -> None:
    with connections(web, 1) as (line,):
        head = b"POST /answer/abc HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert said(line, head).startswith(b"HTTP/1.0 403")  # its link is wrong


def test_a_slow_sender_has_a_total_time(web: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in good time, the request never."""
    monkeypatch.setattr(whole_request, "REQUEST_S", 0.3)
    begun_s = time.monotonic()
    with connections(web, 1) as (line,), contextlib.suppress(ConnectionError):
        line.settimeout(5)
        for byte in ASK[:-1]:
            line.sendall(bytes([byte]))
            time.sleep(0.02)
        assert line.recv(100).startswith(b"HTTP/1.0 408")
    assert time.monotonic() - begun_s < 3
    with connections(web, 1) as (line,):
        body = b"POST /answer/abc HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"
        assert said(line, body).startswith(b"HTTP/1.0 408")


def test_a_connection_that_says_nothing_is_cut(
    web: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_request, "REQUEST_S", 0.2)
    with connections(web, 1) as (line,):
        assert said(line).startswith(b"HTTP/1.0 408")


def test_a_connection_is_not_kept_for_a_second_request(web: Listening) -> None:
    ask = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
    with connections(web, 1) as (line,):
        assert said(line, ask, ask).count(b"HTTP/1.0 200") == 1


def test_while_slow_ones_have_all_places_a_new_one_is_answered(web: Listening) -> None:
    before = threading.active_count()
    with connections(web, 4 * MOST_CONNECTIONS) as slow:
        for line in slow:
            with contextlib.suppress(OSError):
                line.sendall(b"GET /he")
        begun_s = time.monotonic()
        assert healthy(web)
        assert (
            time.monotonic() - begun_s < whole_request.REQUEST_S - 1
        )  # none of the slow ones has ended yet
        assert threading.active_count() - before <= MOST_CONNECTIONS + 1
        slow[0].settimeout(2)
        with contextlib.suppress(ConnectionError):
            assert slow[0].recv(1) == b""  # the oldest was cut


def test_while_nobody_reads_the_answers_a_new_one_is_answered(long_web: Listening) -> None:
    """Whoever asks for a long page and reads nothing gives its place up, too."""
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            line = stack.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            line.connect(("127.0.0.1", long_web.port))
            line.sendall(ASK)
            line.recv(1)  # the answer has begun
        assert healthy(long_web)


@pytest.mark.parametrize(
    "request_",
    [
        ASK[:-2] + b"a:\r\n" * 3000 + b"\r\n",
        ASK[:-2] + b"a\r\n" * 3000 + b"\r\n",
        ASK[:-2] + b"X: y\r\n" + b" z\r\n" * 1000 + b"\r\n",
        ASK * 300,
        b"POST /answer/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n" * 1000,
        b"POST /answer/x HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 4000\r\n\r\nabcd",
        b"POST /answer/x HTTP/1.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n123456789",
        bytes(range(256)) * 60 + b"\r\n\r\n",
        b"GET " + b"/" * 9000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9000,
    ],
    ids=["small lines", "no colon", "folded", "pipelined", "chunks", "two lengths", "expects",
         "no text", "no version", "other protocol"],
)  # fmt: skip
def test_a_request_that_no_browser_sends_is_answered_once_or_cut(
    web: Listening, request_: bytes
) -> None:
    with connections(web, 1) as (line,):
        assert said(line, request_).count(b"HTTP/1.0 ") <= 1
    assert healthy(web)


def test_reports_are_made_one_after_the_other(
    web: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many at once would take the processor from the threads that watch."""
    at_work, most = [0], [0]

    class Slow(dict[str, object]):
        def items(self) -> Any:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
            time.sleep(0.01)
            at_work[0] -= 1
            return super().items()

    monkeypatch.setitem(REPORT, "notices", Slow())
    with connections(web, 10) as lines:
        for line in lines:
            line.sendall(ASK)
        assert all(said(line).startswith(b"HTTP/1.0 200") for line in lines)
    assert most == [1]


def test_few_files_make_few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for soft in (64, 128, 256, 1024, resource.RLIM_INFINITY):
        monkeypatch.setattr(resource, "getrlimit", lambda _which, soft=soft: (soft, soft))
        found.append(most_connections())
    assert found == [2, 16, 32, 32, 32]
