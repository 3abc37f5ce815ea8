"""Where the sensors' messages are: a broker, which need not be the one of the agent.

Its user is another one than the agent's: many brokers let one user have one connection only, and
the broker of `legwatch up` is for legwatch alone.
"""

from dataclasses import dataclass
from typing import Any

from legwatch import forms
from legwatch.errors import OptionError, SettingsError
from legwatch.settings import setting
from legwatch_runtime import broker_reason
from legwatch_runtime.certificate import check_ca_file

PASSWORD = "LEGWATCH_SENSORS_PASSWORD"  # noqa: S105 - its name
LONGEST_TOPIC = 500  # bytes


@dataclass(frozen=True, slots=True)
class Broker:
    """The broker that the sensors publish to; its password is the secret PASSWORD."""

    host: str = setting("127.0.0.1", "name or address", form=forms.host)
    port: int = setting(1883, "its port", low=1, high=65535)
    user: str = setting("", "user name, not the agent's; empty: none")
    ca_file: str = setting("", "certificate of its authority; if given, use TLS")
    server_name: str = setting("", "name in its certificate; empty: the host's")


def topic(default: Any, about: str) -> Any:
    """Declare a topic: one topic, and not a filter of several."""
    return setting(default, about, form=_topic)


def topics(about: str) -> Any:
    """Declare a list of topics."""
    return setting((), about, form=_topic)


def check(broker: Broker) -> None:
    """Raise OptionError for a certificate that cannot be used."""
    try:
        check_ca_file(broker.ca_file)
    except SettingsError as error:
        raise OptionError("broker.ca_file", error.problem) from None


def in_our_words(why: str) -> str:
    """Return why there is no connection with the keys of this table, not those of [mqtt]."""
    return why.replace("mqtt.", "broker.").replace(broker_reason.PASSWORD, PASSWORD)


def _topic(text: str) -> str:
    if not text or any(sign in text for sign in "+#"):
        return "one topic is expected, without + and #"
    return "" if len(text.encode()) <= LONGEST_TOPIC else "the topic is too long"
