"""What came back from a push service, and the word for an answer that is somebody else's.

A login page, a proxy or a wrong address answers too, often with 200. So an answer counts only when
it carries what only the service says. All else is tried again: the page may be gone in a minute.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import urllib3

from legwatch_server.notify.channels import Retryable
from legwatch_server.notify.refusal import unreached

MOST_BYTES = 1 << 20  # more than any service says; a page without an end fills no memory
_SHOWN = 60  # characters of somebody else's answer, for the owner to know it by
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_QUERY = re.compile(r"\?\S*")  # of an address: a page may repeat ours, with the token in it


class HttpReply(NamedTuple):
    """An answer; `body` has MOST_BYTES, and one more when there was more."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def fine(self) -> bool:
        """Say whether the status is one of success."""
        return 200 <= self.status < 300

    def said(self) -> dict[str, Any]:
        """Return the JSON object that it is; empty for anything else."""
        return _object(self.body) or {}

    def lines(self) -> list[dict[str, Any]] | None:
        """Return its lines, each a JSON object; None for anything else, and for too much."""
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
    """Ask once and read no more than needed; raises Retryable when there is no answer."""
    own = {"User-Agent": http.headers["User-Agent"], **headers}
    try:
        answer = http.request(
            method, url, body=body, headers=own, redirect=False, preload_content=False
        )
        try:
            read = answer.read(MOST_BYTES + 1, decode_content=False)
        finally:
            answer.close()  # one that was read to its end is back in the pool, and stays open
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise unreached(service, error) from None
    return HttpReply(answer.status, answer.headers, read)


def foreign(service: str, whom: str, heard: HttpReply) -> Retryable:
    """Return the error for an answer that `whom` cannot have given."""
    return Retryable(f"{service}: what answered is not {whom}: {heard.status}, {_what(heard)}")


def _what(heard: HttpReply) -> str:
    """Say in a few words what it was."""
    if 300 <= heard.status < 400:
        return f"a redirect to {_place(heard.headers.get('Location', ''))}"
    if not heard.body:
        return "empty"
    if len(heard.body) > MOST_BYTES:
        return f"more than {MOST_BYTES} bytes"
    title = _TITLE.search(heard.body)
    words = (title.group(1) if title else heard.body).decode(errors="replace").split()
    text = "".join(c for c in " ".join(words) if c.isprintable())  # it ends on a terminal
    text = _QUERY.sub("?...", text)
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return f"the page {shown!r}" if title else repr(shown)


def _place(location: str) -> str:
    """Return the host of an address: the rest may repeat what we asked, with our token in it."""
    try:
        found = urlsplit(location)
    except ValueError:
        return "nowhere"
    return f"{found.scheme}://{found.hostname}" if found.hostname else "another page"


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or nested without an end
        return None
    return found if isinstance(found, dict) else None
