"""The Pushover channel: an urgent push sounds again and again until somebody acknowledges it.

Urgent pushes have Pushover's emergency priority. The outbox asks for the state of the receipt no
more often than Pushover allows, and cancels the repetition when the alert is over.

Each answer of Pushover, success or error, has a status and a request id; an answer without them
comes from another server. legwatch cannot follow or cancel an emergency push without a receipt.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from legwatch import forms
from legwatch.conditions.verdict import Severity
from legwatch.errors import OptionError
from legwatch.oncall.escalation import Purpose
from legwatch.settings import setting
from legwatch_runtime.secrets import secret
from legwatch_server.notify.channels import (
    ChannelContext,
    Exhausted,
    Permanent,
    Progress,
    Push,
    Retryable,
    Sent,
)
from legwatch_server.notify.http_reply import HttpReply, ask, foreign
from legwatch_server.notify.refusal import EXHAUSTED, QUOTA_S, later, pool, refused

EMERGENCY = 2
_RECEIPT = re.compile("[A-Za-z0-9]{1,200}")  # Pushover documents 30 characters
_PRIORITY = {Purpose.QUIET: -1, Purpose.INFO: -1, Purpose.REHEARSAL: -2, Purpose.CONFIRM: -1}
_LOUD = {Severity.URGENT: EMERGENCY, Severity.WARNING: 1, Severity.LOG: 0}
MOST_TITLE, MOST_TEXT, MOST_URL = 250, 1024, 512  # characters, from Pushover's documentation


def _key(text: str) -> str:
    """Return what is wrong with a key; Pushover refuses each push to another one."""
    known = re.fullmatch("[A-Za-z0-9]{30}", text)
    return "" if known else "a user or group key of Pushover is 30 letters and digits"


class Pushover:
    """Sends each person's pushes to one user key.

    `follow_every_s` is a little longer than the service's own minimum.
    """

    follow_every_s = 6.0

    @dataclass(frozen=True, slots=True)
    class Options:
        """Pushover; the application's token is LEGWATCH_PUSHOVER_TOKEN, or in ..._TOKEN_FILE."""

        url: str = setting(
            "https://api.pushover.net", "root of the service", form=forms.web_address
        )
        user: str = setting("", "user key for people without address.pushover", form=_key)
        retry_s: int = setting(60, "time until an urgent push sounds again", low=30, high=600)
        expire_s: int = setting(
            900, "time until it stops, if nobody has seen or answered it", low=60, high=10800
        )
        timeout_s: float = setting(10.0, "time to wait for an answer", low=1, high=60)

    def __init__(self, options: Options, context: ChannelContext) -> None:
        context.check_addresses(
            options.user, "user", "a user key must be given for the pushover channel", _key
        )
        self._options = options
        self._url = options.url.rstrip("/")
        self._pool = pool(options.timeout_s, context.workers)
        self._token = secret("LEGWATCH_PUSHOVER_TOKEN")
        if not self._token:
            raise OptionError("", "the application's token is missing: set LEGWATCH_PUSHOVER_TOKEN")
        if _key(self._token):
            raise OptionError("", "LEGWATCH_PUSHOVER_TOKEN is not 30 letters and digits")

    def send(self, push: Push) -> Sent:
        """Send once; only an emergency push has a receipt."""
        form = self._form(push)
        receipt = self._ask("POST", "messages.json", form).said().get("receipt")
        if form["priority"] != str(EMERGENCY):
            return Sent()
        if not (isinstance(receipt, str) and _RECEIPT.fullmatch(receipt)):
            raise Retryable("pushover gave no receipt: legwatch cannot follow or cancel the push")
        return Sent(receipt)

    def progress(self, receipt: str) -> Progress:
        """Ask for the state of an emergency push."""
        reply = self._ask("GET", f"receipts/{receipt}.json", {"token": self._token})
        data = reply.said()
        values = [data.get(name) for name in ("acknowledged", "expired", "last_delivered_at")]
        if not all(type(value) is int for value in values):
            raise foreign("pushover", "Pushover", reply)
        acknowledged, expired, delivered = values
        if acknowledged == 1:
            return Progress.ANSWERED
        if expired == 1:
            return Progress.OVER
        return Progress.DELIVERED if delivered else Progress.WAITING

    def withdraw(self, push: Push, receipt: str) -> None:
        """Stop an emergency push from sounding; other pushes stay on the phone."""
        del push
        if receipt:
            self._ask("POST", f"receipts/{receipt}/cancel.json", {"token": self._token})

    def rehearse(self, push: Push) -> str:
        """Ask Pushover whether the user key is valid and has a device; no phone shows anything."""
        form = {"token": self._token, "user": self._to(push)}
        reply = self._ask("POST", "users/validate.json", form)
        devices = reply.said().get("devices", [])
        if not isinstance(devices, list):
            raise foreign("pushover", "Pushover", reply)
        if not devices:
            raise Permanent("pushover: the user has no device")
        return f"known, with {len(devices)} device(s)"

    def _to(self, push: Push) -> str:
        return push.to or self._options.user

    def _form(self, push: Push) -> dict[str, str]:
        priority = _PRIORITY.get(push.purpose, _LOUD[push.severity])
        where = f" ({push.clock}, {push.bed})" if push.bed else ""
        form = {
            "token": self._token,
            "user": self._to(push),
            "title": f"{push.title}{where}"[:MOST_TITLE],
            "message": push.text[:MOST_TEXT],
            "priority": str(priority),
        }
        if priority == EMERGENCY:
            form |= {"retry": str(self._options.retry_s), "expire": str(self._options.expire_s)}
        if push.page and len(push.page) <= MOST_URL:
            form["url"] = push.page
        return form

    def _ask(self, method: str, path: str, form: dict[str, str]) -> HttpReply:
        # Pushover wants the token in the query of a GET and in the body of a POST.
        body, query = (urlencode(form), "") if method == "POST" else (None, "?" + urlencode(form))
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        url = f"{self._url}/1/{path}{query}"
        reply = ask(
            http=self._pool, service="pushover", method=method, url=url, headers=headers, body=body
        )
        data = reply.said()
        request = data.get("request")
        genuine = type(data.get("status")) is int and isinstance(request, str) and request != ""
        if genuine and reply.fine and data["status"] == 1:
            return reply
        if genuine and reply.status == EXHAUSTED:
            raise Exhausted("pushover answered 429: this month's messages are used up", QUOTA_S)
        if later(reply.status) or (genuine and not reply.fine):
            raise refused("pushover", reply.status, reply.headers, _explained(data))
        raise foreign("pushover", "Pushover", reply)


def _explained(data: dict[str, Any]) -> str:
    errors = data.get("errors")
    return "; ".join(str(part) for part in errors) if isinstance(errors, list) else ""
