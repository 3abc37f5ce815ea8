"""What a child said last; of one that native code has ended: what it was calling then.

Such a child ends by a signal, and its last lines are Python's dump of its threads. They say
nothing to an owner, but the files in them tell which driver or channel was called.
"""

import re
import signal
from collections.abc import Sequence
from pathlib import Path

_DUMP = "Fatal Python error: "
_CURRENT = re.compile(r"(Current thread|Stack) .*most recent call first")
_FRAME = re.compile(r'^File "(?P<file>.+)", line (?P<line>\d+) in ')
# As the agent and the server log it before they call another package.
_BEGUN = re.compile(r"(?:importing|starting) (?P<what>\w+ '.*' \((?P<module>[\w.]+):\S* of .*\))$")


_BY_OTHERS = (0, -signal.SIGKILL, -signal.SIGTERM)  # what it was calling has not ended it


class LastWords:
    """Hears the lines of one child, from one start of it to its end."""

    def __init__(self) -> None:
        self.line = ""  # the last that is for people
        self._begun: dict[str, str] = {}  # what the log has named, by module
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
                self._begun[begun["module"]] = begun["what"]

    def at_end(self, code: int, log: Path, calling: Sequence[str] = ()) -> str:
        """Return what to say of its end: an empty text, or a sentence with a space before it.

        `calling`: what of other packages it was calling then, by the memory that it shares.
        """
        named = self._named() if code < 0 else ""
        if calling and code not in _BY_OTHERS and not named:
            return (
                f" It was calling {' or '.join(calling)}: update that package, or take it out of"
                f" the settings. Its log: {log}"
            )
        if code >= 0:
            return f" Its last word: {self.line}" if self.line else ""
        return f" {named or self._begun_last()}Its log: {log}"

    def _named(self) -> str:
        """Return whose code it was in, if the dump tells."""
        for file, line in self._frames():
            called = self._begun.items()
            own = [what for module, what in called if _is_file_of(file, module)]
            named = own or [what for module, what in called if _is_beside(file, module)]
            if named:
                what = " or ".join(named)
                return (
                    f"It was calling {what}, in line {line} of {file}: update that package, or"
                    " take it out of the settings. "
                )
        return ""

    def _begun_last(self) -> str:
        """Return what it began last, if the log tells; else its last line."""
        if begun := _BEGUN.search(self.line):
            return f"The last that it began was {self.line[begun.start() :]}. "
        return f"Its last word: {self.line}. " if self.line else ""

    def _frames(self) -> list[tuple[str, str]]:
        """Return file and line of each call of the thread that failed, the innermost first."""
        lines = iter(self._dump or ())
        for line in lines:
            if _CURRENT.match(line):
                break
        found = []
        for line in lines:
            if (frame := _FRAME.match(line)) is None:
                break
            found.append((frame["file"], frame["line"]))
        return found


def _is_file_of(file: str, module: str) -> bool:
    path = module.replace(".", "/")
    return file.endswith((f"/{path}.py", f"/{path}/__init__.py"))


def _is_beside(file: str, module: str) -> bool:
    """Return True if a file is in the package of the module."""
    package, dot, _ = module.partition(".")
    return bool(dot) and f"/{package}/" in file
