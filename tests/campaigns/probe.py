"""A bed that sends windows all the time, and measures when each is confirmed.

It is a process of its own: what a test sends beside it would hold up its clock. It sends nothing
again, as an agent would; so after `reset` it is as started anew, and what was lost before is no
hole that is never confirmed.
"""

import json
import multiprocessing
import time
from multiprocessing.connection import Connection
from threading import Event, Lock, Thread

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from end_to_end.house import PASSWORD, USER
from legwatch.contract.window import encode_window
from legwatch.testing import live_window

BED = "probed"
EVERY_S = 0.05
BEGIN, END = "begin", "end"


class Probe:
    """The bed, seen from the campaign."""

    def __init__(self, port: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(port, theirs), daemon=True)
        self._process.start()
        self._ours.recv()  # it is connected

    def reset(self) -> None:
        """Forget what was measured."""
        self._ours.send(BEGIN)
        self._ours.recv()

    def p99_ms(self) -> float:
        """Return the time of the slowest of a hundred; what is not confirmed yet counts, too."""
        self._ours.send("")
        return float(self._ours.recv())

    def close(self) -> None:
        """Stop."""
        self._ours.send(END)
        self._process.join(10)


class _Bed:
    def __init__(self, port: int) -> None:
        self._lock = Lock()
        self._sent: dict[int, float] = {}
        self._took: dict[int, float] = {}
        self._boot, self._seq = 1, 0
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311, client_id=BED
        )
        client.username_pw_set(USER, PASSWORD)
        client.on_message = self._heard
        client.connect("127.0.0.1", port)
        client.loop_start()
        client.subscribe(f"legwatch/v1/{BED}/stored", 1)

    def send(self) -> None:
        with self._lock:
            self._publish()

    def _publish(self) -> None:
        self._seq += 1
        now_ms = time.time_ns() // 1_000_000
        window = live_window(
            self._seq,
            now_ms,
            length_ms=50,
            leg_c=31.0,
            room_c=18.0,
            moves=0,
            boot=f"{self._boot:08x}",
        )
        self._sent[self._seq] = time.monotonic()
        self._client.publish(f"legwatch/v1/{BED}/window", encode_window(window), qos=1)

    def reset(self) -> None:
        with self._lock:
            self._boot, self._seq = self._boot + 1, 0
            self._sent, self._took = {}, {}

    def p99_ms(self) -> float:
        with self._lock:
            now_s, took, sent = time.monotonic(), dict(self._took), dict(self._sent)
        waits = sorted(took.get(seq, now_s - at_s) for seq, at_s in sent.items())
        return 1000 * waits[int(0.99 * (len(waits) - 1))] if waits else float("inf")

    def _heard(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        said, now_s = json.loads(message.payload), time.monotonic()
        with self._lock:
            if said["boot"] != f"{self._boot:08x}":
                return
            for seq in self._sent.keys() - self._took.keys():
                if seq <= said["seq"]:
                    self._took[seq] = now_s - self._sent[seq]


def _run(port: int, line: Connection) -> None:
    bed, stop = _Bed(port), Event()

    def sending() -> None:
        while not stop.wait(EVERY_S):
            bed.send()

    thread = Thread(target=sending, daemon=True)
    thread.start()
    line.send("connected")
    while (asked := line.recv()) != END:
        if asked == BEGIN:
            bed.reset()
            line.send("")
        else:
            line.send(bed.p99_ms())
    stop.set()
    thread.join()
