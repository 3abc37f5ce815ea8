"""One line on a terminal that says what is done and how far it is; elsewhere nothing."""

import sys
from types import TracebackType
from typing import Self

from legwatch_runtime.clock import instant

EVERY_S = 0.2


class Progress:
    """The line is taken away at the end, so that only the result stays."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._said = instant().after(-EVERY_S)
        self._width = 0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def report(self, what: str, share: float) -> None:
        """Say what is done, and how far it is, 0 to 1."""
        self.note(f"{what}: {100 * min(1.0, share):.0f} %")

    def note(self, line: str) -> None:
        """Say what is done."""
        now = instant()
        if not self._shows or now.since(self._said) < EVERY_S:
            return
        self._said = now
        sys.stderr.write(f"\r{line:<{self._width}}")
        sys.stderr.flush()
        self._width = max(self._width, len(line))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the line away."""
        self.clear()

    def clear(self) -> None:
        """Take the line away, so that another one can be printed."""
        if self._width:
            sys.stderr.write(f"\r{'':<{self._width}}\r")
            sys.stderr.flush()
            self._width = 0
