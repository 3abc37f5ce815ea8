"""The position of the history export. The file holds only a position that the store cannot lose.

A compatible store may answer 204 and lose the points in a crash some seconds later. So a position
becomes durable only after the store has run DURABLE_MS longer without a restart. After a possible
restart the export continues from the durable position. Points sent twice do no harm: the second
copy replaces the first.
"""

import copy
import json
import logging
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun
from legwatch_runtime.rights import opened_anew, whose
from legwatch_server.history.tally import Nights, Tally

logger = logging.getLogger(__name__)

DURABLE_MS = 15_000  # VictoriaMetrics keeps points that are ten seconds old when it is killed
VERSION = 1


@dataclass(slots=True)
class Position:
    """The export has read all rows up to these ids of the server's database."""

    window_id: int = 0
    notice_id: int = 0
    nights: Nights = field(default_factory=Nights)


class Cursor:
    """The current position of the export, and the durable position behind it."""

    def __init__(self, path: Path, *, from_start: bool = False) -> None:
        self._path = path
        self._durable = Position() if from_start else _read(path)
        self.now = copy.deepcopy(self._durable)
        self._confirmed: deque[tuple[int, Position]] = deque()

    def confirm(self, position: Position, now_ms: int) -> None:
        """Note that the store has accepted everything up to this position."""
        self.now = position
        self._confirmed.append((now_ms, copy.deepcopy(position)))

    def settle(self, now_ms: int) -> None:
        """Save a position confirmed DURABLE_MS ago; call only if the store has not restarted."""
        old: Position | None = None
        while self._confirmed and now_ms - self._confirmed[0][0] >= DURABLE_MS:
            _, old = self._confirmed.popleft()
        if old is not None:
            self._durable = old
            _write(self._path, old)

    def go_back(self) -> None:
        """Continue from the durable position."""
        self.now = copy.deepcopy(self._durable)
        self._confirmed.clear()

    def settled(self) -> bool:
        """Return True if every confirmed position is durable."""
        return not self._confirmed


def _read(path: Path) -> Position:
    """Return the saved position; a broken file only means sending the same points again.

    Raises CannotRun for a file that we may not read: nobody wants all sent again at each start.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body.get("v") != VERSION:
            return Position()
        nights = {bed: _tally(tally) for bed, tally in body["nights"].items()}
        return Position(int(body["window_id"]), int(body["notice_id"]), Nights(nights))
    except FileNotFoundError:
        return Position()
    except OSError as error:
        raise CannotRun(f"{path} cannot be read: {_remedy(error, path)}") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        logger.warning("%s cannot be read: the history is sent again from its beginning", path)
        return Position()


def _tally(figures: Mapping[str, Any]) -> Tally:
    if not all(isinstance(figure, int | float) for figure in figures.values()):
        raise ValueError("a figure that is no number")
    return Tally(**figures)


def _write(path: Path, position: Position) -> None:
    body: dict[str, Any] = {
        "v": VERSION,
        "window_id": position.window_id,
        "notice_id": position.notice_id,
        "nights": {bed: asdict(tally) for bed, tally in position.nights.open.items()},
    }
    fresh = path.with_suffix(".new")
    try:
        with opened_anew(fresh) as out:
            json.dump(body, out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    except OSError as error:
        asked = fresh if fresh.exists() else path.parent
        raise CannotRun(f"{path} cannot be written: {whose(error, asked)}") from None


def _remedy(error: OSError, path: Path) -> str:
    """Say why it cannot be read, and what helps: the file's owner, or to do without it."""
    if isinstance(error, PermissionError):
        return whose(error, path)
    return f"{whose(error, path)}; move it away, and all is sent again from the beginning"
