"""The installed drivers and channels, and the keys of each as an annotated TOML table."""

from collections.abc import Iterable, Iterator, Sequence

from legwatch.contract.roles import DRIVERS
from legwatch.errors import SettingsError
from legwatch.options import Door, annotated_table, describe
from legwatch_runtime import plugins


def installed(doors: Sequence[Door]) -> Iterator[str]:
    """Yield a line for each table: what it is for, and the drivers or channels that may fill it."""
    for door in doors:
        names = ", ".join(plugins.names(door.group)) or "none installed"
        yield f"[{door.table.format(name='NAME')}] {door.about}: {names}"
    for group in _without_table(doors):
        if found := plugins.names(group):
            yield f"no table of this version takes a driver of {group}: {', '.join(found)}"


def _without_table(doors: Iterable[Door]) -> list[str]:
    """Return the groups of drivers that an author may write and that no sensor has yet."""
    taken = {door.group for door in doors}
    return [group for group in DRIVERS if group not in taken]


def keys_of(name: str, doors: Sequence[Door]) -> Iterator[str]:
    """Yield the tables of a driver or a channel, each key with its default, range and meaning.

    Raises SettingsError for an unknown name, CannotRun if a package is missing.
    """
    groups = dict.fromkeys(door.group for door in doors if name in plugins.names(door.group))
    if not groups:
        for group in _without_table(doors):
            if name in plugins.names(group):
                problem = f"{name!r} is installed, but no table of this version takes a driver of"
                raise SettingsError("--options", f"{problem} {group}")
        known = sorted({one for door in doors for one in plugins.names(door.group)})
        problem = f"no driver or channel {name!r}; installed: {', '.join(known)}"
        raise SettingsError("--options", problem)
    for group in groups:
        first, *others = [door for door in doors if door.group == group]
        taken = [option.key for option in describe(first.place)]
        kind = plugins.load(group, name, "--options", "driver or channel", taken=taken)
        header, *keys = annotated_table(first, name, kind)
        yield header + "".join(f"  # or [{door.table}]" for door in others)
        yield from keys
