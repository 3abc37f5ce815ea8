"""The server's status: the writer thread writes it, /health reads it."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """The status of the writer thread at one moment."""

    committed_ms: int = 0
    fresh_ms: int = 0  # last commit of a window from a real bed that was not late
    commits: int = 0
    messages: int = 0
    commit_s: float = 0.0  # total of all commits
    failing: str = ""  # why the last commit failed; empty: it succeeded
    failed_ms: int = 0
    unjudged: frozenset[str] = frozenset()  # beds that the engine could not judge

    @property
    def well_ms(self) -> int:
        """When a fresh window was last committed, UTC ms; 0 while a bed cannot be judged."""
        return 0 if self.unjudged else self.fresh_ms


class Status:
    """Holds the snapshot. Each change replaces the whole snapshot, so readers need no lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot = StatusSnapshot()

    def now(self) -> StatusSnapshot:
        """Return the current snapshot."""
        return self._snapshot

    def committed(self, took_s: float, messages: int, now_ms: int, fresh_ms: int) -> None:
        """Note a commit; `fresh_ms` is 0 if the commit had no fresh window."""
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
        """Note a failed commit; `failed_ms` stays at the first failure in a row."""
        with self._lock:
            since = self._snapshot.failed_ms if self._snapshot.failing else now_ms
            self._snapshot = replace(self._snapshot, failing=why, failed_ms=since)
