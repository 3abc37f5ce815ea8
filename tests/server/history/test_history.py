"""History: what becomes of a row, and when a position is sure."""

import gzip
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason, Rule, Severity
from legwatch.events import AlertKind
from legwatch.testing import ms, night, uncovering
from legwatch_server.history.cursor import DURABLE_MS, Cursor, Position
from legwatch_server.history.exporter import Exporter, NightRules
from legwatch_server.history.lines import notice_line, window_lines
from legwatch_server.history.sink import Sentinel, Sink, SinkAway
from legwatch_server.history.tally import IDLE_MS
from legwatch_server.settings import HistoryTable
from legwatch_server.store.batch import Batch, NewWindow
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.reader import open_if_made
from legwatch_server.store.records import StoredNotice, WindowRecord
from repository import rules
from stand import Stand

NOW = ms("2026-01-10T12:00Z")
NOTHING = WindowRecord(
    id=1,
    bed="anna",
    to_ms=1000,
    leg_c=None,
    leg_rh=None,
    room_c=None,
    room_rh=None,
    moves=None,
    in_bed=None,
    late=0,
    arrived_ms=5,
)


def test_a_window_becomes_numbers_with_its_own_time() -> None:
    row = NOTHING._replace(leg_c=31.2, leg_rh=48.0, room_c=18.5, moves=0)
    assert window_lines(row) == [
        "reading,bed=anna,sensor=leg temperature_c=31.2,humidity_pct=48.0 1000",
        "reading,bed=anna,sensor=room temperature_c=18.5 1000",
        "movement,bed=anna count=0.0 1000",
        "bed,bed=anna late=0.0 1000",
    ]


def test_what_is_unknown_has_no_point() -> None:
    assert window_lines(NOTHING._replace(late=1)) == ["bed,bed=anna late=1.0 1000"]


def test_a_notice_keeps_its_figures_and_no_words() -> None:
    notice = Notice(
        2000,
        AlertKind.COLD,
        TransitionKind.FIRED,
        Severity.WARNING,
        Reason.COOLED,
        figures=(("leg_c", 24.1), ("usual_c", None), ("wait_ended", "moved")),
        rule=Rule("warmth.warn_c", 27.5),
    )
    assert notice_line(StoredNotice(7, "anna", None, "x", notice)) == (
        "alert,bed=anna,kind=cold,level=warning,what=fired id=7.0,pushed=1.0,leg_c=24.1 2000"
    )


