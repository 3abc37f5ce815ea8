"""What a child said last; of one that native code has ended: what it was calling then.

Such a child ends by a signal, and its last lines are Python's dump of its threads. They say
nothing to an owner, but they tell the thread, and the files tell which driver or channel was
called. What ends by `os._exit` leaves no dump: then it may have been any that was called.
"""

import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from legwatch_runtime.calls import Running

_DUMP = "Fatal Python error: "
_CURRENT = re.compile(r"(?:Current thread (?P<thread>0x[0-9a-f]+)|Stack) .*most recent call first")
_FRAME = re.compile(r'^File "(?P<file>.+)", line (?P<line>\d+) in ')
# As the agent and the server log it before they call another package.
_BEGUN = re.compile(r"(?:importing|starting) (?P<what>\w+ '.*' \([\w.]+:\S* of .*\))$")
_MODULE = re.compile(r" \((?P<module>[\w.]+):")


_BY_OTHERS = (0, -signal.SIGKILL, -signal.SIGTERM)  # what it was calling has not ended it


class _Ended(NamedTuple):
    """What may have ended a child, and in which line, if the dump tells."""

    by: list[str]  # such as `calling driver 'x' (a:B of c 1.0)`
    where: str = ""


class LastWords:
    """Hears the lines of one child, from one start of it to its end."""

    def __init__(self) -> None:
        self.line = ""  # the last that is for people
        self._begun: dict[str, str] = {}  # what the log has named, and its module
        self._dump: list[str] | None = None

    def hear(self, line: str) -> None:
        """Take one line of its output."""
        said = line.strip()
        if self._dump is not None:
            self._dump.append(said)
        elif said.startswith(_DUMP):
            self._dump = []
        elif said:
            self.line = said
            if begun := _BEGUN.search(said):
                self._begun[begun["what"]] = _module_of(begun["what"])

    def at_end(self, code: int, log: Path, calling: Sequence[Running] = ()) -> str:
        """Return what to say of its end: an empty text, or a sentence with a space before it.

        `calling`: what of other packages it was calling then, by the memory that it shares.
        """
        ended = self._ended(code, calling)
        if ended.by:
            return f" {_sentence(ended)} Its log: {log}"
        if code >= 0:
            return f" Its last word: {self.line}" if self.line else ""
        return f" {self._begun_last()}Its log: {log}"

    def blamed(self, code: int, calling: Sequence[Running] = ()) -> list[str]:
        """Return what may have ended it, such as `calling driver 'x' (a:B of c 1.0)`."""
        return self._ended(code, calling).by

    def _ended(self, code: int, calling: Sequence[Running]) -> _Ended:
        if code in _BY_OTHERS:
            return _Ended([])
        thread, frames = self._failed() if code < 0 else (None, [])
        if thread is None and not frames:  # nothing tells which of them it was
            return _Ended(list(dict.fromkeys(one.what for one in calling)))
        if noted := [one.what for one in calling if one.thread == thread]:
            what = noted[-1]
            entered = _entered(frames, [_module_of(what)])
            return _Ended([what], entered[1] if entered else "")
        # A thread of the package's own, or of a child without such memory.
        if entered := _entered(frames, list(self._begun.values())):
            modules, where = entered
            whose = [what for what, module in self._begun.items() if module in modules]
            return _Ended([f"calling {what}" for what in whose], where)
        return _Ended([])

    def _begun_last(self) -> str:
        """Return what it began last, if the log tells; else its last line."""
        if begun := _BEGUN.search(self.line):
            return f"The last that it began was {self.line[begun.start() :]}. "
        return f"Its last word: {self.line}. " if self.line else ""

    def _failed(self) -> tuple[int | None, list[tuple[str, str]]]:
        """Return the thread that failed, and file and line of its calls, the first call first."""
        lines, thread = iter(self._dump or ()), None
        for line in lines:
            if current := _CURRENT.match(line):
                thread = int(current["thread"], 16) if current["thread"] else None
                break
        found = []
        for line in lines:
            if (frame := _FRAME.match(line)) is None:
                break
            found.append((frame["file"], frame["line"]))
        return thread, found[::-1]


def _sentence(ended: _Ended) -> str:
    if len(ended.by) == 1:
        return (
            f"It was {ended.by[0]}{ended.where}: update that package, or take it out of the"
            " settings."
        )
    return (
        f"Probably one of these has ended it{ended.where}: {'; '.join(ended.by)}. Update its"
        " package, or take it out of the settings."
    )


def _entered(frames: Sequence[tuple[str, str]], modules: list[str]) -> tuple[list[str], str] | None:
    """Return the modules whose code was called there, and the line of the first call in it."""
    for is_of in (_is_file_of, _is_beside):
        for file, line in frames:
            if found := [one for one in modules if is_of(file, one)]:
                return found, f", in line {line} of {file}"
    return None


def _module_of(what: str) -> str:
    found = _MODULE.search(what)
    return found["module"] if found else ""


def _is_file_of(file: str, module: str) -> bool:
    path = module.replace(".", "/")
    return file.endswith((f"/{path}.py", f"/{path}/__init__.py"))


def _is_beside(file: str, module: str) -> bool:
    """Return True if a file is in the package of the module."""
    package, dot, _ = module.partition(".")
    return bool(dot) and f"/{package}/" in file
