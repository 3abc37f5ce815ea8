"""`legwatch up`: run broker, server and agent on this machine."""

import argparse
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun, SettingsError
from legwatch_runtime import locations, secrets_beside
from legwatch_runtime.part import Parts
from legwatch_runtime.process import RUNS_PINS, between
from legwatch_runtime.secrets_beside import Locked
from legwatch_runtime.state_dir import is_held, opened
from legwatch_runtime.systemd import STOPPING, tell
from legwatch_server.run_by import MADE_NIGHT
from legwatch_server.supervisor import demo, stopgap, terminal
from legwatch_server.supervisor.broker import BrokerMissingError, programs
from legwatch_server.supervisor.config import (
    GeneratedConfig,
    check_agent,
    check_drivers,
    check_kinds,
    made,
    owner_settings,
    what_it_watches,
    with_http_port,
    write_config,
    zone_word,
)
from legwatch_server.supervisor.hints import how_to_go_on
from legwatch_server.supervisor.house import open_at
from legwatch_server.supervisor.process import StopSignal
from legwatch_server.supervisor.supervisor import Supervisor


def main(argv: Sequence[str]) -> int:
    """Run broker, server and agent until a signal or the end of the made night."""
    args = _parser().parse_args(argv)
    if args.no_bed and args.agent_config is not None:
        raise SettingsError("--no-bed", "--agent-config names a bed at this machine: one of both")
    check_kinds(args.config, args.agent_config)
    _check_drivers(args.agent_config)
    check_agent(args.agent_config)
    _take_secrets(args.config)
    state: Path = args.state or locations.state_dir()
    try:
        programs()
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(state) as alone:
            if not alone:
                _show(f"legwatch is already running in {state}: stop it first, or use --state.")
                return 1
            terminal.tell_last(state, _show)
            plays = args.agent_config is None and not args.no_bed
            if args.state is not None:
                locations.note_given(state / "demo" if plays else state)
            return _play(state, args) if plays else _watch(state, args)
    except BrokerMissingError as error:
        _show(f"legwatch up: {error}")
    except OSError as error:
        _show(f"legwatch up: {error.filename or state}: {error.strerror}")
    return 1


def _check_drivers(file: Path | None) -> None:
    try:
        check_drivers(owner_settings(file))
    except SettingsError as error:
        raise SettingsError(str(file), str(error)) from None


def _take_secrets(config: Path | None) -> None:
    """Take from `secrets.env` what the environment does not give, as systemd does for the unit."""
    with contextlib.suppress(Locked):  # the unit's: systemd has read it as root
        given = {} if config is None else secrets_beside.environment(config)
        for name, value in given.items():
            os.environ.setdefault(name, value)


def _watch(state: Path, args: argparse.Namespace) -> int:
    with stopgap.folder(state, _show) as folder:
        return _watch_from(folder, state, args)


def _watch_from(folder: Path, state: Path, args: argparse.Namespace) -> int:
    """Watch with the made settings in `folder`, and what is stored in `state`."""
    agent = None if args.no_bed else owner_settings(args.agent_config)
    zone = zone_word(args.config, state)
    owners = owner_settings(args.config)
    server = with_http_port(owners)
    files = {"owners": args.config, "agents": args.agent_config, "states": state}
    config = write_config(folder, server, agent, **files)
    if agent is None and config.broker.house is None:
        if config.broker.closed:
            raise CannotRun(f"no bed can come in: {config.broker.closed}")
        raise SettingsError(
            "house.port", "no bed can come in: it is 0; 8883 is usual, for beds elsewhere"
        )
    _show(f"{_doing(agent)} The state is in {state}; Ctrl-C ends it.{terminal.note()}")
    about = (*(what_it_watches(agent) if agent else ()), *_house(config), *_beside(state))
    for line in (*about, *other_port(owners, server)):
        _show(line)
    _show(f"{'WARNING' if zone.wrong else 'Zone'}: {zone.text}.")
    what = f"the watch on the bed {agent.get('bed')!r}" if agent else "the watch on the beds"
    data = f"The data are in {state}"
    code, played = _run(config, state, what, f"{data}; the same command goes on.")
    if played:
        _show(
            f"Ended: the recording is over, and {what} with it; agent, server and broker are"
            f" stopped. {data}."
        )
    return code


