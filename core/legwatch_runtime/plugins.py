"""Drivers and channels by name: each is an entry point, the shipped ones too."""

from importlib.metadata import entry_points
from typing import Any

from legwatch.errors import SettingsError


def names(group: str) -> list[str]:
    """Return the names of all installed drivers or channels of a group, sorted."""
    return sorted(point.name for point in entry_points(group=group))


def load(group: str, name: str, path: str, word: str) -> Any:
    """Return the class of a driver or channel; `word` is what the error calls it.

    Raises SettingsError at `path` for an unknown name or a broken package, ModuleNotFoundError if a
    module that it needs is missing.
    """
    found = {point.name: point for point in entry_points(group=group)}
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise SettingsError(path, f"no {word} {name!r}; installed: {known}")
    try:
        return found[name].load()
    except ModuleNotFoundError:
        raise
    except Exception as error:
        problem = f"{word} {name!r} of {found[name].value} cannot be loaded: {error}"
        raise SettingsError(path, problem) from error
