"""Write the children's settings: the owner's, with the supervisor's broker and folders."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from legwatch import scope
from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch.options import NoOptions
from legwatch.settings import load
from legwatch_runtime import plugins
from legwatch_runtime.files import read_toml
from legwatch_server import settings_file, zone
from legwatch_server.kinds import OPTIONS, shape_of, strange
from legwatch_server.pairing import FOLDER
from legwatch_server.run_by import MADE_FROM, UNDER_UP, WATCH
from legwatch_server.settings import HouseTable
from legwatch_server.supervisor import broker as brokers
from legwatch_server.supervisor.broker import BrokerProcess, Opening
from legwatch_server.supervisor.house import folder_in, note_open
from legwatch_server.supervisor.house import lines as house_lines
from legwatch_server.supervisor.mosquitto import SERVER
from legwatch_server.supervisor.process import ProcessSpec

# As in the units of systemd: within which time a child must say that it is well.
PATIENCE_S = {"server": 60.0, "agent": 180.0}
LEGWATCH = (sys.executable, "-m", "legwatch")


@dataclass(frozen=True, slots=True)
class GeneratedConfig:
    """The children, in the order of their start; no agent: no bed is at this machine."""

    broker: BrokerProcess
    server: ProcessSpec
    agent: ProcessSpec | None


def write_config(
    folder: Path,
    server: Mapping[str, Any],
    agent: Mapping[str, Any] | None,
    kind: str = WATCH,
    owners: Path | None = None,
    agents: Path | None = None,
    states: Path | None = None,
) -> GeneratedConfig:
    """Write the settings of all three children into `folder`; return their commands.

    `owners`, `agents`: the files from which the server's and the agent's are made. `states`: the
    folder for what they store, if it is another one.
    """
    bed = str((agent or {}).get("bed", ""))
    opens = opening(server, states or folder)
    broker = brokers.write_broker_config(folder / "broker", {SERVER, bed} - {""}, opens)
    server = settings_file.with_bed_of(agent or {}, server)

    def task(name: str, user: str, table: Mapping[str, Any], *, ends: bool = False) -> ProcessSpec:
        mqtt = {"host": "127.0.0.1", "port": broker.port, "user": user}
        made_from = owners if name == "server" else agents
        own = {"state_dir": str(_made(states or folder, name)), "mqtt": mqtt}
        command = (
            *LEGWATCH,
            name,
            *_write_settings(folder / f"{name}.toml", table, own, made_from),
        )
        env = {"LEGWATCH_MQTT_PASSWORD": broker.passwords.get(user, ""), UNDER_UP: kind}
        if owners is not None:
            env[MADE_FROM] = str(owners.absolute())
        return ProcessSpec(name, command, env, ends, PATIENCE_S[name])

    ours = task("server", SERVER, server)
    if agent is None:
        return GeneratedConfig(broker, ours, None)
    return GeneratedConfig(
        broker, ours, task("agent", bed, agent, ends=bool(agent.get("recording")))
    )


def opening(server: Mapping[str, Any], states: Path) -> Opening | None:
    """Return where beds elsewhere in the house come in; None: nowhere. Raises LegwatchError.

    A server that was open before notes that it is not: nobody is to wait at a closed door.
    """
    state = _made(states, "server")
    given = settings_file.in_force(server, settings_file.changes_in(state / settings_file.NAME))
    table = load(HouseTable, given.get("house", {}))
    if not table.port:
        if (state / FOLDER).is_dir():
            note_open(state / FOLDER, 0)
        return None
    folder = state / FOLDER
    try:
        folder_in(state)
        lines = tuple(house_lines(folder, table.address, table.port))
    except (CannotRun, OSError) as error:
        note_open(folder, 0)
        return Opening(folder, closed=str(error))
    note_open(folder, table.port)
    return Opening(folder, lines)


def owner_settings(path: Path | None) -> dict[str, Any]:
    """Read the owner's settings, empty without a file; raises SettingsError."""
    return {} if path is None else read_toml(path)


def check_kinds(server: Path | None, agent: Path | None) -> None:
    """Raise SettingsError if a file is given with the option of the other kind of file.

    Keys that no program has are for the program that reads the file.
    """
    for kind, other, path in (("server", "agent", server), ("agent", "server", agent)):
        if keys := strange(kind, other, owner_settings(path)):
            raise SettingsError(
                OPTIONS[kind],
                f"{path} has keys of the {other} ({', '.join(keys)}): it belongs to"
                f" {OPTIONS[other]}",
            )


def check_drivers(agent: Mapping[str, Any]) -> None:
    """Raise SettingsError for drivers that are not installed; none is imported or started."""
    shape = shape_of("agent")
    lacking = [
        (f"{door.table}.driver", problem)
        for door in shape.DOORS
        if door.place is not NoOptions and isinstance(name := _driver(agent, door.table), str)
        if (problem := plugins.lacks(door.group, name, "driver"))
    ]
    if lacking:
        (path, first), *others = lacking
        raise SettingsError(path, ". ".join((first, *(f"{at}: {why}" for at, why in others))))


