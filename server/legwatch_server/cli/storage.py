"""`legwatch storage`: what takes how much room, and what will be deleted when."""

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from legwatch.night import local
from legwatch_runtime import locations
from legwatch_runtime.process import EXITS
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_server.cli import asked, storage_night
from legwatch_server.cli.on_disk import judged
from legwatch_server.meant import meant
from legwatch_server.settings import ServerSettings
from legwatch_server.store.aging import deleted_ms
from legwatch_server.store.reader import FILE, open_read_only
from legwatch_server.store.records import Kept, Storage

_MB = 1_000_000


def main(argv: Sequence[str]) -> int:
    """Run `legwatch storage`; 0 done, 1 not possible now, 2 wrong settings."""
    args = _parser().parse_args(argv)
    found, said = asked.of_now(judged(meant(args.config)))
    found.must_have_run()
    if args.action:
        from legwatch_server.cli import written_night  # noqa: PLC0415 - it brings the engine along

        return written_night.run(found, args)
    with open_read_only(found.folder) as reader:
        storage = reader.storage()
    with closed_stdout_is_fine():
        if args.json:
            print(json.dumps(_as_json(storage, found.settings), indent=2))
        else:
            for line in asked.lines(said):
                print(line)
            for line in _lines(found.folder / FILE, storage, found.settings):
                print(line)
    found.say()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch storage",
        description="Show what takes how much room in the database, from when to when it is, and"
        " what will be deleted when.",
        epilog=EXITS,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    parser.add_argument("--json", action="store_true", help="print it for a program")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    storage_night.add_to(actions)
    return parser


def _lines(file: Path, storage: Storage, settings: ServerSettings) -> Iterator[str]:
    months, zone = settings.store.raw_months, settings.zone_of("")
    yield f"{file}: {_size(storage.file_bytes)}"
    times = ""
    if storage.packed_ms is not None:
        first, last = (local(at_ms, zone).date() for at_ms in storage.packed_ms)
        times = _from_to(first, last)
    nights = _from_to(*map(date.fromisoformat, storage.nights_of)) if storage.nights_of else ""
    yield _line(
        "windows, as they came", storage.windows, "live ones are packed when their night is over"
    )
    yield _line("windows, packed", storage.packed, times)
    yield _line("nights, by the minute", storage.nights, nights)
    yield _line("states at noon", storage.noons, "with what is needed to replay the nights")
    yield _line("notices", storage.told, "with their pushes and answers")
    yield f"  {'free':<24}{'':>12}{_size(storage.free_bytes):>11}  for new rows"
    yield "What each takes is about right; the file does not shrink, and free room is used again."
    yield (
        f"Every window is kept for {months} {'month' if months == 1 else 'months'}"
        " (store.raw_months), but those of recordings for ever, as nights and notices are."
    )
    if storage.oldest is None:
        yield "No night with live windows is over yet: nothing will be deleted."
    else:
        night = date.fromisoformat(storage.oldest.night)
        when = local(deleted_ms(storage.oldest.to_ms, months), zone).date()
        yield f"Next, the windows of the night of {_day(night)} are deleted, on {_day(when)}."


def _line(name: str, kept: Kept, more: str) -> str:
    return f"  {name:<24}{kept.rows:>12,}{_size(kept.bytes):>11}  {more}".rstrip()


def _size(size_bytes: int) -> str:
    return f"{size_bytes / _MB:,.1f} MB"


def _from_to(first: date, last: date) -> str:
    return _day(first) if first == last else f"{_day(first)} to {_day(last)}"


def _day(day: date) -> str:
    return f"{day:%d %b %Y}"


def _as_json(storage: Storage, settings: ServerSettings) -> dict[str, Any]:
    months, kept = settings.store.raw_months, storage._asdict()
    oldest = storage.oldest
    return {
        **{name: one._asdict() if isinstance(one, Kept) else one for name, one in kept.items()},
        "oldest": None if oldest is None else oldest.night,
        "oldest_deleted_ms": None if oldest is None else deleted_ms(oldest.to_ms, months),
        "raw_months": months,
    }
