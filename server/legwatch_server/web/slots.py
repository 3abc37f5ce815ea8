"""An HTTP server with so many connections at once, and no more.

When all are taken and a new one comes, one that sends its request or reads its answer is cut: the
oldest of the peer that has the most. So who is quick is answered, whoever else is slow.
The number leaves file descriptors and memory for broker, database and pushes.
"""

import logging
import resource
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 32
RESERVED_FILES = 64  # for broker, database, pushes and the log
FILES_EACH = 4  # a connection, and the database that its answer is read from
CUT_S = 1.0  # how long a connection that was cut may take to end


class SlotsServer(ThreadingHTTPServer):
    """A `ThreadingHTTPServer` whose handlers tell when a request is whole, and when it is done."""

    daemon_threads = True
    request_queue_size = 128  # who waits here costs no file and no thread of ours

    def __init__(
        self, where: tuple[str, int], handler: Callable[..., BaseHTTPRequestHandler]
    ) -> None:
        self._room = threading.Condition()
        self._open: dict[socket.socket, str] = {}  # the oldest first, each with its peer
        self._answering: set[socket.socket] = set()
        self.most = most_connections()
        self.turned: Callable[[], None] = lambda: None  # called in each turn of accepting
        super().__init__(where, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a new connection a slot, or close it."""
        if not self._admit(request, str(client_address[0])):
            super().shutdown_request(request)
            return
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; its slot is free."""
        super().shutdown_request(request)
        with self._room:
            self._open.pop(request, None)
            self._answering.discard(request)
            self._room.notify()

    def answering(self, request: socket.socket) -> None:
        """Note that a request is whole: it is not cut while its answer is made."""
        with self._room:
            self._answering.add(request)

    def answered(self, request: socket.socket) -> None:
        """Note that the answer is ready to be sent: who does not read it can be cut again."""
        with self._room:
            self._answering.discard(request)

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Log a failure in one line; a peer that goes away is no fault of ours."""
        if not isinstance(sys.exception(), OSError):
            logger.error("a request failed: %r", sys.exception())

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a request; whatever it raises, SystemExit too, ends this request only."""
        try:
            super().process_request_thread(request, client_address)
        except BaseException:  # noqa: BLE001 - as above
            self.handle_error(request, client_address)

    def service_actions(self) -> None:
        """Say that the accepting thread has turned."""
        self.turned()

    def _admit(self, request: socket.socket, peer: str) -> bool:
        with self._room:
            if len(self._open) >= self.most:
                self._cut_one()
                self._room.wait_for(lambda: len(self._open) < self.most, CUT_S)
            if len(self._open) >= self.most:
                return False
            self._open[request] = peer
            return True

    def _cut_one(self) -> None:
        slow = [one for one in self._open if one not in self._answering]
        if slow:
            each = Counter(self._open[one] for one in slow)
            victim = max(slow, key=lambda one: each[self._open[one]])  # the first: the oldest
            with suppress(OSError):  # it is closed already
                victim.shutdown(socket.SHUT_RDWR)


def most_connections() -> int:
    """Return how many connections may be open, by the files that the process may have."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(2, min(MOST_CONNECTIONS, (soft - RESERVED_FILES) // FILES_EACH))
