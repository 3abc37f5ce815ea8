"""What waits for the writer thread: put in one by one or in lists, taken out in the same order.

A list costs one step between the threads, however many messages are in it.
"""

import queue
from collections.abc import Sequence
from typing import Protocol

from legwatch_server.inbox import Request


class Puts(Protocol):
    """Where a request can be put."""

    def put(self, request: Request, /) -> None:
        """Let a request wait."""


class Waiting:
    """Any thread may `put`, also a signal handler; one thread puts lists, and one takes."""

    def __init__(self) -> None:
        self._lists: queue.SimpleQueue[Sequence[Request] | None] = queue.SimpleQueue()
        self._rest: Sequence[Request] = ()  # of the list that was taken last
        # Beyond the first of each list; each number is changed by one thread only.
        self._more_put = self._more_taken = 0

    def put(self, request: Request | None, /) -> None:
        """Let a request wait; None: it is the end, and nothing behind it is taken."""
        self._lists.put(None if request is None else (request,))

    def put_all(self, requests: Sequence[Request]) -> None:
        """Let requests wait that came together."""
        if requests:
            self._more_put += len(requests) - 1
            self._lists.put(requests)

    def count(self) -> int:
        """Return how many requests wait, for any thread."""
        return self._lists.qsize() + self._more_put - self._more_taken + len(self._rest)

    def take(self, wait_s: float, most: int) -> tuple[list[Request], bool]:
        """Take what waits, at most so many; wait for the first. True: the end has come."""
        found: list[Request] = []
        while len(found) < most:
            if not self._rest:
                try:
                    coming = self._lists.get_nowait() if found else self._lists.get(timeout=wait_s)
                except queue.Empty:
                    return found, False
                if coming is None:
                    return found, True
                self._rest, self._more_taken = coming, self._more_taken + len(coming) - 1
            room = most - len(found)
            found += self._rest[:room]
            self._rest = self._rest[room:]
        return found, False
