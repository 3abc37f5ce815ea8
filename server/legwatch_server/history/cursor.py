"""How far history has come. The file on disk names only what the other store is sure to keep.

A compatible store may answer 204 and lose the points in a crash some seconds later. So a position
becomes durable only after a while in which the store is known not to have been restarted; after any
doubt the sending begins again there. Points that come twice are the same points.
"""

import copy
import json
import os
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from legwatch_server.history.tally import Nights, Tally

DURABLE_MS = 15_000  # VictoriaMetrics keeps what it took ten seconds before a kill
VERSION = 1


@dataclass(slots=True)
class Position:
    """What has been taken from the store: all rows up to these ids."""

    window_id: int = 0
    notice_id: int = 0
    nights: Nights = field(default_factory=Nights)


class Cursor:
    """The position of sending, and the durable one behind it."""

    def __init__(self, path: Path, *, from_start: bool = False) -> None:
        self._path = path
        self._durable = Position() if from_start else _read(path)
        self.now = copy.deepcopy(self._durable)
        self._confirmed: deque[tuple[int, Position]] = deque()

    def confirm(self, position: Position, now_ms: int) -> None:
        """Note that the other store has answered for everything up to here."""
        self.now = position
        self._confirmed.append((now_ms, copy.deepcopy(position)))

    def settle(self, now_ms: int) -> None:
        """Make durable what was confirmed long enough ago; call only if the store still lives."""
        old: Position | None = None
        while self._confirmed and now_ms - self._confirmed[0][0] >= DURABLE_MS:
            _, old = self._confirmed.popleft()
        if old is not None:
            self._durable = old
            _write(self._path, old)

    def go_back(self) -> None:
        """Begin again where the other store is sure of what it has."""
        self.now = copy.deepcopy(self._durable)
        self._confirmed.clear()

    def settled(self) -> bool:
        """Say whether everything confirmed is durable."""
        return not self._confirmed


def _read(path: Path) -> Position:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Position()
    except ValueError:
        return Position()  # a broken cursor only means sending the same points again
    if body.get("v") != VERSION:
        return Position()
    nights = {bed: Tally(**tally) for bed, tally in body["nights"].items()}
    return Position(body["window_id"], body["notice_id"], Nights(nights))


def _write(path: Path, position: Position) -> None:
    body: dict[str, Any] = {
        "v": VERSION,
        "window_id": position.window_id,
        "notice_id": position.notice_id,
        "nights": {bed: asdict(tally) for bed, tally in position.nights.open.items()},
    }
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as out:
        json.dump(body, out)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
