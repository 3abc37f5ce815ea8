"""The Pushover channel: an urgent push sounds again and again until somebody has seen it.

Urgent ones go out with Pushover's emergency priority; the service's receipt is asked about no
faster than it allows, and the alarm is cancelled when it is over.

Each of Pushover's answers, a yes and a no, has a status and the id it gave our request; an answer
without them is somebody else's. An alarm without a receipt could never be followed or ended.
"""

import re
from typing import Any
from urllib.parse import urlencode

from legwatch.conditions.verdict import Severity
from legwatch.errors import SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch_runtime.secrets import secret
from legwatch_server.notify.channels import Permanent, Progress, Push, Retryable, Sent
from legwatch_server.notify.http_reply import HttpReply, ask, foreign
from legwatch_server.notify.refusal import later, pool, refused
from legwatch_server.settings import ServerSettings

EMERGENCY = 2
_RECEIPT = re.compile("[A-Za-z0-9]{1,200}")  # 30 of them, says the service
_PRIORITY = {Purpose.QUIET: -1, Purpose.INFO: -1, Purpose.REHEARSAL: -2, Purpose.CONFIRM: -1}
_LOUD = {Severity.URGENT: EMERGENCY, Severity.WARNING: 1, Severity.LOG: 0}
MOST_TITLE, MOST_TEXT, MOST_URL = 250, 1024, 512  # characters, as the service documents


class Pushover:
    """Sends to a user key a person; `follow_every_s` is the service's own limit, and a bit."""

    follow_every_s = 6.0

    def __init__(self, settings: ServerSettings) -> None:
        table = settings.push.pushover
        if not table.url.startswith(("http://", "https://")):
            raise SettingsError("push.pushover.url", "an address with https:// is expected")
        for name, person in settings.everybody().items():
            uses = "pushover" in (*person.channels, *person.quiet)
            if uses and not (person.address.get("pushover") or table.user):
                path = (
                    f"people.{name}.address.pushover" if settings.people else "push.pushover.user"
                )
                raise SettingsError(path, "a user key must be given for the pushover channel")
        self._table = table
        self._url = table.url.rstrip("/")
        self._pool = pool(table.timeout_s, settings.push.workers)
        self._token = secret("LEGWATCH_PUSHOVER_TOKEN")
        if not self._token:
            raise SettingsError(
                "push.pushover", "the application's token is missing: LEGWATCH_PUSHOVER_TOKEN"
            )

    def send(self, push: Push) -> Sent:
        """Send once; the receipt is the service's, for what sounds until it is answered."""
        form = self._form(push)
        receipt = self._ask("POST", "messages.json", form).said().get("receipt")
        if form["priority"] != str(EMERGENCY):
            return Sent()
        if not (isinstance(receipt, str) and _RECEIPT.fullmatch(receipt)):
            raise Retryable("pushover gave no receipt: the alarm could not be followed or ended")
        return Sent(receipt)

    def progress(self, receipt: str) -> Progress:
        """Ask what became of an alarm."""
        heard = self._ask("GET", f"receipts/{receipt}.json", {"token": self._token})
        said = heard.said()
        told = [said.get(name) for name in ("acknowledged", "expired", "last_delivered_at")]
        if not all(type(value) is int for value in told):
            raise foreign("pushover", "Pushover", heard)
        acknowledged, expired, delivered = told
        if acknowledged == 1:
            return Progress.ANSWERED
        if expired == 1:
            return Progress.OVER
        return Progress.DELIVERED if delivered else Progress.WAITING

    def withdraw(self, push: Push, receipt: str) -> None:
        """Let an alarm sound no more; what does not sound stays on the phone."""
        del push
        if receipt:
            self._ask("POST", f"receipts/{receipt}/cancel.json", {"token": self._token})

    def rehearse(self, push: Push) -> str:
        """Ask whether the key is good and has a device; nothing is shown on a phone."""
        form = {"token": self._token, "user": self._to(push)}
        heard = self._ask("POST", "users/validate.json", form)
        devices = heard.said().get("devices", [])
        if not isinstance(devices, list):
            raise foreign("pushover", "Pushover", heard)
        if not devices:
            raise Permanent("pushover: the user has no device")
        return f"known, with {len(devices)} device(s)"

    def _to(self, push: Push) -> str:
        return push.to or self._table.user

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
            form |= {"retry": str(self._table.retry_s), "expire": str(self._table.expire_s)}
        if push.page and len(push.page) <= MOST_URL:
            form["url"] = push.page
        return form

    def _ask(self, method: str, path: str, form: dict[str, str]) -> HttpReply:
        # The token goes into the address of a GET and the body of a POST, as the service asks.
        body, query = (urlencode(form), "") if method == "POST" else (None, "?" + urlencode(form))
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        url = f"{self._url}/1/{path}{query}"
        heard = ask(self._pool, "pushover", method, url, headers, body)
        said = heard.said()
        request = said.get("request")
        own = type(said.get("status")) is int and isinstance(request, str) and request != ""
        if own and heard.fine and said["status"] == 1:
            return heard
        if own and heard.status == 429:  # the month is used up; waiting a night is no help
            raise Permanent("pushover answered 429: this month's messages are used up")
        if later(heard.status) or (own and not heard.fine):
            raise refused("pushover", heard.status, heard.headers, _explained(said))
        raise foreign("pushover", "Pushover", heard)


def _explained(said: dict[str, Any]) -> str:
    errors = said.get("errors")
    return "; ".join(str(part) for part in errors) if isinstance(errors, list) else ""
