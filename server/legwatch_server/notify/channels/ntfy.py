"""The ntfy channel: POST one JSON message to the root URL of an ntfy server.

All pushes of one episode have the same sequence, so a newer push replaces an older one on the
phone. Servers before 2.16 do not know sequences; newer servers repeat the sequence in their answer.

A push counts as sent if the answer is an ntfy message with an id and the right topic. A refusal
counts if the answer is an ntfy error, whose JSON repeats the status. Any other answer comes from
some server in between, such as a login page; the outbox then tries again.
"""

import json
import logging
import os
import re
from dataclasses import dataclass
from typing import Any

from legwatch import forms
from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.oncall.escalation import Purpose
from legwatch.settings import setting
from legwatch_runtime.secrets import token, why_none
from legwatch_server.notify.channels import (
    ChannelContext,
    Exhausted,
    Permanent,
    Push,
    Retryable,
    Sent,
)
from legwatch_server.notify.http_reply import HttpReply, ask, foreign
from legwatch_server.notify.refusal import QUOTA_S, later, pool, refused

logger = logging.getLogger(__name__)

VARIABLE = "LEGWATCH_NTFY_TOKEN"
_ASKS_WHO = {401, 403}
DAILY_QUOTA = 42908  # the code of ntfy
MOST_BYTES = 4096  # ntfy turns a longer message into an attachment
_QUIET = {Purpose.QUIET: 2, Purpose.INFO: 2, Purpose.REHEARSAL: 1, Purpose.CONFIRM: 2}
_LOUD = {Severity.URGENT: 5, Severity.WARNING: 4, Severity.LOG: 3}
_TAGS = {
    TransitionKind.RESOLVED: "white_check_mark",
    TransitionKind.ACKNOWLEDGED: "eyes",
    TransitionKind.SNOOZED: "zzz",
    TransitionKind.UNKNOWN: "grey_question",
    TransitionKind.WARMING: "arrow_up",
}


def wrong_topic(text: str) -> str:
    """Return what is wrong with a topic; ntfy refuses each push to another one."""
    known = re.fullmatch("[-_A-Za-z0-9]{1,64}", text)
    return "" if known else "a topic is 1-64 letters, digits, - and _, without the server's address"


class Ntfy:
    """Publishes each person's pushes to one topic."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """An ntfy server; the token is LEGWATCH_NTFY_TOKEN, or in LEGWATCH_NTFY_TOKEN_FILE."""

        url: str = setting("https://ntfy.sh", "root of the ntfy server", form=forms.web_root)
        topic: str = setting(
            "",
            "for people without address.ntfy; all who know it can read it: make it long and odd",
            form=wrong_topic,
        )
        timeout_s: float = setting(10.0, "time to wait for an answer", low=1, high=60)

    def __init__(self, options: Options, context: ChannelContext) -> None:
        context.check_addresses(
            options.topic, "topic", "a topic must be given for the ntfy channel", wrong_topic
        )
        self._url, self._topic = options.url.rstrip("/"), options.topic
        self._pool = pool(options.timeout_s, context.workers)
        given = token(VARIABLE, needed=False)  # a topic may be open to all
        self._auth = {"Authorization": f"Bearer {given}"} if given else {}
        if not given and f"{VARIABLE}_FILE" in os.environ:
            logger.info("ntfy: %s, so pushes are sent without a token", why_none(VARIABLE))

    def send(self, push: Push) -> Sent:
        """Publish once; the receipt is the sequence, or empty if the server knows none."""
        known = self._publish(push).get("sequence_id") == push.thread
        return Sent(push.thread if known else "")

    def withdraw(self, push: Push, receipt: str) -> None:
        """Remove the sequence from the phones; without a receipt the message stays there."""
        if receipt:
            reply = self._ask("DELETE", f"/{self._to(push)}/{receipt}")
            message = reply.said()
            if not (self._ours(message, push) and message.get("sequence_id") == receipt):
                raise foreign("ntfy", "ntfy", reply)

    def rehearse(self, push: Push) -> str:
        """Publish a silent message and read it back."""
        ident = self._publish(push)["id"]
        try:
            back = self._ask("GET", f"/{self._to(push)}/json?poll=1&since=10m")
        except Permanent:
            return "accepted"  # the token may write but not read: the recommended setup
        lines = back.lines()
        if lines is None:
            raise foreign("ntfy", "ntfy", back)
        if not any(line.get("id") == ident and self._ours(line, push) for line in lines):
            raise Retryable("ntfy accepted the message but does not list it")
        return "came back"

    def _publish(self, push: Push) -> dict[str, Any]:
        """Publish a push; return the message as ntfy stored it."""
        body = json.dumps(self._body(push), ensure_ascii=False).encode()
        if len(body) > MOST_BYTES:
            raise Permanent(f"the message has {len(body)} bytes; ntfy allows {MOST_BYTES}")
        reply = self._ask("POST", "/", body)
        message = reply.said()
        if not (self._ours(message, push) and message.get("event") == "message"):
            raise foreign("ntfy", "ntfy", reply)
        return message

    def _ours(self, message: dict[str, Any], push: Push) -> bool:
        """Return True if this is an ntfy event with an id, in the topic of `push`."""
        ident = message.get("id")
        return isinstance(ident, str) and ident != "" and message.get("topic") == self._to(push)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> HttpReply:
        headers = dict(self._auth)
        if body is not None:
            headers["Content-Type"] = "application/json"
        reply = ask(
            http=self._pool,
            service="ntfy",
            method=method,
            url=self._url + path,
            headers=headers,
            body=body,
        )
        if reply.fine:
            return reply
        if reply.said().get("code") == DAILY_QUOTA:
            raise Exhausted("ntfy answered 429: this day's messages are used up", QUOTA_S)
        if later(reply.status) or reply.said().get("http") == reply.status:
            raise refused("ntfy", reply.status, reply.headers, self._without(reply.status))
        raise foreign("ntfy", "ntfy", reply)

    def _without(self, status: int) -> str:
        """Explain a no to a push without a token; empty: one was sent, or it is another no."""
        if self._auth or status not in _ASKS_WHO:
            return ""
        return f"the topic is not open to all, and no token was sent: {why_none(VARIABLE)}"

    def _to(self, push: Push) -> str:
        return push.to or self._topic

    def _body(self, push: Push) -> dict[str, Any]:
        where = f" ({push.clock}, {push.bed})" if push.bed else ""
        body: dict[str, Any] = {
            "topic": self._to(push),
            "title": f"{push.title}{where}",
            "message": push.text,
            "priority": _QUIET.get(push.purpose, _LOUD[push.severity]),
            "tags": [_TAGS.get(push.transition, "warning") if push.bed else "crescent_moon"],
            "sequence_id": push.thread,
        }
        if push.page:
            body["click"] = push.page
        if push.buttons:
            body["actions"] = [
                {
                    "action": "http",
                    "label": action.label,
                    "url": action.url,
                    "method": "POST",
                    "clear": True,
                }
                for action in push.buttons[:3]
            ]
        return body
