"""Standard output and error that a command can always write to.

They may be closed (`>&-`), on a full disk (`> /dev/full`), or know only ASCII. Then a letter that
is not known is replaced, and what cannot be written ends the command in one sentence.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

NOWHERE = "/dev/null"


class CannotPrint(OSError):  # noqa: N818 - it names what is the matter
    """Standard output takes nothing more, for another reason than a reader that has gone."""


class ReaderGone(BrokenPipeError):  # noqa: N818 - it names what is the matter
    """Who reads standard output, such as `head`, has seen enough."""


class _Output:
    """Standard output; a failure of it is told from a failure of any other file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text; raises CannotPrint, or ReaderGone."""
        try:
            return self._stream.write(text)
        except BrokenPipeError as error:
            raise ReaderGone(*error.args) from None
        except (OSError, ValueError) as error:
            raise CannotPrint(str(error)) from None

    def flush(self) -> None:
        """Write out what is kept back; raises as `write` does."""
        try:
            self._stream.flush()
        except BrokenPipeError as error:
            raise ReaderGone(*error.args) from None
        except (OSError, ValueError) as error:
            raise CannotPrint(str(error)) from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Errors(_Output):
    """Standard error; what it does not take is not worth an end."""

    def write(self, text: str) -> int:
        """Write a text, or lose it."""
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Write out what is kept back, or lose it."""
        with suppress(OSError):
            super().flush()


@contextmanager
def usable() -> Iterator[None]:
    """Make both streams usable for a command; afterwards they are as before."""
    _open_closed()
    before = sys.stdout, sys.stderr
    sys.stdout = cast("TextIO", _Output(before[0]))
    sys.stderr = cast("TextIO", _Errors(before[1]))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def after(done: str) -> Iterator[None]:
    """Say on standard error what was done already, if standard output takes no word of it."""
    try:
        yield
        sys.stdout.flush()
    except CannotPrint:
        print(f"legwatch: {done}", file=sys.stderr)
        raise


def forget() -> None:
    """Drop what standard output still keeps back: Python would complain of it at the end."""
    with suppress(OSError, ValueError):
        sys.stdout.close()


def _open_closed() -> None:
    """Open what is closed: else the next file that is opened gets the number of the stream.

    Then the warning of a library would be written into a database.
    """
    sys.stdin = sys.stdin or open(NOWHERE)  # noqa: SIM115, PTH123
    sys.stdout = sys.stdout or open(NOWHERE, "w")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(NOWHERE, "w")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
