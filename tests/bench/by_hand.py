"""A consumer tuned by hand: paho, and SQLite with legwatch's windows, columns and unique index.

It is given a port and a folder, and perhaps where to push and from which number of a window on.
It acknowledges after the commit, and commits what has come while nothing more waits in the socket.
It judges nothing but one limit: the first cold window of a bed is pushed, by a thread of its own.
"""

import json
import queue
import select
import socket
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import urllib3
from paho.mqtt.enums import CallbackAPIVersion

MOST = 1000  # messages in one transaction
COLD_C = 28.0
TABLES = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE IF NOT EXISTS beds (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS boots (id INTEGER PRIMARY KEY, bed_id, boot, UNIQUE (bed_id, boot));
CREATE TABLE IF NOT EXISTS windows (
  id INTEGER PRIMARY KEY, bed_id INTEGER NOT NULL, boot_id INTEGER NOT NULL, seq INTEGER NOT NULL,
  from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, clock TEXT NOT NULL,
  leg_c REAL, leg_rh REAL, room_c REAL, room_rh REAL, moves INTEGER, in_bed INTEGER, faults TEXT,
  arrived_ms INTEGER NOT NULL, late INTEGER NOT NULL, moved_s REAL, active_s REAL, others TEXT,
  UNIQUE (boot_id, seq));
"""
INSERT = "INSERT OR IGNORE INTO windows VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"


class Pushes:
    """Sends pushes on a thread of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        http = urllib3.PoolManager()
        while True:
            body = {"topic": "bench", "title": f"cold ({self.waiting.get()})", "message": "cold"}
            http.request("POST", self._url, body=json.dumps(body).encode())


class Consumer:
    """One connection to the broker, and one to the store, on one thread."""

    def __init__(self, port: int, folder: Path, push: Pushes | None, first_seq: int) -> None:
        self._push, self._first_seq = push, first_seq
        self._db = sqlite3.connect(folder / "legwatch.db", isolation_level=None)
        self._db.executescript(TABLES)
        self._ids: dict[str, int] = {}
        self._told: set[str] = set()
        self._rows: list[tuple[object, ...]] = []
        self._mids: list[int] = []
        self._cold: list[str] = []
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, "subject", clean_session=False, manual_ack=True
        )
        client.on_connect = self._subscribe
        client.on_message = self._take
        client.connect("127.0.0.1", port)

    def _subscribe(self, *_: Any) -> None:
        self._client.subscribe("legwatch/v1/+/window", 1)

    def _take(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        bed = message.topic.split("/")[2]
        body = json.loads(message.payload)
        seq, leg_c = body["seq"], body.get("leg_c")
        get = body.get
        self._rows.append(
            (
                self._id("beds", bed), self._id("boots", f"{bed} {body['boot']}"), seq,
                body["from_ms"], body["to_ms"], body["mono_ms"], body["clock"], leg_c,
                get("leg_rh"), get("room_c"), get("room_rh"), get("moves"), get("in_bed"),
                None, int(time.time() * 1000), 0, get("moved_s"), get("active_s"), None,
            )
        )  # fmt: skip
        self._mids.append(message.mid)
        if leg_c is not None and leg_c < COLD_C and self._push is not None:
            self._judge(bed, seq)

    def _judge(self, bed: str, seq: int) -> None:
        if seq >= self._first_seq and bed not in self._told:
            self._told.add(bed)
            self._cold.append(bed)

    def _id(self, table: str, name: str) -> int:
        key = table + name
        found = self._ids.get(key)
        if found is None:
            found = self._ids[key] = len(self._ids) + 1
        return found

    def run(self) -> None:
        """Receive until nothing waits, commit, acknowledge; until the connection ends."""
        client, looked = self._client, select.poll()
        sock = client.socket()
        assert isinstance(sock, socket.socket)
        looked.register(sock, select.POLLIN)
        while client.loop(0.2) == mqtt.MQTT_ERR_SUCCESS:
            while len(self._mids) < MOST and looked.poll(0):
                client.loop_read()
            if self._mids:
                self._commit()

    def _commit(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(INSERT, self._rows)
        self._db.execute("COMMIT")
        for mid in self._mids:
            self._client.ack(mid, 1)
        if self._push is not None:
            for bed in self._cold:
                self._push.waiting.put(bed)
        self._rows, self._mids, self._cold = [], [], []


if __name__ == "__main__":
    url, first_seq = sys.argv[3:] or ("", "0")
    Consumer(
        int(sys.argv[1]), Path(sys.argv[2]), Pushes(url) if url else None, int(first_seq)
    ).run()
