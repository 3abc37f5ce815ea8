"""Read a push service's HTTP answer; tell it from an answer of some other server.

A login page, a proxy or a wrong address answers too, often with 200. So an answer counts only if it
contains data that only the service sends. After any other answer the outbox tries again: the login
page may be gone in a minute.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import urllib3

from legwatch_server.notify.channels import Retryable
from legwatch_server.notify.refusal import unreached

MOST_BYTES = 1 << 20  # more than any service sends; an endless page must not fill the memory
_SHOWN = 60  # characters of a foreign answer, so that the owner can recognise it
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_QUERY = re.compile(r"\?\S*")  # a page may repeat the request's URL with the token


class HttpReply(NamedTuple):
    """An HTTP answer; a `body` longer than MOST_BYTES was cut off after one more byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def fine(self) -> bool:
        """True for a status from 200 to 299."""
        return 200 <= self.status < 300

    def said(self) -> dict[str, Any]:
        """Return the body as a JSON object; empty if the body is anything else."""
        return _object(self.body) or {}

    def lines(self) -> list[dict[str, Any]] | None:
        """Return each line as a JSON object; None if a line is not one or the body too long."""
        if len(self.body) > MOST_BYTES:
            return None
        found = [_object(line) for line in self.body.split(b"\n") if line.strip()]
        objects = [line for line in found if line is not None]
        return objects if len(objects) == len(found) else None


def ask(
    http: urllib3.PoolManager,
    service: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | str | None = None,
) -> HttpReply:
    """Send one request, read at most MOST_BYTES + 1; raises Retryable without an answer."""
    own = {"User-Agent": http.headers["User-Agent"], **headers}
    try:
        answer = http.request(
            method, url, body=body, headers=own, redirect=False, preload_content=False
        )
        try:
            read = answer.read(MOST_BYTES + 1, decode_content=False)
        finally:
            answer.close()  # after a full read the connection is back in the pool, open
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise unreached(service, error) from None
    return HttpReply(answer.status, answer.headers, read)


def foreign(service: str, whom: str, reply: HttpReply) -> Retryable:
    """Return the error for an answer that does not come from `whom`."""
    return Retryable(f"{service}: the answer is not from {whom}: {reply.status}, {_brief(reply)}")


def _brief(reply: HttpReply) -> str:
    """Describe a foreign answer in a few words, for the error message."""
    if 300 <= reply.status < 400:
        return f"a redirect to {_host(reply.headers.get('Location', ''))}"
    if not reply.body:
        return "empty"
    if len(reply.body) > MOST_BYTES:
        return f"more than {MOST_BYTES} bytes"
    title = _TITLE.search(reply.body)
    words = (title.group(1) if title else reply.body).decode(errors="replace").split()
    text = "".join(c for c in " ".join(words) if c.isprintable())  # a terminal shows it
    text = _QUERY.sub("?...", text)
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return f"the page {shown!r}" if title else repr(shown)


def _host(location: str) -> str:
    """Return scheme and host of a URL; the rest may contain the token of the request."""
    try:
        found = urlsplit(location)
    except ValueError:
        return "nowhere"
    return f"{found.scheme}://{found.hostname}" if found.hostname else "another page"


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or nested too deeply
        return None
    return found if isinstance(found, dict) else None
