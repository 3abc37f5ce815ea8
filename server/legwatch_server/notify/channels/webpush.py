"""The webpush channel: push to a browser whose user has allowed notifications on the page.

An address is the browser's subscription: its JSON, or the path of a file with the JSON. The message
is encrypted for that browser; the push service sees only the urgency.

A push counts as sent if the answer is 201 Created, as from the services of Google, Apple and
Mozilla. Another success counts only with a Location header (the URL of the message) or with
Microsoft's X-WNS-Status header. A login page with status 200 has none of these.
"""

import base64
import io
import json
import threading
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives import serialization
from py_vapid import Vapid02
from pywebpush import WebPusher, WebPushException, webpush
from urllib3.exceptions import HTTPError

from legwatch.conditions.verdict import Severity
from legwatch.errors import SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch_runtime.files import read_text
from legwatch_runtime.secrets import create_once
from legwatch_server.notify.channels import Permanent, Push, PushError, Retryable, Sent
from legwatch_server.notify.http_reply import MOST_BYTES as MOST_READ
from legwatch_server.notify.http_reply import HttpReply, foreign
from legwatch_server.notify.refusal import refused, unreached
from legwatch_server.settings import ServerSettings

MOST_BYTES = 3993  # RFC 8291: 4096 bytes minus header and padding
KEY_FILE = "vapid.pem"
WANTED = "endpoint, keys.p256dh, keys.auth"
_URGENCY = {
    Purpose.QUIET: "normal",
    Purpose.INFO: "normal",
    Purpose.REHEARSAL: "low",
    Purpose.CONFIRM: "low",
}


class Webpush:
    """Sends each person's pushes to one browser subscription."""

    def __init__(self, settings: ServerSettings) -> None:
        self._table = settings.push.webpush
        if not self._table.contact.startswith(("mailto:", "https://")):
            raise SettingsError("push.webpush.contact", "mailto: or https:// is expected")
        self._subscriptions: dict[str, dict[str, Any]] = {}
        for name, person in settings.everybody().items():
            if "webpush" in (*person.channels, *person.quiet):
                address = person.address.get("webpush", "")
                try:
                    self._subscriptions[address] = _subscription(address)
                except (OSError, ValueError) as error:
                    raise SettingsError(f"people.{name}.address.webpush", str(error)) from None
        self._folder = Path(settings.state_dir)
        self._lock = threading.Lock()
        self._key: Vapid02 | None = None

    def begin(self, folder: Path) -> None:
        """Load the VAPID key; create it at the first start."""
        self._folder = folder
        self._vapid()

    def public_key(self) -> str:
        """Return the applicationServerKey that a page subscribes with: URL-safe base64."""
        point = self._vapid().public_key.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def send(self, push: Push) -> Sent:
        """Send once; the service replaces an older push of the episode that has not arrived."""
        body = json.dumps(_body(push), ensure_ascii=False)
        if len(body.encode()) > MOST_BYTES:
            raise Permanent(f"{len(body.encode())} bytes; a web push allows {MOST_BYTES}")
        to = self._subscriptions.get(push.to)
        if to is None:
            raise Permanent("this person has no browser subscription")
        headers = {"Urgency": _urgency(push), "Topic": push.thread[:32]}
        with requests.Session() as session:
            session.max_redirects = 0  # a redirected POST would arrive as a GET
            session.hooks["response"].append(_shortened)
            try:
                answer = webpush(
                    to,
                    body,
                    vapid_private_key=self._vapid(),
                    vapid_claims={"sub": self._table.contact},  # a new dict: the library changes it
                    timeout=self._table.timeout_s,
                    ttl=self._table.ttl_s,
                    headers=headers,
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
        if by_microsoft not in ("", "received"):  # dropped, or channelthrottled
            raise Retryable(f"webpush: the service says {by_microsoft[:40]!r}")
        if not (answer.status_code == 201 or by_microsoft or "Location" in answer.headers):
            raise _foreign(answer)
        return Sent()

    def rehearse(self, push: Push) -> str:
        """Send a push that the page does not show."""
        self.send(push)
        return "accepted"

    def _vapid(self) -> Vapid02:
        with self._lock:
            if self._key is None:
                self._key = Vapid02.from_pem(create_once(self._folder / KEY_FILE, _fresh_key))
            return self._key


def _fresh_key() -> bytes:
    key = Vapid02()
    key.generate_keys()
    return bytes(key.private_pem())


def _subscription(address: str) -> dict[str, Any]:
    """Return the subscription of an address; raises OSError or ValueError."""
    if not address:
        raise ValueError("the browser's subscription is missing: give its JSON, or a file with it")
    found = json.loads(address if address.lstrip().startswith("{") else read_text(address))
    try:
        keys = {name: str(found["keys"][name]) for name in ("p256dh", "auth")}
        endpoint = str(found["endpoint"])
        WebPusher({"endpoint": endpoint, "keys": keys})  # the library checks the keys
    except (KeyError, TypeError, ValueError, WebPushException):
        endpoint = ""
    if not endpoint.startswith(("https://", "http://")):
        raise ValueError(f"a browser's subscription is expected: {WANTED}")
    return {"endpoint": endpoint, "keys": keys}


def _urgency(push: Push) -> str:
    loud = "high" if push.severity is not Severity.LOG else "normal"
    return _URGENCY.get(push.purpose, loud)


def _body(push: Push) -> dict[str, Any]:
    where = f" ({push.clock}, {push.bed})" if push.bed else ""
    return {
        "title": f"{push.title}{where}",
        "body": push.text,
        "tag": push.thread,
        "level": push.severity.value,
        "what": push.transition.value,
        "tone": push.purpose.value,
        "silent": push.purpose is not Purpose.LOUD,
        "actions": [{"title": action.label, "url": action.url} for action in push.buttons],
        "url": push.page,
    }


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
