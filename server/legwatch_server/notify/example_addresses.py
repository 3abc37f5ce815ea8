"""Addresses that were copied from an example: whoever copies it too would get the same pushes."""

from collections.abc import Iterator

from legwatch_server.settings import ServerSettings

EXAMPLES = frozenset(
    {"legwatch-choose-your-own-odd-name", "legwatch-change-me", "bed-anna-7f3kq", "bert-x92mm"}
)


def copied(settings: ServerSettings) -> Iterator[str]:
    """Yield a sentence for each address that stands in an example of the guides."""
    found = {
        f"people.{name}.address.{channel}": address
        for name, person in settings.people.items()
        for channel, address in person.address.items()
    }
    found["push.ntfy.topic"] = settings.push.options.get("ntfy", {}).get("topic", "")
    for key, address in found.items():
        if address in EXAMPLES:
            yield f"{key}: everybody who copies the example has {address!r}: choose one of your own"
