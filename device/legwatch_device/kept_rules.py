"""The file that keeps what the server has handed over: a bedside that starts without it has limits.

It is written seldom, as a whole or not at all, and the one before it stays beside it: a power cut
or a bad block takes one of them at most. What is damaged is not used.
"""

import logging
import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from legwatch_runtime.clock import Clock, Instant

logger = logging.getLogger(__name__)

EVERY_S = 3600.0  # at most so often, if the limits are the same
NAME, BEFORE = "rules", "rules.before"
MOST_BYTES = 64 * 1024
_RESTS = b""  # nobody watches the bed


class KeptRules:
    """The payload of the last message `rules`, in the agent's folder; one thread uses it."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path, self._before, self._clock = folder / NAME, folder / BEFORE, clock
        self._limits: str | None = None  # of what is in the file
        self._written: Instant | None = None
        self._told = False

    def read(self) -> Iterator[bytes]:
        """Yield what is kept and undamaged, the newest first; empty: nobody watches the bed."""
        for path in (self._path, self._before):
            payload = _payload(path)
            if payload is not None:
                yield payload

    def keep(self, payload: bytes, limits: str) -> None:
        """Write the file if it is time; `limits`: a part of the payload that is never late."""
        now = self._clock.instant()
        same = limits == self._limits
        if self._written is not None and same and now.since(self._written) < EVERY_S:
            return
        self._limits, self._written = limits, now
        try:
            self._write(payload)
        except OSError as error:
            if not self._told:
                logger.warning("the limits of the bed are not kept on the disk: %s", error)
            self._told = True
            return
        self._told = False

    def rest(self) -> None:
        """Note that nobody watches the bed."""
        self.keep(_RESTS, "")

    def _write(self, payload: bytes) -> None:
        fresh = self._path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 - private from its first byte
            out.write(_sum(payload) + b"\n" + payload)
            out.flush()
            os.fsync(out.fileno())
        if _payload(self._path) is not None:  # a damaged one takes no good one's place
            self._path.replace(self._before)
        fresh.replace(self._path)


def _payload(path: Path) -> bytes | None:
    """Return what a file keeps; None: there is none, or it is damaged."""
    try:
        with path.open("rb") as kept:
            found, _, payload = kept.read(MOST_BYTES).partition(b"\n")
    except OSError:
        return None
    return payload if found == _sum(payload) else None


def _sum(payload: bytes) -> bytes:
    return blake2b(payload, digest_size=16).hexdigest().encode()
