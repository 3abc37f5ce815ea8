"""An agent at a bed on a fake clock: what it measures goes in, what it sends comes out."""

import json
import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from fences.kept import Line
from legwatch.contract.bedside_command import decode_command
from legwatch.contract.bedside_info import BedsideInfo
from legwatch.contract.confirmation import decode_stored
from legwatch.contract.press import decode_press
from legwatch.contract.topics import Channel
from legwatch.contract.window import decode_window
from legwatch_device.agent import Agent
from legwatch_device.broker_link import LinkUp, PubAck
from legwatch_device.keeping import Most
from legwatch_device.spool import Spool
from legwatch_runtime.clock import Instant

TABLES = {
    "spool": "id, boot, seq, to_ms, mono_ms, clock, payload",
    "presses": "id, after_id, payload",
    "facts": "name, value",
}
NO_VERSION = "the version of the code"  # the only thing in `info` that changes with each release
_READ: dict[str, Callable[[bytes], Any]] = {
    "measured": decode_window,
    "pressed": decode_press,
    "stored": decode_stored,
    "cmd": decode_command,
}


class Bedside:
    """One start of an agent; it is its own clock, link and feed."""

    def __init__(self, path: Path, boot: str, *, most: int = 1000, utc_ms: int, mono_ms: int):
        self._utc_ms, self._mono_ms, self._synced = utc_ms, mono_ms, True
        self._up = self._connecting = False
        self.sent: list[Line] = []
        self._spool = Spool(path)
        self._agent = Agent(
            boot=boot,
            spool=self._spool,
            link=self,
            feed=self,
            clock=self,
            said=queue.Queue(),
            most=Most(most),
            about=BedsideInfo(sensors=(("drivers", "made"),)),
        )

    def utc_ms(self) -> int:
        return self._utc_ms

    def mono_ms(self) -> int:
        return self._mono_ms

    def instant(self) -> Instant:
        return Instant(self._mono_ms * 1_000_000)

    def synced(self) -> bool:
        return self._synced

    def age_ms(self, _to_ms: int) -> int | None:
        return None

    def run(self, _put: object, _stop: threading.Event) -> None:
        """Nothing comes by itself."""

    def open(self) -> None:
        self._up = True

    def connected(self) -> bool:
        return self._up

    def send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> bool:
        # The agent of the fixture told its facts only at a new connection.
        if self._up and (channel is not Channel.INFO or self._connecting):
            text = payload.decode()
            if channel is Channel.INFO:
                # The agent of the fixture had other words about its sensors than any that was sold.
                facts = json.loads(text)
                sensors = facts.pop("sensors")
                text = json.dumps({**facts, **sensors, "version": NO_VERSION})
            self.sent.append({"channel": channel.value, "payload": text, "retain": retain})
        return self._up

    def flush(self) -> None:
        """Let the card have what waits for its next flush; the agent of the fixture had no wait."""
        self._agent._carry()

    def do(self, line: Line) -> None:
        """Let one line of a script happen."""
        items: list[Any] = []
        match line:
            case {"later_ms": later_ms}:
                self._utc_ms += later_ms
                self._mono_ms += later_ms
            case {"connected": number}:
                items = [LinkUp(number)]
                self._connecting = True
            case {"lost": _}:
                self._up = False
            case {"taken": payload}:
                items = [PubAck(payload.encode())]
            case _:
                ((what, payload),) = line.items()
                items = [_READ[what](text.encode()) for text in payload]
        self._agent.turn(items)
        self._connecting = False

    def close(self) -> None:
        self._agent.close()
        self._spool.close()


def held(path: Path) -> list[list[Any]]:
    """Return all that waits in a spool's file."""
    with closing(sqlite3.connect(path)) as db:
        return [
            [table, *(v.decode() if isinstance(v, bytes) else v for v in row)]
            for table, names in TABLES.items()
            for row in db.execute(f"SELECT {names} FROM {table} ORDER BY 1")
        ]
