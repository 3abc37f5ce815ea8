"""How a bedside comes to its server: it checks the server by the code before it says a word."""

import socket
import ssl
from collections.abc import Callable
from typing import NamedTuple

from legwatch import __version__
from legwatch.contract.pairing import (
    LONGEST_TEXT,
    Ask,
    Given,
    Kept,
    PairingCode,
    decode,
    encode,
    fingerprint,
)
from legwatch.errors import CannotRun, WireError

CONNECT_S, ANSWER_S = 10.0, 30.0


class Server(NamedTuple):
    """Where the server waits."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{self.host}:{self.port}"


class WrongServer(CannotRun):
    """Whoever is there has not made the code; nothing was said to it."""


def pair(server: Server, code: PairingCode, keep: Callable[[Given, str], None]) -> Given:
    """Get from the server what this bedside needs, and let `keep` try and store it.

    `keep` gets it with the address at which the server was reached. Raises CannotRun; if `keep`
    raises, the server is not told that it was kept, and takes it back.
    """
    try:
        with socket.create_connection(server, CONNECT_S) as plain, _secured(plain) as line:
            line.settimeout(ANSWER_S)
            _check(line, code)
            line.sendall(encode(Ask(code.secret.hex(), __version__)))
            with line.makefile("rb") as lines:
                given = decode(Given, lines.readline(4 * LONGEST_TEXT))
            keep(given, line.getpeername()[0])
            line.sendall(encode(Kept(kept=True)))
    except WireError as error:
        raise CannotRun(f"the server at {server} says no: {error}") from None
    except OSError as error:
        raise CannotRun(f"{server}: {_why(error)}") from None
    return given


def _secured(plain: socket.socket) -> ssl.SSLSocket:
    """Begin TLS with whoever is there: who it is, `_check` finds out."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain)


def _check(line: ssl.SSLSocket, code: PairingCode) -> None:
    """Raise CannotRun if the other side is not the one that has made the code."""
    if fingerprint(line.getpeercert(binary_form=True) or b"") != code.fingerprint:
        raise WrongServer(
            "that is not the server that has made this code, so nothing was said to it. Is the"
            " address right, and the code the newest one? Else somebody in this network takes the"
            " server's place"
        )


def _why(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody waits for a bed there: does `legwatch beds add` still run on the server?"
    if isinstance(error, socket.gaierror):
        return "this name is not known here: take the server's address, such as 192.168.1.10"
    if isinstance(error, TimeoutError):
        return "no answer: is it the right address, and is this Pi in the same network?"
    return error.strerror or str(error)
