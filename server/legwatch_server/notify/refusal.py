"""Turn HTTP errors into Retryable (try again later) or Permanent (never try again)."""

import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, SSLError

from legwatch import __version__
from legwatch_runtime.clock import utc_ms
from legwatch_server.notify.channels import Exhausted, Permanent, PushError, Retryable

EXHAUSTED = 429  # too many messages, or a quota that is used up
QUOTA_S = 600.0  # between two tries while the quota of a day or a month is used up
_LATER = {407, 408, 425, 429}  # only a proxy sends 407, never the service
_LONGEST_S = 3600.0  # longest wait, even if the service asks for more
_WORDS = {
    400: "the service does not understand the message",
    401: "the token is wrong",
    403: "the token may not do this",
    404: "the service does not know this URL",
    413: "the message is too long",
    429: "too many messages",
}


def pool(timeout_s: float, connections: int) -> urllib3.PoolManager:
    """Return a pool that keeps connections open, follows no redirect and never retries."""
    return urllib3.PoolManager(
        maxsize=connections,
        timeout=timeout_s,
        retries=urllib3.Retry(False),
        headers={"User-Agent": f"legwatch/{__version__}"},
    )


def refused(service: str, status: int, headers: Mapping[str, str], detail: str = "") -> PushError:
    """Return the error for an HTTP status; `detail` replaces the default explanation."""
    why = f"{service} answered {status}"
    explained = detail or _WORDS.get(status, "")
    if explained:
        why += f": {explained}"
    if later(status):
        kind = Exhausted if status == EXHAUSTED else Retryable
        return kind(why, seconds(headers.get("Retry-After"), utc_ms() / 1000))
    return Permanent(why)


def later(status: int) -> bool:
    """Return True if a retry may help, no matter if the service or a proxy sent the status."""
    return status in _LATER or status >= 500


def unreached(service: str, error: HTTPError | OSError) -> Retryable:
    """Return the error for a missing answer; its text names what the owner should check."""
    cause: BaseException = error
    if isinstance(error, MaxRetryError) and error.reason is not None:
        cause = error.reason
    if isinstance(cause, SSLError | ssl.SSLError):
        return Retryable(f"{service} shows a certificate that is not trusted: {cause}")
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return Retryable(f"{service} is not found: no such name, or no DNS")
    if isinstance(cause, NewConnectionError):  # a subclass of the time-out: test it first
        return Retryable(f"{service} cannot be reached: connection refused or no network")
    if isinstance(cause, urllib3.exceptions.TimeoutError):
        return Retryable(f"{service} did not answer in time")
    return Retryable(f"{service} cannot be reached: {cause}")


def seconds(retry_after: str | None, now_s: float) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date; None if absent or unreadable."""
    if retry_after is None:
        return None
    try:
        asked_s = float(retry_after)
    except ValueError:
        try:
            asked_s = parsedate_to_datetime(retry_after).timestamp() - now_s
        except ValueError:
            return None
    return min(_LONGEST_S, max(0.0, asked_s))
