"""Measure windows per second from the broker to the committed row, and the delay of a push.

    .venv/bin/python tests/bench/ingest_rate.py [--windows 60000] [--beds 100 10000] [--pushes 200]

The program fills the broker's queue while no subscriber is connected. Then a bare paho subscriber
that does nothing empties the queue; in a second measurement the real server with its engine does.
Compare the ratios of one run, not the rates of different machines. With very few windows the server
stores all at once, and its rate is 0.
"""

import argparse
import json
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tomlkit import dumps as dump

from end_to_end.house import LEGWATCH, MOSQUITTO, Process, free_port, wait_until
from legwatch.contract.window import decode_window, encode_window
from legwatch.engine import advance, start
from legwatch.events import Window
from legwatch.testing import ms, uncovering
from legwatch_lab.score.command import positive
from repository import rules
from taken import taken

BEGIN = ms("2026-01-02T21:00Z")
TEN_S = 10_000
BARE = """
import sys, time
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
seen = [0, 0.0, 0.0]
want = int(sys.argv[2])
def take(client, data, message):
    now = time.perf_counter()
    seen[1] = seen[1] or now
    seen[0] += 1
    seen[2] = now
client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bare", clean_session=False)
client.on_message = take
client.on_connect = lambda c, *_: c.subscribe("legwatch/v1/+/window", 1)
client.connect("127.0.0.1", int(sys.argv[1]))
if not want:
    time.sleep(0.1); client.loop(1.0); client.loop(1.0); client.disconnect(); sys.exit()
while seen[0] < want:
    client.loop(1.0)
print(want / (seen[2] - seen[1]))
"""


class Pipe:
    """An MQTT publisher without a library: it writes all packets in one stream."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03raw")
        assert self._socket.recv(4)[3] == 0
        self._acks = 0
        self._sent = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        rest = 0
        with suppress(OSError):
            while data := self._socket.recv(65536):
                rest += len(data)
                self._acks, rest = self._acks + rest // 4, rest % 4

    def send(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish with QoS 1, at most 5,000 messages ahead of the broker's acknowledgements."""
        for topic, payload in messages:
            self._sent += 1
            name = topic.encode()
            body = len(name).to_bytes(2, "big") + name
            body += (self._sent % 65535 + 1).to_bytes(2, "big") + payload
            self._socket.sendall(b"\x32" + _length(len(body)) + body)
            while self._sent - self._acks > 5000:
                time.sleep(0.001)

    def drain(self) -> None:
        """Wait until the broker has acknowledged everything."""
        wait_until(lambda: self._acks >= self._sent, "the broker's answers", 120)


def _length(size: int) -> bytes:
    out = b""
    while True:
        size, digit = divmod(size, 128)
        out += bytes([digit | (128 if size else 0)])
        if not size:
            return out


def messages(beds: int, windows: int) -> Iterable[tuple[str, bytes]]:
    """Yield windows in the order in which a fleet sends them: every bed once, then again."""
    each = windows // beds
    air = uncovering((60, 90), uncovered_c=25.0)
    for seq in range(1, each + 1):
        to_ms = BEGIN + seq * TEN_S
        leg_c = air(seq / 6)
        moves = 1 if seq % 60 == 1 else 0
        window = Window(
            "00000001", seq, to_ms - TEN_S, to_ms, seq, "played", leg_c, 48.0, 18.4, 51.0, moves,
            True, (), 1, 0,
        )  # fmt: skip
        payload = encode_window(window)
        for bed in range(beds):
            yield f"legwatch/v1/bed-{bed}/window", payload


class Bench:
    """A folder and a broker for one measurement."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        conf = folder / "m.conf"
        conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
            "max_inflight_messages 1000\nlog_type error\npersistence false\n"
        )
        assert MOSQUITTO
        self.broker = Process((MOSQUITTO, "-c", str(conf)), folder / "m.log")
        wait_until(self._answers, "the broker", 10)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def server(self, beds: Iterable[str], **more: object) -> Process:
        """Start the real server with its own state folder, and wait until it is up."""
        path = self.folder / "server.toml"
        path.write_text(
            dump(
                {
                    "state_dir": str(self.folder / "server"),
                    "mqtt": {"port": self.port},
                    "http": {"port": 0},
                    "rehearsal": {"at": ""},
                    "beds": {bed: {"played": True} for bed in beds},
                    **more,
                }
            )
        )
        words = (*LEGWATCH, "server", "--config", str(path))
        process = Process(words, self.folder / "server.log")
        wait_until(lambda: "server up" in process.said() or process.code is not None, "the server")
        assert process.code is None, process.said()
        return process

    def rows(self) -> int:
        """Return the number of committed windows."""
        path = self.folder / "server" / "legwatch.db"
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db,
        ):
            return int(db.execute("SELECT coalesce(max(id), 0) FROM windows").fetchone()[0])
        return 0

    def close(self) -> None:
        """End the broker."""
        self.broker.kill()


def bare_rate(beds: int, windows: int) -> float:
    """Empty the queue with a subscriber that does nothing; return windows a second."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        words = [sys.executable, "-c", BARE, str(bench.port)]
        subprocess.run([*words, "0"], check=True)
        pipe = Pipe(bench.port)
        pipe.send(messages(beds, windows))
        pipe.drain()
        done = subprocess.run([*words, str(windows)], check=True, capture_output=True, text=True)
        bench.close()
        return float(done.stdout)


