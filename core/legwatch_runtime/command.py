"""The `legwatch` command. Each subcommand is an entry point; other packages can add one."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint
from typing import Any

from legwatch import __version__
from legwatch.entry import Entry, entries, is_ours, origin, place, reason
from legwatch.errors import CannotRun, LegwatchError
from legwatch_runtime import streams

GROUP = "legwatch.commands"
ABOUT = {
    "up": "start broker, server and agent on this machine; without sensors, play a made night",
    "agent": "run the bedside agent: read the sensors, store the windows, send them",
    "server": "run the server: store the windows, judge them, notify people",
    "alerts": "list tonight's alerts, explain one of them, answer one",
    "duty": "show who is on call tonight, and whether a push reaches them",
    "now": "show what the beds show now, what is watched, and who would be told",
    "beds": "list the beds; pause one, take one out of use, have it watched again",
    "settings": "show or change the server's settings; a running server takes them over",
    "learned": "propose limits that fit a bed's own nights; change nothing",
    "replay": "run the rules over recorded nights",
    "score": "score the rules on made nights, and compare them with a simple automation",
    "nights": "make plausible nights, each with a file of its truth",
    "history": "send the stored nights to InfluxDB for Grafana",
    "check-config": "check a settings file and list its errors",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code; 2 means wrong arguments or settings."""
    with streams.usable():
        try:
            try:
                return _main(argv)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            streams.forget()
            return 0
        except streams.CannotPrint as error:
            streams.forget()
            print(f"legwatch: standard output takes nothing: {error}", file=sys.stderr)
            return 1


def _main(argv: Sequence[str] | None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    commands = entries(GROUP)
    if arguments[:1] in (["--version"], ["-V"]):
        print(f"legwatch {__version__}")
        return 0
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(_usage(commands))
        return 0 if arguments else 2
    if arguments[0] not in commands:
        print(f"legwatch: no command {arguments[0]!r}\n\n{_usage(commands)}", file=sys.stderr)
        return 2
    return _run(commands[arguments[0]], arguments[1:])


def _run(entry: Entry, arguments: list[str]) -> int:
    point = entry.point
    try:
        run = _loaded(entry)
        if is_ours(point):
            return int(run(arguments) or 0)
        return _run_anothers(point, run, arguments)
    except ModuleNotFoundError as error:
        name = error.name or "?"
        extra = "device" if point.value.startswith("legwatch_device") else "server"
        missing = name.split(".")[0].startswith("legwatch")
        hint = (
            "pip install --force-reinstall legwatch"
            if missing
            else f"pip install 'legwatch[{extra}]'"
        )
        print(f"legwatch {point.name}: needs the module {name}: {hint}", file=sys.stderr)
        return 2
    except LegwatchError as error:
        print(f"legwatch {point.name}: {error}", file=sys.stderr)
        return 1 if isinstance(error, CannotRun) else 2
    except KeyboardInterrupt:
        return 130


def _loaded(entry: Entry) -> Callable[[list[str]], Any]:
    """Return the function of a command; raises CannotRun if another package's cannot be loaded."""
    point, rivals = entry
    if is_ours(point):
        run: Callable[[list[str]], Any] = point.load()
        return run
    if rivals:
        others = ", ".join(origin(rival) for rival in rivals)
        raise CannotRun(f"{origin(point)} has the name of {others}: uninstall one of them")
    try:
        run = point.load()
    except (Exception, SystemExit) as error:
        raise CannotRun(f"{origin(point)} cannot be loaded: {reason(error)}") from error
    if not callable(run):
        raise CannotRun(f"{origin(point)} cannot be used: it is no function")
    return run


def _run_anothers(point: EntryPoint, run: Callable[[list[str]], object], words: list[str]) -> int:
    """Run the command of another package, and say whose it is if it fails."""
    try:
        code = run(words)
    except LegwatchError:
        raise
    except Exception as error:
        raise CannotRun(f"{origin(point)} failed: {reason(error)}{place(error)}") from error
    if code is None or isinstance(code, int):
        return int(code or 0)
    raise CannotRun(f"{origin(point)} must return an exit code, not {type(code).__name__}")


def _usage(commands: Mapping[str, object]) -> str:
    known = [name for name in ABOUT if name in commands]
    known += sorted(set(commands) - set(ABOUT))
    lines = ["usage: legwatch COMMAND [...]     (legwatch COMMAND --help tells more)", ""]
    lines += [f"  {name:<13} {ABOUT.get(name, '')}".rstrip() for name in known]
    return "\n".join(lines)
