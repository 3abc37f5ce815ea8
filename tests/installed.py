"""What is installed, read once for all tests: each look takes ten milliseconds."""

from functools import cache
from importlib.metadata import EntryPoint

from legwatch import entry

look = entry._points  # for a test that installs something


@cache
def _points(group: str) -> tuple[EntryPoint, ...]:
    return tuple(look(group))


def remember() -> None:
    """Let entry points be found without a further look."""
    entry._points = lambda group: list(_points(group))
