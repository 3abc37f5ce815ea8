"""The `legwatch` command. Each subcommand is an entry point; other packages can add one."""

import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

from legwatch import __version__
from legwatch.errors import CannotRun, LegwatchError

GROUP = "legwatch.commands"
ABOUT = {
    "up": "start broker, server and agent on this machine; without sensors, play a made night",
    "agent": "run the bedside agent: read the sensors, store the windows, send them",
    "server": "run the server: store the windows, judge them, notify people",
    "alerts": "list tonight's alerts, explain one of them, answer one",
    "duty": "show who is on call tonight, and whether a push reaches them",
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
    arguments = list(sys.argv[1:] if argv is None else argv)
    commands = {point.name: point for point in entry_points(group=GROUP)}
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


def _run(point: EntryPoint, arguments: list[str]) -> int:
    try:
        return int(point.load()(arguments) or 0)
    except ModuleNotFoundError as error:
        name = error.name or "?"
        if name.split(".")[0].startswith("legwatch"):
            raise
        extra = "device" if point.value.startswith("legwatch_device") else "server"
        hint = f"pip install 'legwatch[{extra}]'"
        print(f"legwatch {point.name}: needs the module {name}: {hint}", file=sys.stderr)
        return 2
    except LegwatchError as error:
        print(f"legwatch {point.name}: {error}", file=sys.stderr)
        return 1 if isinstance(error, CannotRun) else 2
    except KeyboardInterrupt:
        return 130


def _usage(commands: dict[str, EntryPoint]) -> str:
    known = [name for name in ABOUT if name in commands]
    known += sorted(set(commands) - set(ABOUT))
    lines = ["usage: legwatch COMMAND [...]     (legwatch COMMAND --help tells more)", ""]
    lines += [f"  {name:<13} {ABOUT.get(name, '')}".rstrip() for name in known]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
