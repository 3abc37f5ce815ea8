"""A channel that sends each push as JSON to a program of the owner.

The program must answer with the id of the push. Any other answer is no proof: it may be the login
page of a network in between.
"""

import json
from dataclasses import asdict, dataclass
from http import HTTPStatus
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from legwatch.errors import OptionError, SettingsError
from legwatch.settings import setting
from legwatch_server.notify.channels import ChannelContext, Permanent, Push, Retryable, Sent

SCHEMES = ("http://", "https://")
PROBLEM = "an address with http:// or https:// is expected"
LONGEST_ANSWER = 4096
FINAL = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.GONE)


class Webhook:
    """Sends to each person's own URL, else to the URL of the settings."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of [push.webhook]."""

        url: str = setting("", "URL of the program, for people without address.webhook")
        timeout_s: float = setting(10.0, "time to wait for an answer", low=1, high=60)

    def __init__(self, options: Options, context: ChannelContext) -> None:
        if options.url and not options.url.startswith(SCHEMES):
            raise OptionError("url", PROBLEM)
        for person in context.recipients:
            if person.address and not person.address.startswith(SCHEMES):
                raise SettingsError(person.path, PROBLEM)
        context.check_addresses(options.url, "url", "a URL must be given for the webhook channel")
        self._url, self._timeout_s = options.url, options.timeout_s

    def send(self, push: Push) -> Sent:
        """Send once; raises Permanent or Retryable."""
        body = json.dumps(asdict(push)).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(push.to or self._url, body, headers)  # noqa: S310 - http or https, see above
        try:
            with urlopen(request, timeout=self._timeout_s) as reply:  # noqa: S310
                answer = json.loads(reply.read(LONGEST_ANSWER))
        except HTTPError as error:
            kind = Permanent if error.code in FINAL else Retryable
            raise kind(f"the webhook answered {error.code}") from None
        except OSError as error:
            raise Retryable(f"the webhook cannot be reached: {error}") from None
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or answer.get("id") != push.id:
            raise Retryable("the webhook's answer does not have the id of the push")
        return Sent()
