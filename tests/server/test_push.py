"""Pushes: decided, claimed, sent; what a channel's answer means; nobody is told twice unawares."""

import io
import json
import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from legwatch.errors import SettingsError
from legwatch.notice import Level, What
from legwatch_server.outbox import FIRST_RETRY_S, Outbox
from legwatch_server.push import Push, PushError, open_channels
from legwatch_server.push.console import Console
from legwatch_server.push.ntfy import Ntfy
from legwatch_server.settings import Ntfy as NtfyTable
from legwatch_server.settings import PushTable
from legwatch_server.store import Batch, Store, connect

PUSH = Push(1, "anna", "02:41", "Your legs may be cold", "Cover them.", Level.WARNING, What.FIRED)


class Channel:
    def __init__(self, *answers: PushError | Exception | None) -> None:
        self.answers = list(answers)
        self.got: list[Push] = []

    def send(self, push: Push) -> None:
        self.got.append(push)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer


class Box:
    def __init__(self, folder: Path, channel: Channel, notices: int = 1) -> None:
        self.path = folder / "legwatch.db"
        self.now_ms = 1_767_394_800_000
        store = Store(self.path)
        line = json.dumps({"text": "Cover them."})
        row = (
            1,
            self.now_ms,
            "cold",
            "fired",
            "warning",
            "cooled",
            None,
            "Your legs may be cold",
            line,
        )
        batch = Batch(beds=[(1, "anna")], notices=[(row, 1)] * notices)
        store.commit(batch, ("test",), self.now_ms)
        store.close()
        self.channel = channel
        self.outbox = self.again()
        self.db = connect(self.path)

    def again(self) -> Outbox:
        return Outbox(
            self.path,
            "test",
            self.channel,
            zone_of=lambda _bed: ZoneInfo("Europe/Berlin"),
            give_up_h=1.0,
            utc_ms=lambda: self.now_ms,
        )

    def row(self) -> tuple[Any, ...]:
        sql = "SELECT state, attempt, next_ms - decided_ms, error FROM deliveries"
        return tuple(self.db.execute(sql).fetchone())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_a_push_is_sent_once(folder: Path) -> None:
    box = Box(folder, Channel())
    assert box.outbox.send_one(box.db)
    assert not box.outbox.send_one(box.db)
    (push,) = box.channel.got
    assert (push.clock, push.bed, push.title, push.again) == (
        "00:00",
        "anna",
        "Your legs may be cold",
        False,
    )
    assert box.row()[0] == "sent"


def test_a_retryable_fault_is_tried_again_later(folder: Path) -> None:
    box = Box(folder, Channel(PushError("away", permanent=False)))
    box.outbox.send_one(box.db)
    assert box.row() == ("decided", 1, int(FIRST_RETRY_S * 1000), "away")
    assert not box.outbox.send_one(box.db)
    box.now_ms += int(FIRST_RETRY_S * 1000)
    assert box.outbox.send_one(box.db)
    assert box.row()[0] == "sent"


def test_retry_after_is_honoured(folder: Path) -> None:
    box = Box(folder, Channel(PushError("slowly", permanent=False, retry_after_s=90)))
    box.outbox.send_one(box.db)
    assert box.row()[2] == 90_000


def test_a_permanent_fault_is_given_up_and_others_go_on(folder: Path) -> None:
    box = Box(folder, Channel(PushError("no such topic", permanent=True)), notices=2)
    while box.outbox.send_one(box.db):
        pass
    states = [s for (s,) in box.db.execute("SELECT state FROM deliveries ORDER BY id")]
    assert states == ["failed", "sent"]
    assert box.outbox.results["failed"] == 1


def test_a_push_is_given_up_after_its_time(folder: Path) -> None:
    box = Box(folder, Channel(*[PushError("away", permanent=False)] * 99))
    for _ in range(40):
        box.outbox.send_one(box.db)
        box.now_ms += 300_000
    assert box.row()[0] == "failed"


def test_a_channels_own_mistake_is_retryable(folder: Path) -> None:
    box = Box(folder, Channel(KeyError("x")))
    box.outbox.send_one(box.db)
    assert box.row()[0] == "decided"


