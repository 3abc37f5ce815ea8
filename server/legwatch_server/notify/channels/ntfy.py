"""The ntfy channel: one JSON message to the root of an ntfy server.

All that concerns one episode carries the same sequence, so a newer word replaces an older one on
the phone. A server before 2.16 does not know sequences; that it does is seen from its answer, which
names the sequence again.

What proves a push is the message that ntfy answers with: an id, and our topic. What proves a no is
ntfy's own error, which names the status again; else it is a page in between, and may go.
"""

import json
from typing import Any

from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.errors import SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch_runtime.secrets import secret
from legwatch_server.notify.channels import Permanent, Push, Retryable, Sent
from legwatch_server.notify.http_reply import HttpReply, ask, foreign
from legwatch_server.notify.refusal import later, pool, refused
from legwatch_server.settings import ServerSettings

MOST_BYTES = 4096  # a longer message becomes an attachment
_QUIET = {Purpose.QUIET: 2, Purpose.INFO: 2, Purpose.REHEARSAL: 1, Purpose.CONFIRM: 2}
_LOUD = {Severity.URGENT: 5, Severity.WARNING: 4, Severity.LOG: 3}
_TAGS = {
    TransitionKind.RESOLVED: "white_check_mark",
    TransitionKind.ACKNOWLEDGED: "eyes",
    TransitionKind.SNOOZED: "zzz",
    TransitionKind.UNKNOWN: "grey_question",
}


class Ntfy:
    """Publishes to a topic a person."""

    def __init__(self, settings: ServerSettings) -> None:
        table = settings.push.ntfy
        if not table.url.startswith(("http://", "https://")):
            raise SettingsError("push.ntfy.url", "an address with http:// or https:// is expected")
        for name, person in settings.everybody().items():
            uses = "ntfy" in (*person.channels, *person.quiet)
            if uses and not (person.address.get("ntfy") or table.topic):
                path = f"people.{name}.address.ntfy" if settings.people else "push.ntfy.topic"
                raise SettingsError(path, "a topic must be given for the ntfy channel")
        self._url, self._topic = table.url.rstrip("/"), table.topic
        self._pool = pool(table.timeout_s, settings.push.workers)
        token = secret("LEGWATCH_NTFY_TOKEN")
        self._auth = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, push: Push) -> Sent:
        """Publish once; the receipt is the sequence, where the server knows sequences."""
        known = self._publish(push).get("sequence_id") == push.thread
        return Sent(push.thread if known else "")

    def withdraw(self, push: Push, receipt: str) -> None:
        """Take the sequence off the phones; a server that knows none leaves it there."""
        if receipt:
            heard = self._ask("DELETE", f"/{self._to(push)}/{receipt}")
            said = heard.said()
            if not (self._ours(said, push) and said.get("sequence_id") == receipt):
                raise foreign("ntfy", "ntfy", heard)

    def rehearse(self, push: Push) -> str:
        """Publish without a sound and read it back."""
        ident = self._publish(push)["id"]
        try:
            back = self._ask("GET", f"/{self._to(push)}/json?poll=1&since=10m")
        except Permanent:
            return "accepted"  # the token may write and not read, which is how it should be
        lines = back.lines()
        if lines is None:
            raise foreign("ntfy", "ntfy", back)
        if not any(line.get("id") == ident and self._ours(line, push) for line in lines):
            raise Retryable("ntfy took the message and does not show it")
        return "came back"

    def _publish(self, push: Push) -> dict[str, Any]:
        """Return the message as ntfy has taken it."""
        body = json.dumps(self._body(push), ensure_ascii=False).encode()
        if len(body) > MOST_BYTES:
            raise Permanent(f"{len(body)} bytes, ntfy takes {MOST_BYTES}")
        heard = self._ask("POST", "/", body)
        said = heard.said()
        if not (self._ours(said, push) and said.get("event") == "message"):
            raise foreign("ntfy", "ntfy", heard)
        return said

    def _ours(self, said: dict[str, Any], push: Push) -> bool:
        """Say whether this is an event of ntfy in the topic we asked for."""
        ident = said.get("id")
        return isinstance(ident, str) and ident != "" and said.get("topic") == self._to(push)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> HttpReply:
        headers = dict(self._auth)
        if body is not None:
            headers["Content-Type"] = "application/json"
        heard = ask(self._pool, "ntfy", method, self._url + path, headers, body)
        if heard.fine:
            return heard
        if later(heard.status) or heard.said().get("http") == heard.status:
            raise refused("ntfy", heard.status, heard.headers)
        raise foreign("ntfy", "ntfy", heard)

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
