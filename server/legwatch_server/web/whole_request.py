"""Reads one HTTP request whole, within limits, before anything of it is parsed.

A parser that reads from the connection waits as long as the sender likes, and takes as much. So the
bytes are collected here: at most so many, in at most so much time, however slowly they come.
"""

import re
import socket
from collections.abc import Callable
from http import HTTPStatus

HEAD_BYTES = 16 * 1024  # request line and headers; a browser sends about 1 kB
BODY_BYTES = 4096  # the server reads and ignores it
REQUEST_S = 8.0  # from the connection until the request is whole
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r?\n", re.IGNORECASE)


class RequestRefused(Exception):  # noqa: N818 - it says what happened
    """The request is too large or too slow."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def whole_request(line: socket.socket, elapsed_s: Callable[[], float]) -> bytes:
    """Return head and body of the next request; empty if the sender has gone.

    A body of a wrong or too great length is not read. Raises RequestRefused and OSError.
    """
    end_s, found = elapsed_s() + REQUEST_S, b""
    while not (head := _END_OF_HEAD.search(found)):
        if len(found) > HEAD_BYTES:
            raise RequestRefused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        more = _receive(line, HEAD_BYTES + 1, end_s - elapsed_s())
        if not more:
            return b""
        found += more
    if head.end() > HEAD_BYTES:
        raise RequestRefused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    length = _LENGTH.search(found, 0, head.end())
    size = int(length[1]) if length else 0
    whole = head.end() + (size if size <= BODY_BYTES else 0)
    while len(found) < whole:
        more = _receive(line, whole - len(found), end_s - elapsed_s())
        if not more:
            return b""
        found += more
    return found[:whole]


def _receive(line: socket.socket, most: int, left_s: float) -> bytes:
    if left_s <= 0:
        raise RequestRefused(HTTPStatus.REQUEST_TIMEOUT)
    line.settimeout(left_s)
    try:
        return line.recv(most)
    except TimeoutError:
        raise RequestRefused(HTTPStatus.REQUEST_TIMEOUT) from None