def test_a_crash_between_claim_and_record_sends_again_and_says_so(folder: Path) -> None:
    class PowerCut(BaseException):
        pass

    class Cut(Channel):
        def send(self, push: Push) -> None:
            super().send(push)
            raise PowerCut

    box = Box(folder, Cut())
    with pytest.raises(PowerCut):
        box.outbox.send_one(box.db)
    assert box.row()[0] == "claimed"
    box.channel = Channel()
    assert box.again().send_one(box.db)
    assert [push.again for push in box.channel.got] == [True]


def test_the_thread_sends_when_woken_and_ends_when_told(folder: Path) -> None:
    done = threading.Event()

    class Ring(Channel):
        def send(self, push: Push) -> None:
            super().send(push)
            done.set()

    box = Box(folder, Ring())
    box.outbox.start()
    box.outbox.wake()
    assert done.wait(10)
    box.outbox.stop()
    assert len(box.channel.got) == 1


class Sink:
    def __init__(self) -> None:
        self.status, self.headers = 200, dict[str, str]()
        self.bodies: list[dict[str, Any]] = []
        self.auth: list[str | None] = []
        sink = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sink.auth.append(self.headers.get("Authorization"))
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                sink.bodies.append(json.loads(raw))
                self.send_response(sink.status)
                for name, value in sink.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.http.shutdown()
    made.http.server_close()


def ntfy(url: str) -> Ntfy:
    return Ntfy(PushTable(ntfy=NtfyTable(url=url, topic="odd", timeout_s=2.0)))


def test_ntfy_is_given_one_json_message(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGWATCH_NTFY_TOKEN", "tk_1")
    ntfy(sink.url).send(PUSH)
    assert sink.bodies == [
        {
            "topic": "odd",
            "title": "Your legs may be cold (02:41, anna)",
            "message": "Cover them.",
            "priority": 4,
            "tags": ["warning"],
        }
    ]
    assert sink.auth == ["Bearer tk_1"]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (403, True), (404, True), (413, True), (408, False), (429, False),
     (500, False), (502, False), (503, False)],
)  # fmt: skip
def test_ntfy_says_whether_trying_again_can_help(sink: Sink, status: int, permanent: bool) -> None:
    sink.status, sink.headers = status, {"Retry-After": "17"}
    with pytest.raises(PushError, match=str(status)) as raised:
        ntfy(sink.url).send(PUSH)
    assert (raised.value.permanent, raised.value.retry_after_s) == (permanent, 17.0)


def test_ntfy_that_is_away_is_retryable(sink: Sink) -> None:
    sink.http.shutdown()
    sink.http.server_close()
    with pytest.raises(PushError, match="cannot be reached") as raised:
        ntfy(sink.url).send(PUSH)
    assert not raised.value.permanent


@pytest.mark.parametrize("table", [NtfyTable(), NtfyTable(url="ftp://x", topic="odd")])
def test_ntfy_wants_a_topic_and_an_address(table: NtfyTable) -> None:
    with pytest.raises(SettingsError, match=r"push\.ntfy\."):
        Ntfy(PushTable(ntfy=table))


def test_a_secret_that_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGWATCH_NTFY_TOKEN_FILE", "/nowhere")
    with pytest.raises(SettingsError, match="LEGWATCH_NTFY_TOKEN_FILE"):
        ntfy("http://127.0.0.1:1")


def test_the_console_prints_one_line() -> None:
    out = io.StringIO()
    Console(PushTable(), out).send(PUSH)
    assert out.getvalue() == "02:41  anna  Your legs may be cold. Cover them.\n"


def test_an_unknown_channel_names_those_installed() -> None:
    with pytest.raises(SettingsError, match="no channel 'pigeon'; installed: console, ntfy"):
        open_channels(PushTable(channels=("pigeon",)))


def test_deliveries_are_rows_that_sqlite_can_show(folder: Path) -> None:
    box = Box(folder, Channel())
    box.outbox.send_one(box.db)
    with sqlite3.connect(box.path) as db:
        (claimed, sent) = db.execute("SELECT claimed_ms, sent_ms FROM deliveries").fetchone()
    assert claimed == sent == box.now_ms
