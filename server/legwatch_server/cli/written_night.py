"""Write one night of a bed into a file, as it was lived."""

import argparse
from datetime import date
from pathlib import Path

from legwatch.errors import CannotRun, SettingsError
from legwatch.events import Window
from legwatch.lived import LivedNight
from legwatch_runtime import night_file
from legwatch_server.in_force import InForce
from legwatch_server.store.lived import DELETED
from legwatch_server.store.reader import open_read_only


def run(found: InForce, args: argparse.Namespace) -> int:
    """Write the night; 0 done. Raises CannotRun, or SettingsError for an unknown bed."""
    with open_read_only(found.folder) as reader:
        known = {name: ident for ident, name in reader.beds()}
        if args.bed not in known:
            names = ", ".join(known) or "none"
            raise SettingsError("BED", f"there is no bed {args.bed!r}; known: {names}")
        zone = found.settings.zone_of(args.bed)
        try:
            night = reader.lived(known[args.bed], args.bed, args.night, zone)
        except ValueError as error:
            raise CannotRun(f"{_named(args.bed, args.night)}: {error}") from None
    _check(night, args.night)
    night_file.write(args.file, night, over=args.force)
    print(_said(night, args.night, args.file))
    return 0


def _check(night: LivedNight, day: date) -> None:
    """Raise CannotRun if there is nothing to write."""
    if night.missing == DELETED or not (night.entries or night.given):
        why = night.missing if night.missing == DELETED else "nothing of it is stored"
        raise CannotRun(f"{_named(night.bed, day)}: {why}")


def _said(night: LivedNight, day: date, path: Path) -> str:
    windows = [lived for lived in night.entries if isinstance(lived.entry, Window)]
    late = sum(lived.late for lived in windows)
    counts = (
        f"{len(windows):,} windows ({late:,} late), {len(night.entries) - len(windows):,} other"
        f" events, {len(night.given):,} notices"
    )
    if night.missing:
        end = f"It cannot be replayed as it was lived: {night.missing}."
    else:
        end = f"`legwatch replay {path}` replays it."
    return f"{path}: {_named(night.bed, day)}: {counts}. {end}"


def _named(bed: str, day: date) -> str:
    return f"night of {day:%A %d %B %Y} of bed {bed}"
