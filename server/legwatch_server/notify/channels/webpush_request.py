"""One encrypted request to a browser's push service; all use of the library pywebpush is here.

The library is an extra of legwatch, so the channel imports this file only when it starts.
"""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from cryptography.hazmat.primitives import serialization
from py_vapid import Vapid02
from pywebpush import WebPusher, WebPushException, webpush
from urllib3.exceptions import HTTPError

from legwatch_server.notify.channels import Exhausted, Permanent, PushError, Retryable
from legwatch_server.notify.http_reply import MOST_BYTES as MOST_READ
from legwatch_server.notify.http_reply import HttpReply, foreign
from legwatch_server.notify.refusal import refused, unreached


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, and how long the service keeps a push."""

    key: Vapid02
    contact: str
    ttl_s: int
    timeout_s: float


def post(to: dict[str, Any], body: str, headers: Mapping[str, str], sender: Sender) -> None:
    """Send `body` to the subscription `to`; raises Permanent or Retryable."""
    with requests.Session() as session:
        session.max_redirects = 0  # a redirected POST would arrive as a GET
        session.hooks["response"].append(_shortened)
        try:
            answer = webpush(
                to,
                body,
                vapid_private_key=sender.key,
                vapid_claims={"sub": sender.contact},  # a new dict: the library changes it
                timeout=sender.timeout_s,
                ttl=sender.ttl_s,
                headers=dict(headers),
                requests_session=session,
            )
        except WebPushException as error:
            raise _refused(error) from None
        except requests.TooManyRedirects as error:
            raise _foreign(error.response) from None
        except requests.RequestException as error:
            raise _unreached(error) from None
        except HTTPError as error:  # while the body was read
            raise unreached("webpush", error) from None
    by_microsoft = answer.headers.get("X-WNS-Status", "")
    if by_microsoft not in ("", "received"):
        kind = Exhausted if by_microsoft == "channelthrottled" else Retryable  # or dropped
        raise kind(f"webpush: the service says {by_microsoft[:40]!r}")
    if not (answer.status_code == 201 or by_microsoft or "Location" in answer.headers):
        raise _foreign(answer)


def check_keys(subscription: dict[str, Any]) -> None:
    """Raise ValueError if the library cannot encrypt for this subscription."""
    try:
        WebPusher(subscription)
    except WebPushException as error:
        raise ValueError(str(error)) from None


def public_key(key: Vapid02) -> str:
    """Return the applicationServerKey of a key: URL-safe base64."""
    point = key.public_key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def read_key(pem: bytes) -> Vapid02:
    """Return the VAPID key of a file."""
    return Vapid02.from_pem(pem)


def fresh_key() -> bytes:
    """Return a new VAPID key, as it stands in a file."""
    key = Vapid02()
    key.generate_keys()
    return bytes(key.private_pem())


def _refused(error: WebPushException) -> PushError:
    answer = error.response
    if answer is None:
        return Permanent(f"webpush: {error.message}")
    if answer.status_code < 400:
        return _foreign(answer)
    gone = "the browser has ended its subscription" if answer.status_code in (404, 410) else ""
    return refused("webpush", answer.status_code, answer.headers, gone)


def _foreign(answer: requests.Response | None) -> Retryable:
    assert answer is not None  # TooManyRedirects always has a response
    reply = HttpReply(answer.status_code, answer.headers, answer.content)
    return foreign("webpush", "a push service", reply)


def _shortened(answer: requests.Response, **_: object) -> None:
    """Read at most MOST_READ + 1 bytes of an answer: the library would read the whole body."""
    raw = answer.raw
    answer.raw = io.BytesIO(raw.read(MOST_READ + 1, decode_content=False))
    raw.close()


def _unreached(error: requests.RequestException) -> PushError:
    if isinstance(error, requests.Timeout):
        return Retryable("webpush did not answer in time")
    cause = error.args[0] if error.args else None  # requests wraps urllib3's error
    return unreached("webpush", cause if isinstance(cause, HTTPError) else error)
