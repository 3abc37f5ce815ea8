"""Asks the running server whether its disk takes what it writes.

The store cannot tell: what is written into it is not kept then. Only who shows the store asks.
"""

import json
from collections.abc import Iterator

from legwatch.printable import printable
from legwatch_server.in_force import InForce
from legwatch_server.settings import HttpTable
from legwatch_server.store.errors import NO_WRITES, NOTHING_KEPT

PATIENCE_S = 1.0  # a server that hangs must not hold a command up
MOST_BYTES = 1_000_000
LONGEST_WHY = 300  # letters that are shown
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared only
_REQUEST = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"


def lines(why: str) -> Iterator[str]:
    """Yield what to say before all else while nothing is kept; nothing if `why` is empty."""
    if why:
        yield f"NOTHING IS KEPT NOW: {why}"
        yield "The server watches on and tells people. What follows is only what was stored before."
        yield ""


def not_kept(found: InForce) -> str:
    """Return why nothing is kept, as the running server says it; empty: all is, or no answer."""
    if not found.running:
        return ""
    try:
        wrong = json.loads(_health(found.settings.http))["wrong"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ""
    said = [one for one in wrong if isinstance(one, str)] if isinstance(wrong, list) else []
    for mark in (NOTHING_KEPT, NO_WRITES):
        for one in said:
            if mark in one:
                return printable(one, LONGEST_WHY)
    return ""


def _health(http: HttpTable) -> bytes:
    """Return the body of /health; plain sockets load faster than a library for the web."""
    import socket  # noqa: PLC0415 - slow to import, only beside a running server it is needed

    if not http.port:
        return b""
    got = b""
    address = (_ANY.get(http.host, http.host), http.port)
    with socket.create_connection(address, PATIENCE_S) as server:
        server.sendall(_REQUEST)
        while len(got) < MOST_BYTES and (more := server.recv(65536)):
            got += more
    return got.partition(b"\r\n\r\n")[2]
