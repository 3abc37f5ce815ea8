"""`/health` for people and watchdogs, `/metrics` for Prometheus, `/answer/` for phones."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from threading import Lock
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from legwatch_runtime.clock import awake_s
from legwatch_server.web import actions
from legwatch_server.web.actions import ActionHandler, Reply
from legwatch_server.web.slots import SlotsServer
from legwatch_server.web.whole_request import BODY_BYTES, RequestRefused, whole_request

ANSWER_S = 8.0  # to send an answer, however slowly it is read
LEFT_S, LEFT_READS = 0.2, 64  # to read away what a refused sender still sends
CONTENT = "text/plain; version=0.0.4; charset=utf-8"
HealthReport = Callable[[], dict[str, Any]]


class Gauges:
    """Turns the health report into Prometheus metrics, for each request."""

    def __init__(self, health: HealthReport) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        report = self._health()
        for name in ("windows", "duplicates", "late", "clock_wrong", "quarantined"):
            value = report["counters"][name]
            yield CounterMetricFamily(f"legwatch_{name}", f"messages: {name}", value=value)
        notices = CounterMetricFamily(
            "legwatch_notices", "notices of the engine", labels=["kind", "what"]
        )
        for (kind, what), count in report["notices"].items():
            notices.add_metric([kind, what], count)
        yield notices
        pushes = CounterMetricFamily("legwatch_pushes", "pushes", labels=["channel", "result"])
        for channel, results in report["pushes"].items():
            for result, count in results.items():
                pushes.add_metric([channel, result], count)
        yield pushes
        answers = CounterMetricFamily("legwatch_answers", "answers by link", labels=["result"])
        for result, count in report["answers"].items():
            answers.add_metric([result], count)
        yield answers
        yield CounterMetricFamily("legwatch_commits", "transactions", value=report["commits"])
        yield CounterMetricFamily(
            "legwatch_commit_seconds", "time in transactions", value=report["commit_s"]
        )
        lost = CounterMetricFamily(
            "legwatch_windows_lost", "windows that a bedside had to drop", labels=["bed"]
        )
        online = GaugeMetricFamily(
            "legwatch_bedside_online", "1 while the bedside is connected", labels=["bed"]
        )
        failing = GaugeMetricFamily(
            "legwatch_readings_failed",
            "share of a sensor's readings that failed in an hour",
            labels=["bed", "sensor", "reason"],
        )
        for bed, bedside in report["bedsides"].items():
            for sensor, found in bedside.get("failing", {}).items():
                for reason, count in found["why"].items():
                    failing.add_metric([bed, sensor, reason], count / max(1, found["readings"]))
            lost.add_metric([bed], bedside.get("windows_lost", 0))
            if bedside["online"] is not None:
                online.add_metric([bed], bedside["online"])
        yield from (lost, online, failing)
        for name in ("beds", "queue", "backlog"):
            yield GaugeMetricFamily(
                f"legwatch_{name}", f"current number: {name}", value=report[name]
            )
        yield GaugeMetricFamily("legwatch_up", "1 when healthy", value=report["status"] == "ok")

    def describe(self) -> Iterator[Metric]:
        """Yield nothing: a registration must not read the health report before the start."""
        return iter(())


def bind(host: str, port: int, health: HealthReport, answers: ActionHandler) -> SlotsServer:
    """Return the HTTP server, bound to its port; raises OSError if the port is taken."""
    one_by_one = Lock()  # many reports at once would hold up the threads that watch
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Gauges(health))

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            """Read the request whole, then answer it; one request a connection."""
            try:
                request = whole_request(self.connection, awake_s)
            except RequestRefused as refused:
                _refuse(self.connection, refused.status)
                return
            except OSError:
                return  # the peer has gone
            server.answering(self.connection)
            self.connection.settimeout(ANSWER_S)
            self.rfile = BytesIO(request)
            with suppress(OSError):  # it has gone, or reads too slowly
                self.handle_one_request()

        def do_GET(self) -> None:
            if self.path.startswith(actions.PATH):
                self._actions(answers.show(self.path.removeprefix(actions.PATH), self._headers()))
            elif self.path == "/health":
                with one_by_one:
                    report = health()
                    report["notices"] = {"/".join(k): v for k, v in report["notices"].items()}
                    body = json.dumps(report, indent=1).encode()
                status = 200 if report["status"] == "ok" else 503
                self._answer(status, "application/json", body)
            elif self.path == "/metrics":
                with one_by_one:
                    body = generate_latest(registry)
                self._answer(200, CONTENT, body)
            else:
                self._answer(404, "text/plain", b"/health or /metrics\n")

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length") or "0"
            size = int(length) if length.isdecimal() else BODY_BYTES + 1
            if not self.path.startswith(actions.PATH) or size > BODY_BYTES:
                self.close_connection = True
                self._answer(404, "text/plain", b"no such page\n")
                return
            self._actions(answers.take(self.path.removeprefix(actions.PATH), self._headers()))

        def _headers(self) -> dict[str, str]:
            return dict(self.headers.items())

        def _actions(self, reply: Reply) -> None:
            self._answer(reply.status, reply.kind, reply.body)

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            # A link works like a key: keep it out of caches, and send it to no other site.
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            server.answered(self.connection)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log no requests: a watchdog sends one every few seconds."""

    server = SlotsServer((host, port), Handler)
    return server


def _refuse(line: socket.socket, status: HTTPStatus) -> None:
    """Answer a request that was not read; what is still on its way would hide the answer."""
    head = f"HTTP/1.0 {status.value} {status.phrase}\r\nContent-Length: 0\r\nConnection: close"
    with suppress(OSError):
        line.settimeout(LEFT_S)
        line.sendall(f"{head}\r\n\r\n".encode())
        line.shutdown(socket.SHUT_WR)
        for _ in range(LEFT_READS):
            if not line.recv(16 * 1024):
                break
