"""mosquitto's files, for `legwatch up` and for what is shipped in deploy/mosquitto: one source.

`python -m legwatch_server.supervisor.mosquitto DIR` writes the shipped ones anew.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

BOUND = "use_username_as_clientid true"
SERVER = "server"  # the server's user; every other user is named as its bed


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a broker listens and where its files lie."""

    listen: str  # a port, and an address if not all of them: `1883 127.0.0.1`
    config: str  # the folder of `passwords` and `acl`
    data: str  # the folder of its memory
    more: tuple[str, ...] = ()  # lines of this broker alone


SHIPPED = Paths("1883", "/mosquitto/config", "/mosquitto/data")


def conf(place: Paths) -> str:
    """Return mosquitto.conf."""
    lines = (
        "# mosquitto for legwatch. Users are `server`, and one for each bed, named as the bed:",
        f"# mosquitto_passwd -c {place.config}/passwords {SERVER}",
        f"listener {place.listen}",
        "allow_anonymous false",
        f"password_file {place.config}/passwords",
        f"acl_file {place.config}/acl",
        "# One user, one connection: with another's client id nobody takes over its session.",
        BOUND,
        "",
        "# The queue is the first thing to lose data: by default it drops a flood's greater part.",
        "max_queued_messages 0",
        "max_inflight_messages 1000",
        "",
        "# Its memory is saved every half hour and at the end. To save by changes writes the whole",
        "# backlog again and again, and makes nothing durable: the agents' spools do that.",
        "persistence true",
        f"persistence_location {place.data}/",
        "autosave_interval 1800",
        "# A session that nobody comes back for would be kept, and filled, for ever.",
        "persistent_client_expiration 14d",
        *place.more,
    )
    return "\n".join(lines) + "\n"


def acl() -> str:
    """Return who may say and hear what."""
    bed = "legwatch/v1/%u"
    written = ("status", "info", "window", "event", "cmd/result")
    lines = (
        "# The server may do everything of legwatch's.",
        f"user {SERVER}",
        "topic readwrite legwatch/v1/#",
        "",
        "# An agent's user name is its bed: it speaks for this bed and hears what is meant for it.",
        *(f"pattern write {bed}/{channel}" for channel in written),
        *(f"pattern read {bed}/{channel}" for channel in ("stored", "cmd")),
    )
    return "\n".join(lines) + "\n"


def write(place: Paths, folder: Path) -> Path:
    """Write both files into a folder, readable by their owner; return the path of the first."""
    for name, text in (("acl", acl()), ("mosquitto.conf", conf(place))):
        path = folder / name
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)  # private from its first byte: mosquitto warns of anything else
        path.write_text(text)
    return folder / "mosquitto.conf"


if __name__ == "__main__":
    write(SHIPPED, Path(sys.argv[1]))
