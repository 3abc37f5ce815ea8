"""The `legwatch` command. Each subcommand is an entry point; other packages can add one."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import legwatch
from legwatch.entry import Entry, check_written, entries, is_ours, named, origin, place, reason
from legwatch.errors import CannotRun, LegwatchError
from legwatch_runtime import loading, shipped, streams

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "legwatch.commands"
ABOUT = {
    "up": "start broker, server and agent on this machine; without sensors, play a made night",
    "agent": "run the bedside agent: read the sensors, store the windows, send them",
    "server": "run the server: store the windows, judge them, notify people",
    "alerts": "list tonight's alerts, explain one of them, answer one",
    "duty": "show who is on call tonight, and whether a push reaches them",
    "now": "show what the beds show now, what is watched, and who would be told",
    "beds": "list the beds; pause one, take one out of use, have it watched again",
    "setup": "set up a bed or a server, step by step, with sensors, phone and a test push",
    "sensors": "find the sensors that are wired to this Pi; show what they say",
    "pair": "make this Pi the bedside of a server elsewhere in the house",
    "programs": "let a program of the house, such as a home automation, read the beds and ask",
    "settings": "show or change the server's settings; a running server takes them over",
    "learned": "propose limits that fit a bed's own nights; change nothing",
    "storage": "show what takes how much room; write one night into a file for `replay`",
    "replay": "run the rules over recorded nights",
    "score": "score the rules on made nights, and compare them with a simple automation",
    "nights": "make plausible nights, each with a file of its truth",
    "history": "send the stored nights to InfluxDB for Grafana",
    "doctor": "look whether all is well with this installation, and say what to do if not",
    "backup": "write settings and database into one file, while all runs",
    "restore": "put back what `backup` has written, here or on another machine",
    "update": "put another version in the place of an installed one, or go back by itself",
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
    if arguments[:1] in (["--version"], ["-V"]):
        print(f"legwatch {legwatch.__version__}")
        return 0
    if arguments and (target := shipped.target(GROUP, arguments[0])):
        return _run(arguments[0], lambda: _run_ours(target, arguments[1:]), target)
    known = shipped.names(GROUP) or list(entries(GROUP))
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(_usage(known))
        return 0 if arguments else 2
    if arguments[0] not in known:
        print(f"legwatch: no command {arguments[0]!r}\n\n{_usage(known)}", file=sys.stderr)
        return 2
    entry = entries(GROUP)[arguments[0]]
    return _run(arguments[0], lambda: _run_found(entry, arguments[1:]), entry.point.value)


def _run(name: str, run: Callable[[], int], target: str) -> int:
    """Run a command; answer what it raises in one sentence."""
    try:
        return run()
    except ModuleNotFoundError as error:
        module = error.name or "?"
        extra = "device" if target.startswith("legwatch_device") else "server"
        missing = module.split(".")[0].startswith("legwatch")
        hint = (
            "pip install --force-reinstall legwatch"
            if missing
            else f"pip install 'legwatch[{extra}]'"
        )
        print(f"legwatch {name}: needs the module {module}: {hint}", file=sys.stderr)
        return 2
    except LegwatchError as error:
        print(f"legwatch {name}: {error}", file=sys.stderr)
        return 1 if isinstance(error, CannotRun) else 2
    except KeyboardInterrupt:
        return 130


def _run_ours(target: str, words: list[str]) -> int:
    return int(loading.load(target)(words) or 0)


def _run_found(entry: Entry, words: list[str]) -> int:
    if is_ours(entry.point):
        return _run_ours(entry.point.value, words)
    return _run_anothers(entry.point, _loaded(entry), words)


def _loaded(entry: Entry) -> Callable[[list[str]], Any]:
    """Return the function of another package; raises CannotRun if it cannot be loaded."""
    from legwatch_runtime.signature import misfit  # noqa: PLC0415 - only for other packages

    point, rivals = entry
    if rivals:
        others = ", ".join(origin(rival) for rival in rivals)
        raise CannotRun(f"{origin(point)} has the name of {others}: uninstall one of them")
    try:
        check_written(point)
        run: Callable[[list[str]], Any] = point.load()
    except (Exception, SystemExit) as error:
        raise CannotRun(f"{origin(point)} cannot be loaded: {reason(error)}") from error
    if not callable(run):
        raise CannotRun(f"{origin(point)} cannot be used: it is no function")
    if wrong := misfit(run):
        raise CannotRun(f"{origin(point)} cannot be used: it is {named(point)}{wrong}")
    return run


def _run_anothers(point: "EntryPoint", run: Callable[[list[str]], object], words: list[str]) -> int:
    """Run the command of another package, and say whose it is if it fails."""
    try:
        code = run(words)
    except (LegwatchError, streams.ReaderGone):
        raise
    except Exception as error:
        raise CannotRun(f"{origin(point)} failed: {reason(error)}{place(error)}") from error
    if code is None or isinstance(code, int):
        return int(code or 0)
    raise CannotRun(f"{origin(point)} must return an exit code, not {type(code).__name__}")


def _usage(commands: Sequence[str]) -> str:
    known = [name for name in ABOUT if name in commands]
    known += sorted(set(commands) - set(ABOUT))
    lines = ["usage: legwatch COMMAND [...]     (legwatch COMMAND --help tells more)", ""]
    lines += [f"  {name:<13} {ABOUT[name] if name in ABOUT else _about(name)}" for name in known]
    return "\n".join(lines)


def _about(name: str) -> str:
    from legwatch_runtime.described import described  # noqa: PLC0415 - only for other packages

    return described(entries(GROUP)[name].point)
