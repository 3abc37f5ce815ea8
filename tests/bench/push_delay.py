"""Measure the time from a decision to its push request: one bed, and 1,000 beds at once.

    .venv/bin/python tests/bench/push_delay.py [--beds 1000] [--singly 100] [--service-ms 50]

Broker and server are real. The push service runs on loopback and takes `--service-ms` for each
push, like a service in the internet. The delay is from the stored time of the decision to the
arrival of its request.
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.pipe import BEGIN, Pipe
from bench.stage import Bench
from end_to_end.house import wait_until
from legwatch.contract.window import encode_window
from legwatch.engine import advance, start
from legwatch.events import Window
from legwatch.testing import uncovering
from legwatch_lab.score.command import positive
from repository import rules
from taken import taken

MINUTE_MS = 60_000
AIR = uncovering((60, 200), uncovered_c=24.6)
OWN = {"alerts.wait_s": 0, "warmth.early_s": 0}  # one push for each bed


class Service:
    """A push service on this machine; it records when each request of a bed came."""

    def __init__(self, takes_s: float) -> None:
        self.came_ms: dict[str, list[float]] = {}
        lock, service = threading.Lock(), self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet an answer: a second one waits 40 ms for an ACK
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                now_ms = time.time() * 1000
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                bed = body["title"].rsplit(" ", 1)[1].rstrip(")")
                with lock:
                    service.came_ms.setdefault(bed, []).append(now_ms)
                time.sleep(takes_s)
                answer = json.dumps(taken(body)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def do_GET(self) -> None:
                self.send_error(404)

            do_DELETE = do_GET  # noqa: N815 - the name http.server wants

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.http = Server(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


def window(seq: int) -> Window:
    """Return one minute of a bed; the legs are uncovered from the 60th on."""
    to_ms = BEGIN + seq * MINUTE_MS
    return Window(
        "00000001", seq, to_ms - MINUTE_MS, to_ms, seq, "played", AIR(seq), None, 18.0,
        None, 1 if seq % 10 == 1 else 0, True, (), 1, 0,
    )  # fmt: skip


def deciding_seq() -> int:
    """Return the number of the first window that gives a notice."""
    state, limits = start(), rules(alerts__wait_s=0)
    for seq in range(1, 200):
        state, notices = advance(state, window(seq), limits)
        if notices:
            return seq
    raise AssertionError("the night gives no notice")


def delays(beds: int, takes_s: float, *, apart_s: float) -> list[float]:
    """Return the delays (ms) of all beds; `apart_s` 0: all decide at once."""
    fired, service = deciding_seq(), Service(takes_s)
    names = [f"b{n}" for n in range(beds)]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        server = bench.server(
            names,
            push={"channels": ["ntfy"], "ntfy": {"url": service.url, "topic": "bench"}},
            rules=OWN,
        )
        time.sleep(1)
        pipe = Pipe(bench.port)
        for seq in range(1, fired):
            payload = encode_window(window(seq))
            pipe.send((f"legwatch/v1/{name}/window", payload) for name in names)
        wait_until(lambda: bench.rows() >= beds * (fired - 1), "the beds' past", 300)
        payload = encode_window(window(fired))
        for name in names:
            pipe.send([(f"legwatch/v1/{name}/window", payload)])
            time.sleep(apart_s)
        wait_until(lambda: len(service.came_ms) >= beds, "every push", 300)
        where = Path(folder) / "server" / "legwatch.db"
        with closing(sqlite3.connect(f"file:{where}?mode=ro", uri=True)) as db:
            sql = "SELECT b.name, decided_ms FROM deliveries d JOIN beds b ON b.id=d.bed_id"
            decided = dict(db.execute(sql).fetchall())
        server.stop()
        bench.close()
    service.http.shutdown()
    twice = sum(len(times) - 1 for times in service.came_ms.values())
    assert not twice, f"{twice} pushes came twice"
    return sorted(service.came_ms[name][0] - decided[name] for name in names)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--beds", type=positive, default=1000, help="beds with an alert at once (1000)"
    )
    parser.add_argument("--singly", type=positive, default=100, help="beds, one at a time (100)")
    parser.add_argument("--service-ms", type=float, default=50.0, help="0: only that row (50)")
    args = parser.parse_args()
    print("decision to request, ms (the service takes so long for each push)")
    print(f"{'beds at once':>24} {'service':>8} {'p50':>8} {'p99':>8} {'worst':>8} {'arrived':>9}")
    looks = ((args.singly, 0.1, "1 at a time"), (args.beds, 0.0, f"{args.beds}"))
    for takes_ms in sorted({0.0, args.service_ms}):
        for beds, apart_s, name in looks:
            found = delays(beds, takes_ms / 1000, apart_s=apart_s)
            p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
            row = f"{p50:>8.0f} {p99:>8.0f} {found[-1]:>8.0f} {len(found):>4}/{beds}"
            print(f"{name:>24} {takes_ms:>8.0f} {row}", flush=True)


if __name__ == "__main__":
    main()
