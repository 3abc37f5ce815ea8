"""The server's status: the writer thread writes it, /health reads it."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

from legwatch_runtime.clock import Instant


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """The status of the writer thread at one moment."""

    committed: Instant | None = None  # the last commit
    fresh: Instant | None = None  # last commit of a window from a real bed that was not late
    commits: int = 0
    messages: int = 0
    commit_s: float = 0.0  # total of all commits
    failing: str = ""  # why the last commit failed; empty: it succeeded
    failed: Instant | None = None
    unjudged: frozenset[str] = frozenset()  # beds that the engine could not judge

    @property
    def well(self) -> Instant | None:
        """When a fresh window was last committed; None: never, or a bed cannot be judged."""
        return None if self.unjudged else self.fresh


class Status:
    """Holds the snapshot. Each change replaces the whole snapshot, so readers need no lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot = StatusSnapshot()

    def now(self) -> StatusSnapshot:
        """Return the current snapshot."""
        return self._snapshot

    def committed(self, took_s: float, messages: int, now: Instant, *, fresh: bool) -> None:
        """Note a commit; `fresh`: it had a fresh window."""
        with self._lock:
            snapshot = self._snapshot
            self._snapshot = replace(
                snapshot,
                committed=now,
                fresh=now if fresh else snapshot.fresh,
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

    def failed(self, why: str, now: Instant) -> None:
        """Note a failed commit; `failed` stays at the first failure in a row."""
        with self._lock:
            since = self._snapshot.failed if self._snapshot.failing else now
            self._snapshot = replace(self._snapshot, failing=why, failed=since)
