"""The apprise channel: any of the services of the Apprise library, for those without one of ours.

It can only say "sent" or "not": buttons, receipts and taking back need a channel of our own. An
address is one Apprise URL, or env:NAME for a URL with a secret in it.

Its "sent" is no proof. To most of its services any answer of success will do, also the login page
of a proxy or of a hotel, and the library does not hand on what was answered. So there is no silent
try, `legwatch duty` shows this way as amber, and it should be nobody's only way, nor the first.
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

_STATUS = re.compile(r"error=(\d{3})")  # the only place where the library tells it
_ASSET = AppriseAsset(app_id="legwatch", app_desc="legwatch", app_url="", plugin_paths=[])


class Apprise:
    """Sends to one URL a person."""

    def __init__(self, settings: ServerSettings) -> None:
        table = settings.push.apprise
        self._timeout_s, self._urls = table.timeout_s, dict[str, str]()
        for name, person in settings.everybody().items():
            if "apprise" in (*person.channels, *person.quiet):
                own = person.address.get("apprise", "")
                path = f"people.{name}.address.apprise" if own else "push.apprise.url"
                self._urls[own] = self._checked(own or table.url, path)

    def send(self, push: Push) -> Sent:
        """Send once, and believe the library; a used object of it would wait for seconds."""
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
        said = [entry.message for entry in result.logs()]
        why = f"apprise: {said[-1] if said else 'the service did not take it'}"
        status = max((int(code) for text in said for code in _STATUS.findall(text)), default=0)
        if 400 <= status < 500 and not later(status):
            raise Permanent(why)
        raise Retryable(why)

    def _checked(self, address: str, path: str) -> str:
        """Return the URL of an address with our own options; raises SettingsError."""
        url = address
        if address.startswith("env:"):
            url = os.environ.get(address[4:], "")
            if not url:
                raise SettingsError(path, f"the environment has no {address[4:]}")
        if not url:
            raise SettingsError(path, "an Apprise URL must be given for the apprise channel")
        sign = "&" if urlsplit(url).query else "?"
        # No picture from a public host: fetching it would tell that host when legs get cold.
        options = f"image=no&redirect=no&cto={self._timeout_s:g}&rto={self._timeout_s:g}"
        url = f"{url}{sign}{options}"
        services = list(_loaded(url))
        if len(services) != 1:
            raise SettingsError(
                path, "not one Apprise URL; signs such as , ; and blanks in it must be %-encoded"
            )
        if len(services[0]) > 1:  # when one of them fails, the others would be told again and again
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
