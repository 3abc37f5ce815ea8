"""The webpush channel: push to a browser whose user has allowed notifications on the page.

An address is the browser's subscription: its JSON, or the path of a file with the JSON. The message
is encrypted for that browser; the push service sees only the urgency.

A push counts as sent if the answer is 201 Created, as from the services of Google, Apple and
Mozilla. Another success counts only with a Location header (the URL of the message) or with
Microsoft's X-WNS-Status header. A login page with status 200 has none of these.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from legwatch import forms
from legwatch.conditions.verdict import Severity
from legwatch.errors import SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch.settings import setting
from legwatch_runtime.files import read_text
from legwatch_runtime.secrets import create_once
from legwatch_server.notify.channels import ChannelContext, Permanent, Push, Sent

MOST_BYTES = 3993  # RFC 8291: 4096 bytes minus header and padding
KEY_FILE = "vapid.pem"
WANTED = "endpoint, keys.p256dh, keys.auth"
_URGENCY = {
    Purpose.QUIET: "normal",
    Purpose.INFO: "normal",
    Purpose.REHEARSAL: "low",
    Purpose.CONFIRM: "low",
}


def _contact(text: str) -> str:
    if text.startswith("https://"):
        return forms.web_address(text)
    known = re.fullmatch(r"mailto:[^@\s]+@[^@\s]+", text)
    return "" if known else "mailto: or https:// is expected, such as mailto:me@example.org"


class Webpush:
    """Sends each person's pushes to one browser subscription."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """Pushes to browsers; the first start creates the VAPID key in state_dir."""

        contact: str = setting(
            "mailto:owner@example.org", "contact address for the push service", form=_contact
        )
        ttl_s: int = setting(
            1800, "time for which the service keeps a push for a phone", low=0, high=86400
        )
        timeout_s: float = setting(10.0, "time to wait for an answer", low=1, high=60)

    def __init__(self, options: Options, context: ChannelContext) -> None:
        self._options, self._request = options, _request()
        self._subscriptions: dict[str, dict[str, Any]] = {}
        for person in context.recipients:
            try:
                found = _subscription(person.address, self._request)
            except (OSError, ValueError) as error:
                raise SettingsError(person.path, str(error)) from None
            self._subscriptions[person.address] = found
        self._key: Any = None

    def begin(self, folder: Path) -> None:
        """Load the VAPID key; create it at the first start."""
        pem = create_once(folder / KEY_FILE, self._request.fresh_key)
        self._key = self._request.read_key(pem)

    def public_key(self) -> str:
        """Return the applicationServerKey that a page subscribes with: URL-safe base64."""
        key: str = self._request.public_key(self._key)
        return key

    def send(self, push: Push) -> Sent:
        """Send once; the service replaces an older push of the episode that has not arrived."""
        body = json.dumps(_body(push), ensure_ascii=False)
        if len(body.encode()) > MOST_BYTES:
            raise Permanent(f"{len(body.encode())} bytes; a web push allows {MOST_BYTES}")
        to = self._subscriptions.get(push.to)
        if to is None:
            raise Permanent("this person has no browser subscription")
        headers = {"Urgency": _urgency(push), "Topic": push.thread[:32]}
        options = self._options
        sender = self._request.Sender(self._key, options.contact, options.ttl_s, options.timeout_s)
        self._request.post(to, body, headers, sender)
        return Sent()

    def rehearse(self, push: Push) -> str:
        """Send a push that the page does not show."""
        self.send(push)
        return "accepted"


def _request() -> ModuleType:
    from legwatch_server.notify.channels import webpush_request  # noqa: PLC0415 - needs an extra

    return webpush_request


def _subscription(address: str, request: ModuleType) -> dict[str, Any]:
    """Return the subscription of an address; raises OSError or ValueError."""
    if not address:
        raise ValueError("the browser's subscription is missing: give its JSON, or a file with it")
    found = json.loads(address if address.lstrip().startswith("{") else read_text(address))
    try:
        keys = {name: str(found["keys"][name]) for name in ("p256dh", "auth")}
        endpoint = str(found["endpoint"])
        request.check_keys({"endpoint": endpoint, "keys": keys})
    except (KeyError, TypeError, ValueError):
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
