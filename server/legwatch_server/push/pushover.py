"""The Pushover channel: an urgent push sounds again and again until somebody has seen it.

Urgent ones go out with Pushover's emergency priority; the service's receipt is asked about no
faster than it allows, and the alarm is cancelled when it is over.
"""

import json
from typing import Any
from urllib.parse import urlencode

import urllib3

from legwatch.errors import SettingsError
from legwatch.escalation import Tone
from legwatch.notice import Level
from legwatch_server.push import Permanent, Progress, Push, Retryable, Sent
from legwatch_server.push.refusal import pool, refused, unreached
from legwatch_server.settings import ServerSettings, secret

EMERGENCY = 2
_PRIORITY = {Tone.QUIET: -1, Tone.INFO: -1, Tone.REHEARSAL: -2, Tone.CONFIRM: -1}
_LOUD = {Level.URGENT: EMERGENCY, Level.WARNING: 1, Level.LOG: 0}
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
        return Sent(str(self._ask("POST", "messages.json", self._form(push)).get("receipt") or ""))

    def progress(self, receipt: str) -> Progress:
        """Ask what became of an alarm."""
        said = self._ask("GET", f"receipts/{receipt}.json", {"token": self._token})
        if said.get("acknowledged") == 1:
            return Progress.ANSWERED
        if said.get("expired") == 1:
            return Progress.OVER
        return Progress.DELIVERED if said.get("last_delivered_at") else Progress.WAITING

    def withdraw(self, push: Push, receipt: str) -> None:
        """Let an alarm sound no more; what does not sound stays on the phone."""
        del push
        if receipt:
            self._ask("POST", f"receipts/{receipt}/cancel.json", {"token": self._token})

    def rehearse(self, push: Push) -> str:
        """Ask whether the key is good and has a device; nothing is shown on a phone."""
        form = {"token": self._token, "user": self._to(push)}
        devices = self._ask("POST", "users/validate.json", form).get("devices")
        if not devices:
            raise Permanent("pushover: the user has no device")
        return f"known, with {len(devices)} device(s)"

    def _to(self, push: Push) -> str:
        return push.to or self._table.user

    def _form(self, push: Push) -> dict[str, str]:
        priority = _PRIORITY.get(push.tone, _LOUD[push.level])
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

    def _ask(self, method: str, path: str, form: dict[str, str]) -> dict[str, Any]:
        # The token goes into the address of a GET and the body of a POST, as the service asks.
        body, query = (urlencode(form), "") if method == "POST" else (None, "?" + urlencode(form))
        headers = {"User-Agent": self._pool.headers["User-Agent"]}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            answer = self._pool.request(
                method, f"{self._url}/1/{path}{query}", body=body, headers=headers, redirect=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise unreached("pushover", error) from None
        said = _read(answer.data)
        if answer.status == 429:  # the month's messages are used up; waiting a night is no help
            raise Permanent("pushover answered 429: this month's messages are used up")
        if not 200 <= answer.status < 300:
            detail = "; ".join(str(part) for part in said.get("errors", ()))
            raise refused("pushover", answer.status, answer.headers, detail)
        if said.get("status") != 1:
            raise Retryable("pushover: what answered is not Pushover")
        return said


def _read(data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
