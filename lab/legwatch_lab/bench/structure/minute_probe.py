"""Count the calls of each judged minute: `python -P minute_probe.py TREE`, with TREE's packages.

This file runs in a process of its own and imports nothing of the lab, since TREE may be of another
time. It replays the golden nights of TREE and prints JSON; `recomputed` says what is counted.
"""

import io
import json
import sys
from collections import Counter
from collections.abc import Hashable
from contextlib import redirect_stdout
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

MINUTE = "bed.minute"
VIEW = "engine.view"
REPLAYS = ("lab/legwatch_lab/replay/command.py", "server/legwatch_server/replay.py")
NO_MEMORY = ("rules", "limits", "alarm", "alerting", "events")  # their records hold no observation
ALERTS = ("alarm", "alerting", "learning")  # several alerts may be in equal states


class Counts:
    """Calls and different calls of each function, minute by minute; a profile function."""

    def __init__(self, core: Path) -> None:
        self.core = core
        self.minutes = 0
        self.calls: Counter[str] = Counter()
        self.different: Counter[str] = Counter()
        self._inside: FrameType | None = None
        self._seen: dict[Hashable, object] = {}
        self._names: dict[CodeType, str] = {}
        self._starts: dict[CodeType, int] = {}  # where each function begins

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Take a call or a return, as sys.setprofile reports it."""
        if event == "return" and frame is self._inside:
            self._inside = None
        elif event == "call" and (name := self._name(frame.f_code)):
            if self._inside is not None:
                self._count(name, frame)
            elif name in {MINUTE, VIEW}:
                self._inside = frame
                if name == MINUTE:
                    self._seen = {}
                    self.minutes += 1

    def _name(self, code: CodeType) -> str:
        """Return room and name of a function of the core; "" for all other code."""
        if code not in self._names:
            path = Path(code.co_filename)
            self._names[code] = ""
            if self.core in path.parents and not code.co_name.startswith(("<", "__")):
                room = path.relative_to(self.core).with_suffix("").parts
                if room[0] not in ALERTS:
                    self._names[code] = ".".join((*room, code.co_qualname))
        return self._names[code]

    def _count(self, name: str, frame: FrameType) -> None:
        code = frame.f_code
        # A generator is called once; the same event for each value that it gives is no call.
        if frame.f_lasti != self._starts.setdefault(code, frame.f_lasti):
            return
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        arguments = [frame.f_locals[word] for word in names]
        if any(_is_memory(argument) for argument in arguments):
            self.calls[name] += 1
            key = (name, *map(_key, arguments))
            if key not in self._seen:
                self._seen[key] = arguments  # kept, so that no other object takes its identity
                self.different[name] += 1


def _is_memory(argument: object) -> bool:
    module = type(argument).__module__.split(".")
    known = isinstance(argument, tuple) and hasattr(argument, "_fields")
    return known and module[0] == "legwatch" and module[1] not in NO_MEMORY


def _key(argument: Any) -> Hashable:
    """Compare plain values and records by value, all else by identity."""
    if isinstance(argument, tuple):
        return (type(argument), *map(_key, argument))
    return argument if isinstance(argument, int | float | str | None) else id(argument)


def view_each_minute(counts: Counts) -> None:
    """Let the engine also make the view of each minute, as the server does to publish it."""
    engine: Any = import_module("legwatch.engine")
    plain = engine.advance
    parts = len(signature(engine.view).parameters)  # earlier, a view asked for the limits, too

    def advance(state: Any, event: Any, rules: Any) -> Any:
        minutes = counts.minutes
        after, notices = plain(state, event, rules)
        if counts.minutes > minutes:
            engine.view(*(after, rules)[:parts])
        return after, notices

    engine.advance = advance


def main(root: Path) -> None:
    """Replay the golden nights and print the counts."""
    found = next(path for path in REPLAYS if (root / path).exists())
    module = found.split("/", maxsplit=1)[1].removesuffix(".py").replace("/", ".")
    replay = import_module(module).main
    nights = sorted(str(path) for path in (root / "tests/nights").glob("*.csv.gz"))
    counts = Counts(root / "core/legwatch")
    view_each_minute(counts)
    with redirect_stdout(io.StringIO()):
        sys.setprofile(counts)
        replay(["--format=jsonl", *nights])
        sys.setprofile(None)
    functions = {name: (calls, counts.different[name]) for name, calls in counts.calls.items()}
    print(json.dumps({"minutes": counts.minutes, "functions": functions}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
