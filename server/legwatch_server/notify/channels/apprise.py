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
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.errors import OptionError, SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch.settings import setting
from legwatch_runtime.secrets import remember
from legwatch_server.notify.channels import (
    ChannelContext,
    Exhausted,
    Permanent,
    Push,
    Retryable,
    Sent,
)
from legwatch_server.notify.refusal import EXHAUSTED, later

TOKEN = 12  # characters; a shorter word in a URL is hardly a secret
_STATUS = re.compile(r"error=(\d{3})")  # Apprise shows the HTTP status only in its log


class Apprise:
    """Sends each person's pushes to one URL."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """Any service of the Apprise library."""

        url: str = setting("", "an Apprise URL, or env:NAME, for people without address.apprise")
        timeout_s: float = setting(10.0, "time to wait for an answer", low=1, high=60)

    def __init__(self, options: Options, context: ChannelContext) -> None:
        self._timeout_s, self._urls = options.timeout_s, dict[str, str]()
        for person in context.recipients:
            try:
                self._urls[person.address] = self._checked(person.address or options.url)
            except ValueError as error:
                if person.address:
                    raise SettingsError(person.path, str(error)) from None
                raise OptionError("url", str(error)) from None

    def send(self, push: Push) -> Sent:
        """Send with a new Apprise object: a used object would wait for seconds before it sends."""
        where = f" ({push.clock}, {push.bed})" if push.bed else ""
        sentences = f"{push.text} {push.page}".rstrip()
        result = _loaded(self._urls[push.to]).notify(
            body=sentences,
            title=f"{push.title}{where}",
            notify_type=_type(push),
            body_format="text",
        )
        if result:
            return Sent()
        messages = [entry.message for entry in result.logs()]
        why = f"apprise: {messages[-1] if messages else 'the service did not accept the push'}"
        status = max((int(code) for text in messages for code in _STATUS.findall(text)), default=0)
        if status == EXHAUSTED:
            raise Exhausted(why)
        if 400 <= status < 500 and not later(status):
            raise Permanent(why)
        raise Retryable(why)

    def _checked(self, address: str) -> str:
        """Return the URL of an address, with legwatch's options added; raises ValueError."""
        url = address
        if address.startswith("env:"):
            url = os.environ.get(address[4:], "")
            if not url:
                raise ValueError(f"the environment variable {address[4:]} is not set")
        remember(url, *_parts(url))
        if not url:
            raise ValueError("an Apprise URL must be given for the apprise channel")
        sign = "&" if urlsplit(url).query else "?"
        # image=no: a fetched image would show a public host when alerts are sent.
        options = f"image=no&redirect=no&cto={self._timeout_s:g}&rto={self._timeout_s:g}"
        url = f"{url}{sign}{options}"
        services = list(_loaded(url))
        if len(services) != 1:
            raise ValueError("not one Apprise URL; write , ; and spaces inside the URL %-encoded")
        if len(services[0]) > 1:  # if one failed, each retry would notify the others again
            raise ValueError("one recipient a URL; make a person of each")
        return url


def _parts(url: str) -> list[str]:
    """Return what may be a token or a password in an Apprise URL."""
    try:
        found = urlsplit(url)
    except ValueError:
        return []
    words = [unquote(word) for word in re.split(r"[/?&=]", f"{found.path}?{found.query}")]
    tokens = [word for word in (*words, found.netloc) if len(word) >= TOKEN]
    return [*tokens, unquote(found.username or ""), unquote(found.password or "")]


def _loaded(url: str) -> Any:
    from apprise import Apprise as Services  # noqa: PLC0415 - an extra, and large
    from apprise import AppriseAsset  # noqa: PLC0415

    asset = AppriseAsset(app_id="legwatch", app_desc="legwatch", app_url="", plugin_paths=[])
    services = Services(asset=asset)
    services.add(url)
    return services


def _type(push: Push) -> str:
    if push.transition is TransitionKind.RESOLVED:
        return "success"
    if push.purpose is not Purpose.LOUD:
        return "info"
    return "failure" if push.severity is Severity.URGENT else "warning"
