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
        self._snapshot = StatusSnapshot()

    def now(self) -> StatusSnapshot:
        """Return the last beat."""
        return self._snapshot

    def committed(self, took_s: float, messages: int, now_ms: int, fresh_ms: int) -> None:
        """Note a commit; `fresh_ms` 0: without a fresh window."""
        with self._lock:
            snapshot = self._snapshot
            self._snapshot = replace(
                snapshot,
                committed_ms=now_ms,
                fresh_ms=max(snapshot.fresh_ms, fresh_ms),
                commits=snapshot.commits + 1,
                messages=snapshot.messages + messages,
                commit_s=snapshot.commit_s + took_s,
                failing="",
            )

    def unjudged(self, bed: str) -> None:
        """Note that a bed's minute could not be judged."""
        with self._lock:
            self._snapshot = replace(self._snapshot, unjudged=self._snapshot.unjudged | {bed})

    def judged(self, beds: Iterable[str]) -> None:
        """Note that these beds were judged."""
        if self._snapshot.unjudged:
            with self._lock:
                self._snapshot = replace(
                    self._snapshot, unjudged=self._snapshot.unjudged.difference(beds)
                )

    def failed(self, why: str, now_ms: int) -> None:
        """Note that the database took nothing."""
        with self._lock:
            since = self._snapshot.failed_ms if self._snapshot.failing else now_ms
            self._snapshot = replace(self._snapshot, failing=why, failed_ms=since)
