"""`legwatch nights make`: write made nights, and the truth beside them."""

import argparse
import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from legwatch.errors import LegwatchError, SettingsError
from legwatch_device.nights.kinds import KINDS
from legwatch_device.nights.night import Made, make

MOST = 100_000


def main(argv: Sequence[str]) -> int:
    """Run `legwatch nights`; returns 0, or 2 when a word is wrong or the folder cannot be used."""
    args = _parser().parse_args(argv)
    if not 1 <= args.count <= MOST:
        raise SettingsError("--count", f"{args.count} is not allowed; allowed 1 to {MOST}")
    try:
        zone = ZoneInfo(args.tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError("--tz", f"{args.tz!r} is not a zone such as Europe/Berlin") from None
    try:
        _make_all(args, zone)
    except OSError as error:
        raise LegwatchError(f"{error.filename or args.out}: {error.strerror}") from None
    print(f"{args.count} nights and their truth are in {args.out}")
    return 0


def _make_all(args: argparse.Namespace, zone: ZoneInfo) -> None:
    from tqdm import tqdm  # noqa: PLC0415 - nothing else here needs it

    args.out.mkdir(parents=True, exist_ok=True)
    quiet = args.count < 2 or not sys.stderr.isatty()
    for number in tqdm(range(args.count), desc="nights", unit=" nights", disable=quiet):
        write(make(args.seed, number, args.kind, zone), args.out)


def write(night: Made, folder: Path) -> Path:
    """Write a night's replay file and its truth; the same bytes for the same night."""
    path = folder / f"{night.name}.csv.gz"
    # A gzip file carries the time of its making and the name of its file, unless told otherwise.
    text = "\n".join([*night.lines, ""])
    path.write_bytes(gzip.compress(text.encode(), compresslevel=6, mtime=0))
    told = {"file": path.name, **night.truth}
    (folder / f"{night.name}.truth.json").write_text(
        json.dumps(told, indent=1) + "\n", encoding="utf-8"
    )
    return path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch nights", description="Plausible nights for trying rules without a bed."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    maker = commands.add_parser(
        "make",
        help="write replay files, and the truth beside them",
        description="Write replay files (NAME.csv.gz) and what really happened (NAME.truth.json). "
        "The same seed gives the same bytes.",
    )
    add = maker.add_argument
    add("--seed", type=int, required=True, help="a whole number; another one, other nights")
    add("--count", type=int, default=1, help="how many nights (default: 1)")
    add("--out", type=Path, required=True, metavar="DIR", help="folder; it is made if need be")
    add("--kind", choices=sorted(KINDS), default="mixed", help="what happens (default: mixed)")
    add("--tz", default="UTC", metavar="ZONE", help="where the bed stands (default: UTC)")
    return parser