def server_rate(beds: int, windows: int) -> tuple[float, float]:
    """Empty the queue with the server; return (windows a second, MB resident)."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        names = [f"bed-{number}" for number in range(beds)]
        first = bench.server(names)
        time.sleep(1)
        first.stop()
        pipe = Pipe(bench.port)
        pipe.send(messages(beds, windows))
        pipe.drain()
        server = bench.server(names)
        wait_until(lambda: bench.rows() > 0, "the first rows")
        begun, from_row = time.perf_counter(), bench.rows()
        wait_until(lambda: bench.rows() >= windows, "all rows", 300)
        took = time.perf_counter() - begun
        resident = _resident_mb(server.pid)
        server.stop()
        bench.close()
        return (windows - from_row) / took, resident


def _resident_mb(pid: int) -> float:
    """Return VmHWM (the peak of resident memory, MB) of a process or its only child."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = Path(f"/proc/{children[0] if children else pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024


class Sink:
    """A push service on this machine; it records when each push came."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        sink = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                now = time.perf_counter()
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sink.came.setdefault(body["title"].rsplit(" ", 1)[1].rstrip(")"), now)
                answer = json.dumps(taken(body)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


def push_delay(rate: float, deciding: int) -> list[float]:
    """Return the delays (s) from publishing a deciding window to its push, under load."""
    air = uncovering((60, 200), uncovered_c=24.6)

    def window(seq: int) -> bytes:
        to_ms = BEGIN + seq * TEN_S
        return encode_window(
            Window(
                "00000001", seq, to_ms - TEN_S, to_ms, seq, "played", air(seq / 6), None, 18.0,
                None, 1 if seq % 60 == 1 else 0, True, (), 1, 0,
            )
        )  # fmt: skip

    fired = _deciding_seq(window)
    sink = Sink()
    url = f"http://127.0.0.1:{sink.http.server_port}"
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        push = {"channels": ["ntfy"], "ntfy": {"url": url, "topic": "bench"}}
        names = [f"decide-{n}" for n in range(deciding)]
        server = bench.server([*names, *(f"bed-{n}" for n in range(100))], push=push)
        time.sleep(1)
        pipe = Pipe(bench.port)
        for seq in range(1, fired):
            pipe.send((f"legwatch/v1/{name}/window", window(seq)) for name in names)
        pipe.drain()
        wait_until(lambda: bench.rows() >= deciding * (fired - 1), "the beds' past", 300)
        sent: dict[str, float] = {}
        load = iter(list(messages(100, int(rate * deciding * 0.05) + 1000)))
        gap = max(1, int(rate * 0.05))
        for name in names:
            began = time.perf_counter()
            pipe.send(item for _, item in zip(range(gap), load, strict=False))
            sent[name] = time.perf_counter()
            pipe.send([(f"legwatch/v1/{name}/window", window(fired))])
            time.sleep(max(0.0, 0.05 - (time.perf_counter() - began)))
        wait_until(lambda: len(sink.came) >= deciding, "every push", 60)
        server.stop()
        bench.close()
    return sorted(sink.came[name] - sent[name] for name in names)


def _deciding_seq(window: Callable[[int], bytes]) -> int:
    state = start()
    for seq in range(1, 2000):
        state, notices = advance(state, decode_window(window(seq)), rules())
        if notices:
            return seq
    raise AssertionError("the night gives no notice")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--windows", type=positive, default=60_000, help="number for all beds together (60000)"
    )
    parser.add_argument(
        "--rounds",
        type=positive,
        default=3,
        help="number of rounds; the table has their median (3)",
    )
    parser.add_argument(
        "--beds",
        type=positive,
        nargs="+",
        default=(100, 10_000),
        help="numbers of beds (100 10000)",
    )
    parser.add_argument(
        "--pushes", type=positive, default=200, help="number of beds with an alert (200)"
    )
    args = parser.parse_args()
    if max(args.beds) > args.windows:
        parser.error("--windows: each bed needs at least one")
    print(f"{'beds':>7} {'bare windows/s':>16} {'server windows/s':>18} {'ratio':>7} {'MB':>6}")
    top = 0.0
    for beds in args.beds:
        ratios, servers, bares, resident = [], [], [], 0.0
        for _ in range(args.rounds):
            bare_s = bare_rate(beds, args.windows)
            server_s, resident = server_rate(beds, args.windows)
            bares.append(bare_s)
            servers.append(server_s)
            ratios.append(server_s / bare_s)
        middle = statistics.median
        top = max(top, middle(servers))
        print(
            f"{beds:>7} {middle(bares):>16,.0f} {middle(servers):>18,.0f} "
            f"{middle(ratios):>7.2f} {resident:>6.0f}"
        )
    rate = top / 10
    delays = push_delay(rate, args.pushes)
    p50, p99 = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
    print(
        f"push after the deciding window, at {rate:,.0f} windows/s: p50 {p50 * 1000:.0f} ms, "
        f"p99 {p99 * 1000:.0f} ms, worst {delays[-1] * 1000:.0f} ms of {len(delays)}"
    )


if __name__ == "__main__":
    main()
