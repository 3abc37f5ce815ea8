"""Sets the limits that programs ask for, in the settings, as `legwatch settings set` does.

It has a thread of its own: to write a file may take long, and the writer must not wait.
"""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from legwatch.contract.bedside_command import CommandResult, encode_result
from legwatch.contract.topics import Channel, topic
from legwatch.errors import CannotRun, LegwatchError
from legwatch_runtime.part import Parts
from legwatch_runtime.secrets import hide
from legwatch_server import settings_file
from legwatch_server.fixed_limits import check_key
from legwatch_server.publish.port import Asked, BedUpdate, Committed
from legwatch_server.transport import Outgoing, Publishes

logger = logging.getLogger(__name__)

LOOK_S = 5.0
MOST_WAITING = 100  # more at once are no wish of a person
_LIMIT = re.compile(r"[a-z_]{1,30}\.[a-z0-9_]{1,40}")


class LimitsAsked:
    """A `Listener`; it answers when the file is written, and the server takes it over by itself."""

    def __init__(self, file: Path, transport: Publishes, parts: Parts) -> None:
        self._file, self._transport = file, transport
        self._waiting = SimpleQueue[Asked]()
        self._part = parts.add("limits", self._run)

    def start(self) -> None:
        """Start the thread."""
        self._part.start()

    def hear(self, committed: Committed) -> None:
        """Take what programs have asked for."""
        for asked in committed.asked:
            if self._waiting.qsize() < MOST_WAITING:
                self._waiting.put(asked)
            else:
                self._answer(asked, "too many limits are asked for at once")

    def repeat(self, beds: Sequence[BedUpdate]) -> None:
        """Do nothing: a program asks again."""

    def turn(self) -> bool:
        """Do nothing: the thread does it."""
        return False

    def _run(self) -> None:
        while True:
            self._part.turned()
            try:
                asked = self._waiting.get(timeout=LOOK_S)
            except Empty:
                continue
            self._answer(asked, self._set(asked))

    def _set(self, asked: Asked) -> str:
        """Set one limit; return why it cannot be, else an empty text."""
        request = asked.request
        key = f"beds.{asked.bed}.rules.{request.key}"
        if not _LIMIT.fullmatch(request.key):
            return f"{request.key} is no limit such as stillness.warn_s"
        try:
            check_key(key)
            settings_file.change(self._file, {key: request.value})
        except CannotRun as error:
            return "" if request.value is None else hide(str(error))  # there was none to take back
        except LegwatchError as error:
            return hide(str(error))
        said = "its usual value again" if request.value is None else f"{request.value:g}"
        logger.info("%s has set %s: %s", request.by or "a program", key, said)
        return ""

    def _answer(self, asked: Asked, why: str) -> None:
        result = encode_result(CommandResult(asked.request.id, ok=not why, why=why))
        self._transport.publish(Outgoing(topic(asked.bed, Channel.RESULT), result))
