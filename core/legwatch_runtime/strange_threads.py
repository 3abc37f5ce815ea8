"""Whose thread has failed: one that another package has started is that package's own affair."""

import sys
import traceback
from typing import TYPE_CHECKING

from legwatch.entry import distribution, module

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_packages: dict[str, str] = {}  # name and version by module, of what was loaded here


def note(point: "EntryPoint") -> None:
    """Remember another package's entry point that this process loads; it may be gone later."""
    _packages[module(point)] = distribution(point) or "an unknown package"


def owner(error: BaseException) -> str:
    """Return the package that has started the thread that `error` has ended; empty: none such.

    The thread of a library may call many others, ours too, so it is nobody's own: only the
    standard library may stand between the thread's start and the package.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        name = str(frame.f_globals.get("__name__"))
        if _top(name) not in sys.stdlib_module_names:
            return _package(name)
    return ""


def _package(name: str) -> str:
    """Return the package of a module; packages of one firm may have the first name in common."""
    alike = [known for known in list(_packages) if _top(known) == _top(name)]
    if not alike:
        return ""
    words = name.split(".")
    return _packages[max(alike, key=lambda known: sum(map(str.__eq__, known.split("."), words)))]


def _top(name: str) -> str:
    return name.partition(".")[0]
