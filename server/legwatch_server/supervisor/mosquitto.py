"""Write mosquitto's configuration, for `legwatch up` and for deploy/mosquitto.

`python -m legwatch_server.supervisor.mosquitto deploy/mosquitto` writes the shipped files again.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BOUND = "use_username_as_clientid true"
MOST_PACKET_BYTES = 64 * 1024
MOST_QUEUED_BYTES = 64 * 1024 * 1024
MOST_MEMORY_BYTES = 512 * 1024 * 1024
SERVER = "server"  # the server's user name; an agent's user name is its bed


@dataclass(frozen=True, slots=True)
class Paths:
    """The broker's port and folders."""

    listen: str  # a port; with an address to listen only there: `1883 127.0.0.1`
    config: str  # folder of `passwords` and `acl`
    data: str  # folder of the broker's saved state; empty: the system's own file names it
    more: tuple[str, ...] = ()  # extra lines of the configuration


SHIPPED = Paths("1883", "/mosquitto/config", "/mosquitto/data")
# Debian's mosquitto.conf reads the files in conf.d, and names the folder of the saved state:
# a second such line would end the broker.
DEBIAN = Paths("1883", "/etc/mosquitto", "")
DEBIAN_FILE = "conf.d/legwatch.conf"


def conf(place: Paths) -> str:
    """Return the text of mosquitto.conf."""
    lines = (
        "# mosquitto for legwatch. The users are `server` and one for each bed, named as the bed:",
        f"# mosquitto_passwd -c {place.config}/passwords {SERVER}",
        f"listener {place.listen}",
        "# More than any house has beds.",
        "max_connections 1000",
        "allow_anonymous false",
        f"password_file {place.config}/passwords",
        f"acl_file {place.config}/acl",
        "# The client id is the user name: no user can take over the session of another user.",
        BOUND,
        "",
        "# The longest message of legwatch has 4 kB. Who sends more than this is disconnected,",
        "# before the broker takes the message in and passes it on.",
        f"max_packet_size {MOST_PACKET_BYTES}",
        "",
        "# No limit of the number (0): with the default limit mosquitto drops most of a backlog.",
        "# The bytes are limited, for each client: about fifty nights of a bed. What is dropped is",
        "# not lost, because the agents send it again from their spools.",
        "max_queued_messages 0",
        f"max_queued_bytes {MOST_QUEUED_BYTES}",
        "max_inflight_messages 1000",
        "# The broker's memory: a client for whom it cannot queue any more is disconnected.",
        f"memory_limit {MOST_MEMORY_BYTES}",
        "",
        "# mosquitto saves its state every half hour and when it stops. Saving by changes would",
        "# write the whole backlog again and again. After a crash the agents' spools send again.",
        *(("persistence true", f"persistence_location {place.data}/") if place.data else ()),
        "autosave_interval 1800",
        "# Without an expiry mosquitto would queue messages for an abandoned session for ever.",
        "persistent_client_expiration 14d",
        *place.more,
    )
    return "\n".join(lines) + "\n"


def acl(programs: Iterable[str] = ()) -> str:
    """Return the text of the acl file: who may publish and read which topics.

    `programs`: users that read all beds and ask, such as a home automation.
    """
    bed = "legwatch/v1/%u"
    written = ("status", "info", "window", "event", "cmd/result")
    lines = (
        "# The server may publish and read all topics of legwatch.",
        f"user {SERVER}",
        "topic readwrite legwatch/v1/#",
        "",
        "# An agent's user name (%u) is its bed: it may use only the topics of this bed.",
        *(f"pattern write {bed}/{channel}" for channel in written),
        *(f"pattern read {bed}/{channel}" for channel in ("stored", "rules", "cmd")),
        *_of_programs(programs),
    )
    return "\n".join(lines) + "\n"


def _of_programs(programs: Iterable[str]) -> Iterator[str]:
    """Yield the lines for programs: what they may read of each bed, and that they may ask."""
    read = ("status", "info", "window", "state", "alert/#", "cmd/result")
    for name in programs:
        yield ""
        yield f"user {name}"
        yield f"topic deny legwatch/v1/{name}/#"  # what the patterns above would let it write
        yield from (f"topic read legwatch/v1/+/{channel}" for channel in read)
        yield "topic write legwatch/v1/+/request"


def write(place: Paths, folder: Path) -> Path:
    """Write both files, readable only by their owner; return the path of mosquitto.conf."""
    _write(folder / "acl", acl())
    return _write(folder / "mosquitto.conf", conf(place))


def write_shipped(folder: Path) -> None:
    """Write the files of deploy/mosquitto: for a container, and for Debian's own mosquitto."""
    write(SHIPPED, folder)
    (folder / DEBIAN_FILE).parent.mkdir(exist_ok=True)
    _write(folder / DEBIAN_FILE, conf(DEBIAN))


def _write(path: Path, text: str) -> Path:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)  # first: mosquitto warns of files that others can read
    path.write_text(text)
    return path


if __name__ == "__main__":
    write_shipped(Path(sys.argv[1]))
