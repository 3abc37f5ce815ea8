"""Tells a way to a person from the one that was tested: by a digest, which is no secret.

A test says nothing of another address, another account or another server of the phone service.
"""

import os
from collections.abc import Mapping

from legwatch_runtime.secrets import secret
from legwatch_server.settings import ServerSettings
from legwatch_server.store.records import Way

BROKERS = "LEGWATCH_MQTT_PASSWORD"


def ways(settings: ServerSettings, key: bytes) -> dict[str, str]:
    """Return by "person/channel" a digest of all that a push there depends on.

    `key`: a secret that stays the same; without it nobody can try which address gives a digest.
    """
    import hashlib  # noqa: PLC0415 - loads OpenSSL, and commands ask only for the names

    found = {}
    for name, person in settings.everybody().items():
        for channel in dict.fromkeys((*person.channels, *person.quiet)):
            table = sorted(settings.push.options.get(channel, {}).items())
            made_of = (person.address.get(channel), table, _secrets(channel))
            digest = hashlib.blake2b(repr(made_of).encode(), digest_size=8, key=key[:64])
            found[way_name(name, channel)] = digest.hexdigest()
    return found


def way_name(person: str, channel: str) -> str:
    """Return the name of a way."""
    return f"{person}/{channel}"


def followed(old: Mapping[str, Way], now: Mapping[str, str], now_ms: int) -> dict[str, Way]:
    """Return since when each way is as it is now; `old` is what was noted before, by name.

    Without any note the ways may be as old as the tests: an earlier version noted none.
    """
    fresh_ms = now_ms if old else 0
    return {
        name: old[name] if name in old and old[name].digest == digest else Way(digest, fresh_ms)
        for name, digest in now.items()
    }


def _secrets(channel: str) -> list[tuple[str, str]]:
    """Return the secrets that are named after a channel, such as LEGWATCH_NTFY_TOKEN.

    The broker's password is none: `legwatch up` makes a new one at each start.
    """
    prefix = f"LEGWATCH_{channel.upper()}_"
    names = {key.removesuffix("_FILE") for key in os.environ if key.startswith(prefix)} - {BROKERS}
    return [(name, secret(name, needed=False)) for name in sorted(names)]
