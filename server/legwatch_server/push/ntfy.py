"""The ntfy channel: one JSON message to the root of an ntfy server."""

import json
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

from legwatch import __version__
from legwatch.errors import SettingsError
from legwatch.notice import Level, What
from legwatch_server.push import Push, PushError
from legwatch_server.settings import PushTable, secret

_PRIORITY = {Level.URGENT: 5, Level.WARNING: 4, Level.LOG: 2}
_TAGS = {What.RESOLVED: "white_check_mark", What.UNKNOWN: "grey_question"}
_RETRYABLE = {408, 425, 429}


class Ntfy:
    """Publishes to one topic; messages are at most 4,096 bytes and ours are far below."""

    def __init__(self, table: PushTable) -> None:
        settings = table.ntfy
        if not settings.topic:
            raise SettingsError("push.ntfy.topic", "this key must be given for the ntfy channel")
        if not settings.url.startswith(("http://", "https://")):
            raise SettingsError("push.ntfy.url", "an address with http:// or https:// is expected")
        self._url, self._topic = settings.url.rstrip("/") + "/", settings.topic
        self._timeout_s = settings.timeout_s
        self._token = secret("LEGWATCH_NTFY_TOKEN")

    def send(self, push: Push) -> None:
        """Publish once; raises PushError, permanent for what a retry cannot mend."""
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            self._url, data=self._body(push), method="POST", headers=self._headers()
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310
                answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, error.headers.get("Retry-After")) from None
        except (urllib.error.URLError, HTTPException, OSError) as error:
            why = getattr(error, "reason", error)
            raise PushError(f"ntfy cannot be reached: {why}", permanent=False) from None

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": f"legwatch/{__version__}"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _body(self, push: Push) -> bytes:
        text = f"{push.text} (perhaps said before)" if push.again else push.text
        calm = push.what is What.RESOLVED
        body: dict[str, Any] = {
            "topic": self._topic,
            "title": f"{push.title} ({push.clock}, {push.bed})",
            "message": text,
            "priority": 2 if calm else _PRIORITY[push.level],
            "tags": [_TAGS.get(push.what, "warning")],
        }
        return json.dumps(body, ensure_ascii=False).encode()


def _refusal(status: int, retry_after: str | None) -> PushError:
    retryable = status in _RETRYABLE or status >= 500
    words = {401: "the token is wrong", 403: "the token may not write to this topic"}
    why = f"ntfy answered {status}" + (f": {words[status]}" if status in words else "")
    return PushError(why, permanent=not retryable, retry_after_s=_seconds(retry_after))


def _seconds(retry_after: str | None) -> float | None:
    """Read Retry-After given in seconds; a date is left to our own backoff."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        try:
            parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        return 60.0
