"""The time from publishing a deciding window to the arrival of its push, under load."""

import json
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path

from bench.pipe import Pipe, messages, played
from bench.stage import Bench, Subject
from end_to_end.house import Process, wait_until
from legwatch.contract.window import decode_window
from legwatch.engine import advance, start
from legwatch.testing import uncovering
from repository import rules
from taken import taken

APART_S = 0.05  # a bed decides so often
LOAD_BEDS = 100
AIR = uncovering((60, 200), uncovered_c=24.6)
ONE_PUSH = {"warmth.early_s": 0}  # an early sign would be one more


class Sink:
    """A push service on this machine; it records when each push came."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        sink = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                now = time.perf_counter()
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sink.came.setdefault(body["title"].rsplit(" ", 1)[1].strip("()"), now)
                answer = json.dumps(taken(body)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


def alert_delays_s(subject: Subject, rate: float, deciding: int) -> list[float]:
    """Return the delays of so many beds, the shortest first; the load has calm beds only."""
    fired, sink = deciding_seq(window), Sink()
    names = [f"decide-{n}" for n in range(deciding)]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        process = launch(bench, subject, names, sink.url, fired)
        time.sleep(1)
        pipe = Pipe(bench.port)
        for seq in range(1, fired):
            pipe.send((f"legwatch/v1/{name}/window", window(seq)) for name in names)
        bench.wait_for(deciding * (fired - 1), subject, process)
        sent = decide(pipe, names, rate, fired)
        wait_until(lambda: len(sink.came) >= deciding, "every push", 60)
        assert sink.came.keys() == sent.keys(), "a bed of the load has alerts of its own"
        process.stop() if subject.judges else process.kill()
        bench.close()
    sink.http.shutdown()
    return sorted(sink.came[name] - sent[name] for name in names)


def launch(bench: Bench, subject: Subject, names: list[str], url: str, fired: int) -> Process:
    """Start a program whose pushes go to `url`."""
    if not subject.judges:
        return bench.script(subject.file, url, str(fired))
    push = {"channels": ["ntfy"], "ntfy": {"url": url, "topic": "bench"}}
    beds = [*names, *(f"bed-{n}" for n in range(LOAD_BEDS))]
    return bench.server(beds, subject.tree, push=push, rules=ONE_PUSH)


def decide(pipe: Pipe, names: list[str], rate: float, fired: int) -> dict[str, float]:
    """Publish the deciding windows one after the other, in a stream of others."""
    sent: dict[str, float] = {}
    many = int(rate * APART_S * len(names)) + 20 * LOAD_BEDS
    load = iter(list(messages(LOAD_BEDS, many, calm=True)))
    begun, each = time.perf_counter(), rate * APART_S
    for number, name in enumerate(names):
        # In four parts: a stream, not a heap in front of the window that decides.
        for part in range(1, 5):
            due = int(each * (number + part / 4)) - int(each * (number + (part - 1) / 4))
            pipe.send(islice(load, due))
            if part == 2:  # in the middle of the others
                sent[name] = time.perf_counter()
                pipe.send([(f"legwatch/v1/{name}/window", window(fired))])
            end_s = begun + APART_S * (number + part / 4)
            time.sleep(max(0.0, end_s - time.perf_counter()))
    return sent


def window(seq: int) -> bytes:
    """Return a window of a bed that gets cold."""
    return played(seq, AIR(seq / 6), None)


def deciding_seq(window: Callable[[int], bytes]) -> int:
    """Return the number of the first window that gives a notice."""
    state = start()
    for seq in range(1, 2000):
        state, notices = advance(state, decode_window(window(seq)), rules())
        if notices:
            return seq
    raise AssertionError("the night gives no notice")
