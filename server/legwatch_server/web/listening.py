"""The part that answers HTTP: without its port the watch goes on, and the part tries again."""

import logging
import threading
from collections.abc import Callable

from legwatch_runtime.backoff import Backoff
from legwatch_runtime.part import Parts
from legwatch_server.web.slots import SlotsServer

logger = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0


class Listening:
    """Binds the server's port, and serves it in a part of its own."""

    def __init__(
        self, bind: Callable[[], SlotsServer], where: str, parts: Parts | None = None
    ) -> None:
        self._bind, self._where = bind, where
        self._server: SlotsServer | None = None
        self._stopping, self._serving = threading.Event(), False
        self._backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._why = ""
        self._part = (parts or Parts()).add("http", self._run)

    @property
    def port(self) -> int:
        """The port in use; 0: none."""
        return 0 if self._server is None else self._server.server_port

    def start(self) -> None:
        """Bind the port if it is free now, and start the part."""
        self._open()
        self._part.start()

    def stop(self) -> None:
        """Stop serving."""
        self._stopping.set()
        if self._server is not None:
            if self._serving:  # else it would wait for ever
                self._server.shutdown()
            self._server.server_close()

    def wrong(self) -> str:
        """Return why nobody can reach the server over HTTP; empty: it listens."""
        return self._why

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._part.turned()
            server = self._server or self._open()
            if server is None:
                self._stopping.wait(self._backoff.next_s())
                continue
            server.turned = self._turned
            server.serve_forever()

    def _turned(self) -> None:
        self._serving = True
        self._part.turned()

    def _open(self) -> SlotsServer | None:
        """Bind the port; None if it is taken or the address is not there yet."""
        try:
            self._server = self._bind()
        except OSError as error:
            why = f"nothing listens on {self._where} ([http] host and port): {error.strerror}"
            if why != self._why:
                logger.warning("%s; the watch goes on without /health and answers", why)
            self._why = why
            return None
        if self._why:
            logger.info("the server listens on %s now", self._where)
        self._why = ""
        self._backoff.reset()
        return self._server
