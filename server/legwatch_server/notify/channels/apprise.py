"""The apprise channel: the services of the Apprise library, for which legwatch has no channel.

Apprise reports only success or failure: it offers no buttons, receipts or withdrawal. An address is
one Apprise URL, or env:NAME if the URL contains a secret.

A success is no proof. Most of Apprise's services accept any answer with a status of success, also
the login page of a proxy or of a hotel, and the library hides the answer from its caller. So this
channel has no silent test, and `legwatch duty` shows it as amber. Nobody should have it as the only
or the first channel.
"""

import os
import re
from urllib.parse import urlsplit

from apprise import Apprise as Services
from apprise import AppriseAsset, NotifyFormat, NotifyType

from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.errors import SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch_server.notify.channels import Permanent, Push, Retryable, Sent
from legwatch_server.notify.refusal import later
from legwatch_server.settings import ServerSettings

_STATUS = re.compile(r"error=(\d{3})")  # Apprise shows the HTTP status only in its log
_ASSET = AppriseAsset(app_id="legwatch", app_desc="legwatch", app_url="", plugin_paths=[])


class Apprise:
    """Sends each person's pushes to one URL."""

    def __init__(self, settings: ServerSettings) -> None:
        table = settings.push.apprise
        self._timeout_s, self._urls = table.timeout_s, dict[str, str]()
        for name, person in settings.everybody().items():
            if "apprise" in (*person.channels, *person.quiet):
                own = person.address.get("apprise", "")
                path = f"people.{name}.address.apprise" if own else "push.apprise.url"
                self._urls[own] = self._checked(own or table.url, path)

    def send(self, push: Push) -> Sent:
        """Send with a new Apprise object: a used object would wait for seconds before it sends."""
        where = f" ({push.clock}, {push.bed})" if push.bed else ""
        sentences = f"{push.text} {push.page}".rstrip()
        result = _loaded(self._urls[push.to]).notify(
            body=sentences,
            title=f"{push.title}{where}",
            notify_type=_type(push),
            body_format=NotifyFormat.TEXT,
        )
        if result:
            return Sent()
        messages = [entry.message for entry in result.logs()]
        why = f"apprise: {messages[-1] if messages else 'the service did not accept the push'}"
        status = max((int(code) for text in messages for code in _STATUS.findall(text)), default=0)
        if 400 <= status < 500 and not later(status):
            raise Permanent(why)
        raise Retryable(why)

    def _checked(self, address: str, path: str) -> str:
        """Return the URL of an address, with legwatch's options added; raises SettingsError."""
        url = address
        if address.startswith("env:"):
            url = os.environ.get(address[4:], "")
            if not url:
                raise SettingsError(path, f"the environment variable {address[4:]} is not set")
        if not url:
            raise SettingsError(path, "an Apprise URL must be given for the apprise channel")
        sign = "&" if urlsplit(url).query else "?"
        # image=no: a fetched image would show a public host when alerts are sent.
        options = f"image=no&redirect=no&cto={self._timeout_s:g}&rto={self._timeout_s:g}"
        url = f"{url}{sign}{options}"
        services = list(_loaded(url))
        if len(services) != 1:
            raise SettingsError(
                path, "not one Apprise URL; write , ; and spaces inside the URL %-encoded"
            )
        if len(services[0]) > 1:  # if one failed, each retry would notify the others again
            raise SettingsError(path, "one recipient a URL; make a person of each")
        return url


def _loaded(url: str) -> Services:
    services = Services(asset=_ASSET)
    services.add(url)
    return services


def _type(push: Push) -> NotifyType:
    if push.transition is TransitionKind.RESOLVED:
        return NotifyType.SUCCESS
    if push.purpose is not Purpose.LOUD:
        return NotifyType.INFO
    return NotifyType.FAILURE if push.severity is Severity.URGENT else NotifyType.WARNING