def check_agent(path: Path | None) -> None:
    """Raise SettingsError for what the agent refuses in its file; no sensor is opened.

    Else it would end when the watch is said to be on, and systemd has taken it for started.
    """
    if path is None:
        return
    shape, agent = shape_of("agent"), owner_settings(path)
    try:
        load(shape, agent)
        ours = load(shape, _of_ours(agent, shape))
        ours.check(_goes_on)
    except SettingsError as error:
        raise SettingsError(str(path), str(error)) from None
    if unread := ours.unread():
        raise SettingsError(str(path), f"recording.file: {unread}")


def _of_ours(agent: Mapping[str, Any], shape: Any) -> dict[str, Any]:
    """Return an agent's settings without [mqtt], and without drivers of other packages.

    The first is not used here. The code of the others has no place in the process that looks after
    the agent, which asks them itself.
    """
    ours: dict[str, Any] = deepcopy({key: agent[key] for key in agent if key != "mqtt"})
    for door in shape.DOORS:
        name = _driver(ours, door.table)
        if isinstance(name, str) and plugins.whose(door.group, name):
            *way, last = door.table.split(".")
            reduce(getitem, way, ours).pop(last)
    return ours


def _goes_on(_error: object) -> None:
    """Pass a driver that cannot be loaded: the agent goes on without it."""


def _driver(agent: Mapping[str, Any], path: str) -> object:
    """Return what the table at `path` names as its driver; None: there is no such table."""
    table: object = agent
    for key in (*path.split("."), "driver"):
        table = table.get(key) if isinstance(table, Mapping) else None
    return table


def made(agent: Mapping[str, Any]) -> frozenset[str]:
    """Return the roles of the sensors in an agent's settings that make their values.

    Drivers of other packages are not asked here: the agent asks them, and tells the server.
    """
    found = set()
    for door in () if agent.get("recording") else shape_of("agent").DOORS:
        name = _driver(agent, door.table)
        if not isinstance(name, str) or plugins.whose(door.group, name):
            continue
        with suppress(LegwatchError):  # the agent says what is wrong with it
            if plugins.makes_values(plugins.load(door.group, name, door.table, "driver")):
                found.add(door.table.removeprefix("sensors."))
    return frozenset(found)


def what_it_watches(agent: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the sensors in an agent's settings can tell, and a line for what they cannot."""
    sensors = agent.get("sensors")
    if agent.get("recording") or not isinstance(sensors, Mapping | None):
        return
    roles = frozenset(sensors or ())
    watched, simulated = scope.watched(roles), made(agent)
    if not scope.can_come(roles):
        yield "It can NEVER WARN:"
    elif simulated:
        yield f"It is NOT TRULY WATCHED: {scope.from_made(watched)}."
    else:
        yield f"It is set up to be watched for: {watched}."
    for sentence in scope.made_values(simulated):
        yield f"  {sentence}"
    for never in scope.never_come(roles):
        yield f"  {never}"
    for unseen in scope.beyond(roles):
        yield f"  Not seen: {unseen}"


def zone_word(server: Path | None, folder: Path) -> zone.Word:
    """Write this machine's zone if none is set, and return the sentence on the zone in force.

    Raises SettingsError for settings of the server that cannot be used.
    """
    changes = folder / "server" / settings_file.NAME
    first = zone.settled(owner_settings(server), server, changes)
    table = settings_file.in_force(owner_settings(server), settings_file.changes_in(changes))
    own = {"mqtt": {}, "state_dir": str(changes.parent)}  # the owner's do not count here
    return zone.word(settings_file.checked({**table, **own}), server, first)


def with_http_port(server: Mapping[str, Any]) -> dict[str, Any]:
    """Set a free port for the page, unless the owner chose a port or the usual port is free."""
    http = dict(server.get("http", {}))
    if "port" not in http and brokers.listens(8321):
        http["port"] = brokers.free_port()
    return {**server, "http": http} if http else dict(server)


def _made(folder: Path, name: str) -> Path:
    state = folder / name
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return state


def _write_settings(
    path: Path, table: Mapping[str, Any], own: Mapping[str, Any], owners: Path | None
) -> tuple[str, str]:
    """Write the owner's settings with our `own` state_dir and [mqtt]; return how to name them."""
    from tomlkit import dumps  # noqa: PLC0415 - slow to import, and only what is written needs it

    mqtt = {key: value for key, value in table.get("mqtt", {}).items() if key == "keepalive_s"}
    made = dumps({**table, **own, "mqtt": {**mqtt, **own["mqtt"]}})
    path.write_text(settings_file.head_of_up(owners) + made)
    path.chmod(0o600)
    return "--config", str(path)