def test_a_position_is_durable_only_after_a_while(tmp_path: Path) -> None:
    path = tmp_path / "cursor.json"
    cursor = Cursor(path)
    cursor.confirm(Position(10, 1), NOW)
    cursor.settle(NOW + DURABLE_MS - 1)
    assert (cursor.settled(), path.exists()) == (False, False)
    cursor.settle(NOW + DURABLE_MS)
    assert (cursor.settled(), Cursor(path).now.window_id) == (True, 10)
    cursor.confirm(Position(20, 1), NOW + DURABLE_MS)
    cursor.go_back()
    assert cursor.now.window_id == 10


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"v": 99}',
        '{"v": 1}',
        '{"v": 1, "window_id": "x", "notice_id": 1, "nights": {}}',
        '{"v": 1, "window_id": 1, "notice_id": 1, "nights": {"a": {"nighu": 1}}}',
        '{"v": 1, "window_id": 1, "notice_id": 1, "nights": {"a": {"night": "1"}}}',
    ],
)
def test_a_broken_cursor_begins_again(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cursor.json"
    path.write_text(text)
    assert Cursor(path).now == Position()


class Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.away = False

    def write(self, lines: list[str]) -> None:
        if self.away:
            raise SinkAway("away")
        self.lines += lines


class Watch:
    def __init__(self) -> None:
        self.lives = True

    def watch(self) -> bool:
        return True

    def alive(self) -> bool:
        lives, self.lives = self.lives, True
        return lives


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A store with one night of windows."""
    path = tmp_path / "legwatch.db"
    store = SqliteStore(path)
    windows = [
        NewWindow(1, 1, window, NOW - IDLE_MS, late=False)
        for window in night(minutes=120, leg=uncovering((60, 90)))
    ]
    with store.transaction() as tx:
        boots = [(1, 1, "0000000a", 720)]
        tx.write(Batch(beds=[(1, "anna")], boots=boots, windows=windows))
    store.close()
    return path


@contextmanager
def exporter(stored: Path, writer: Writer, watch: Watch) -> Iterator[Exporter]:
    cursor = Cursor(stored.with_name("cursor.json"))
    nights = NightRules(lambda _: rules(), IDLE_MS)
    with closing(Exporter(partial(open_if_made, stored), cursor, writer, watch, nights)) as made:
        yield made


def drain(one: Exporter, now_ms: int = NOW) -> None:
    for _ in range(20):
        if not one.round(now_ms):
            return


def test_a_night_is_sent_once_with_its_own_figures(stored: Path) -> None:
    writer = Writer()
    with exporter(stored, writer, Watch()) as one:
        drain(one)
    assert len([line for line in writer.lines if line.startswith("movement")]) == 720
    (figures,) = [line for line in writer.lines if line.startswith("night")]
    assert "windows=720.0,in_bed_min=120.0" in figures
    assert figures.endswith(str(ms("2026-01-02T11:00Z")))  # noon in Berlin


def test_rows_are_kept_back_while_the_store_is_away(stored: Path) -> None:
    writer = Writer()
    with exporter(stored, writer, Watch()) as one:
        writer.away = True
        with pytest.raises(SinkAway):
            one.round(NOW)
        assert one.lag() == 720
        writer.away = False
        drain(one)
        assert one.lag() == 0


def test_after_a_restart_of_the_store_the_last_points_are_sent_again(stored: Path) -> None:
    writer, watch = Writer(), Watch()
    with exporter(stored, writer, watch) as one:
        drain(one)
        first = list(writer.lines)
        watch.lives = False
        drain(one)
        assert sorted(writer.lines) == sorted(first * 2)
        one.round(NOW + DURABLE_MS)
        watch.lives = False
        one.round(NOW + DURABLE_MS)
        assert len(writer.lines) == 2 * len(first)


class Web:
    def __init__(self, protocol: str, status: int = 204) -> None:
        self.bodies: list[str] = []
        web = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = protocol

            def do_GET(self) -> None:
                self.send_response(204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                text = gzip.decompress(raw).decode()
                bad = "poison" in text
                if not bad:
                    web.bodies.append(text)
                self.send_response(400 if bad else status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._stand = Stand(Answer)
        self.url = self._stand.url
        self.close = self._stand.close


@pytest.fixture(params=["HTTP/1.1", "HTTP/1.0"])
def web(request: pytest.FixtureRequest) -> Iterator[Web]:
    made = Web(request.param)
    yield made
    made.close()


def test_the_sentinel_sees_a_living_store_also_if_it_closes_each_connection(web: Web) -> None:
    sentinel = Sentinel(web.url)
    assert not sentinel.alive()
    assert sentinel.watch()
    assert [sentinel.alive() for _ in range(3)] == [True] * 3
    sentinel.close()


def test_the_sentinel_sees_that_nobody_is_there() -> None:
    made = Web("HTTP/1.0")
    sentinel = Sentinel(made.url)
    assert sentinel.watch()
    made.close()
    assert not sentinel.alive()


def test_a_refused_point_does_not_hold_up_the_others(web: Web) -> None:
    sink = Sink(HistoryTable(url=web.url), "token")
    lines = [f"m,bed=a x={n}.0 {n}" for n in range(9)]
    sink.write([*lines[:4], "poison", *lines[4:]])
    sink.close()
    assert sink.refused == 1
    assert sorted("\n".join(web.bodies).splitlines()) == sorted(lines)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_store_that_is_busy_is_tried_again_later(status: int) -> None:
    made = Web("HTTP/1.1", status)
    sink = Sink(HistoryTable(url=made.url), "token")
    with pytest.raises(SinkAway):
        sink.write(["m,bed=a x=1.0 1"])
    sink.close()
    made.close()
