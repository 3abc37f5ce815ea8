"""How the server is: written by the owner thread, read by /health."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """One look at the owner thread."""

    committed_ms: int = 0
    fresh_ms: int = 0  # when a window of a real bed, in time, was last committed
    commits: int = 0
    messages: int = 0
    commit_s: float = 0.0  # all commits together
    failing: str = ""  # why the database takes nothing; empty: it does
    failed_ms: int = 0
    unjudged: frozenset[str] = frozenset()  # beds that a fault of ours keeps from being judged

    @property
    def well_ms(self) -> int:
        """When all was last known to be well: the newest fresh window, 0 while a bed is blind."""
        return 0 if self.unjudged else self.fresh_ms


class Status:
    """Replaced as a whole, so a reader never sees half of one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._beat = StatusSnapshot()

    def now(self) -> StatusSnapshot:
        """Return the last beat."""
        return self._beat

    def committed(self, took_s: float, messages: int, now_ms: int, fresh_ms: int) -> None:
        """Note a commit; `fresh_ms` 0: without a fresh window."""
        with self._lock:
            beat = self._beat
            self._beat = replace(
                beat,
                committed_ms=now_ms,
                fresh_ms=max(beat.fresh_ms, fresh_ms),
                commits=beat.commits + 1,
                messages=beat.messages + messages,
                commit_s=beat.commit_s + took_s,
                failing="",
            )

    def unjudged(self, bed: str) -> None:
        """Note that a bed's minute could not be judged."""
        with self._lock:
            self._beat = replace(self._beat, unjudged=self._beat.unjudged | {bed})

    def judged(self, beds: Iterable[str]) -> None:
        """Note that these beds were judged."""
        if self._beat.unjudged:
            with self._lock:
                self._beat = replace(self._beat, unjudged=self._beat.unjudged.difference(beds))

    def failed(self, why: str, now_ms: int) -> None:
        """Note that the database took nothing."""
        with self._lock:
            since = self._beat.failed_ms if self._beat.failing else now_ms
            self._beat = replace(self._beat, failing=why, failed_ms=since)
