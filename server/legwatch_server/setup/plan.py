"""What the set-up has found out: a value that is written at once, or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from legwatch.oncall.people import SLEEPER
from legwatch_runtime.files import read_toml
from legwatch_runtime.rights import is_there
from legwatch_server.notify.example_addresses import EXAMPLES

NTFY = "https://ntfy.sh"


class Place(StrEnum):
    """What this machine is to be."""

    ONE = "one"  # broker, server and a bed
    BED = "bed"  # a bed of a server elsewhere
    SERVER = "server"  # of beds elsewhere


@dataclass(frozen=True, slots=True)
class Plan:
    """All answers; `sensors` by role, each with its driver and its keys."""

    place: Place = Place.ONE
    language: str = "en"
    bed: str = "bed1"
    sleeper: str = "sleeper"
    sensors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    topic: str = ""
    ntfy: str = NTFY
    heartbeat: str = ""


def of_before(folder: Path, usual: Plan) -> Plan:
    """Return the answers that stand in the files of before; else the usual ones."""
    agent, server = _table(folder / "agent.toml"), _table(folder / "server.toml")
    if _is_example(agent, server):
        return usual
    people = server.get("people", {})
    name = next((n for n, one in people.items() if one.get("role") == SLEEPER), "")
    person = people.get(name, {})
    ntfy = server.get("push", {}).get("ntfy", {})
    return Plan(
        place=_place(agent, server, usual.place),
        language=str(person.get("language", usual.language)),
        bed=str(agent.get("bed", usual.bed)),
        sleeper=name or usual.sleeper,
        sensors=agent.get("sensors", usual.sensors),
        topic=str(person.get("address", {}).get("ntfy", usual.topic)),
        ntfy=str(ntfy.get("url", usual.ntfy)),
        heartbeat=str(server.get("heartbeat", {}).get("url", usual.heartbeat)),
    )


def _is_example(agent: Mapping[str, Any], server: Mapping[str, Any]) -> bool:
    """Return True if these are the files that the installer has put here: nobody's answers yet."""
    people = server.get("people", {}).values()
    if any(one.get("address", {}).get("ntfy") in EXAMPLES for one in people):
        return True
    return not server and not agent.get("mqtt", {}).get("ca_file")


def _place(agent: Mapping[str, Any], server: Mapping[str, Any], usual: Place) -> Place:
    if server and not agent and server.get("house", {}).get("port"):
        return Place.SERVER
    if agent and not server and agent.get("mqtt", {}).get("ca_file"):
        return Place.BED
    return usual


def _table(file: Path) -> Mapping[str, Any]:
    return read_toml(file) if is_there(file) else {}