def _beside(state: Path) -> Iterator[str]:
    """Yield a warning of another watch at one of the usual places."""
    for other in {file.parent for file in locations.made_by_up()} - {state}:
        if is_held(other / "lock"):
            yield (
                f"WARNING: another `legwatch up` runs in {other}. If it watches the same bed,"
                " people are told twice, and the pins are taken: end one of them."
            )


def other_port(owners: Mapping[str, Any], server: Mapping[str, Any]) -> Iterator[str]:
    """Yield that the usual port of the page is taken: links in pushes would lead elsewhere."""
    if server.get("http") != owners.get("http"):
        port = server["http"]["port"]
        yield (
            f"WARNING: another program has port 8321, so /health and the answers of phones are at"
            f" port {port}, until the next start. [http] port sets one that stays."
        )


def _house(config: GeneratedConfig) -> Iterator[str]:
    """Yield that beds elsewhere may come in, and how."""
    house = config.broker.house
    if config.broker.closed:
        yield f"WARNING: no bed elsewhere can come in: {config.broker.closed}"
    elif house is not None:
        yield (
            f"Beds elsewhere in the house come in at port {open_at(house.folder)}, over TLS;"
            " `legwatch beds add NAME` lets one in."
        )


def _doing(agent: Mapping[str, Any] | None) -> str:
    """Return what runs now: what looks like a real night to people is said to be none."""
    if agent is None:
        return "Watching the beds of the house; none is at this machine."
    bed, recording = repr(agent.get("bed")), agent.get("recording")
    if not recording:
        simulated = " with simulated sensors; people are told of them as of real ones"
        return f"Watching the bed {bed}{simulated if made(agent) else ''}."
    return (
        f"Playing a recording as the bed {bed}; people are told of it as of a real night. At any"
        " speed of the recording, their answers are waited for in real time."
    )


def _play(state: Path, args: argparse.Namespace) -> int:
    _show(
        f"No sensors are configured: playing a made night at {args.speed:g} times speed. "
        "Nothing here is a real bed."
    )
    owners = owner_settings(args.config)
    for sentence in demo.about(args.config, owners):
        _show(sentence)
    folder = state / "demo"
    demo.empty(folder)
    settings = with_http_port(demo.server(owners))
    config = write_config(folder, settings, demo.agent(demo.night(), args.speed), MADE_NIGHT)
    after = f"What it stored is in {folder}; the same command begins anew."
    code, played = _run(config, state, "the made night", after)
    if played:
        how = how_to_go_on(folder / "server.toml")
        _show(f"\nThe made night is over. {demo.summary(folder)}\n\n{how}")
    return code


def _run(config: GeneratedConfig, state: Path, what: str, after: str) -> tuple[int, bool]:
    """Run the children; return the exit code, and True if the recording played to its end.

    `what` is run, and `after` says what remains of it if somebody ends it.
    """
    parts = Parts()
    parts.guard_other_threads()
    supervisor = Supervisor(config, state / "logs", show=_show, parts=parts)

    def ended(number: int, _frame: object) -> None:
        supervisor.events.put(StopSignal(number))

    for number in (signal.SIGINT, signal.SIGTERM, *terminal.signals()):
        signal.signal(number, ended)
    try:
        code = supervisor.live()
        tell(STOPPING)
    finally:
        supervisor.end()
    if supervisor.stopped_by == signal.SIGHUP:
        terminal.closed(what, state, _show)
    elif supervisor.stopped_by:
        _show(f"Ended: {what}; agent, server and broker are stopped. {after}")
    return code, supervisor.played


@contextlib.contextmanager
def _alone(state: Path) -> Iterator[bool]:
    """Lock the state folder; yield False if it is locked. The kernel frees the lock at exit."""
    with opened(state / "lock", read_only=True) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _show(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be closed
        print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch up",
        description="Run broker, server and agent on this machine. Without --agent-config, play "
        "a made night. The command uses its own broker and its own folders: it ignores [mqtt] "
        "and state_dir in the settings.",
        epilog=RUNS_PINS,
    )
    add = parser.add_argument
    add("--config", type=Path, metavar="SERVER.toml", help="settings of the server")
    add(
        "--agent-config", type=Path, metavar="AGENT.toml", help="settings of the agent: its sensors"
    )
    add("--no-bed", action="store_true", help="no bed is at this machine: serve those elsewhere")
    add("--state", type=Path, metavar="DIR", help=f"folder for all data ({locations.state_dir()})")
    add(
        "--speed",
        type=between(0.01, 100_000),
        default=60.0,
        metavar="TIMES",
        help="speed of the made night, times real time (60)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
