"""Can the server run by what stands on the disk? Beside what is in force, for commands.

Only what waits there is looked at: an unchanged file of a running server costs no command any time.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from legwatch.errors import LegwatchError
from legwatch_runtime.secrets_beside import beside
from legwatch_server.in_force import InForce, in_force
from legwatch_server.settings import ServerSettings
from legwatch_server.settings_file import owners_file


def judged(file: Path) -> InForce:
    """Return what is in force, and also why the server would refuse what waits on the disk.

    Raises as `in_force` does.
    """
    found = in_force(file)
    if found.following is None or (found.running and not found.changed):
        return found
    new = replace(found.following, state_dir=str(found.folder))
    return replace(found, wrong=_wrong(found, new))


def _wrong(found: InForce, new: ServerSettings) -> str:
    from legwatch_server.notify.usable import check_waiting  # noqa: PLC0415 - only beside a change or an end of the server

    loaded = found.loaded if found.running else None
    with beside(found.file, owners_file(found.file)):
        try:
            check_waiting(
                new,
                held=found.settings.channel_names() if loaded else (),
                same=tuple(_same(found, new)) if loaded else (),
                reloads=loaded is not None and loaded.reload != loaded.restart,
            )
        except LegwatchError as error:
            return str(error)
    return ""


def _same(found: InForce, new: ServerSettings) -> Iterator[str]:
    """Yield the channels in use of which no change touches an option or a person."""
    for name in found.settings.channel_names():
        parts = ["push.channels", f"push.{name}"]
        for settings in (found.settings, new):
            people = settings.everybody().items()
            parts += (f"people.{p}" for p, one in people if name in (*one.channels, *one.quiet))
        if not any(f"{key}.".startswith(f"{part}.") for key in found.changed for part in parts):
            yield name
