"""`legwatch replay`: run the rules over recorded nights, also with other limits."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from legwatch.contract.topics import check_bed
from legwatch.errors import CannotRun, SettingsError
from legwatch.limits.profile import parse_override
from legwatch.printable import shown
from legwatch.recording import CHANNELS
from legwatch_lab.plots import plot
from legwatch_lab.replay.nights import pieces
from legwatch_lab.replay.play import Piece, Play, Said
from legwatch_lab.replay.progress import progress
from legwatch_lab.replay.table import width
from legwatch_lab.stored_night import OtherLimits
from legwatch_runtime.process import cores, whole
from legwatch_runtime.profiles import rules_for
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_runtime.zones import zone_named

MOST_JOBS = 1024


def main(argv: Sequence[str]) -> int:
    """Run `legwatch replay`; return 0, or 2 if a file could not be read."""
    args = _parser().parse_args(argv)
    zone = zone_named(args.tz, "--tz")
    own = dict(parse_override(word) for word in args.set)
    how = Play(
        zone=zone,
        renames=[_rename(pair) for pair in args.map],
        rules=rules_for(args.profile or "standard", own, zone),
        bed=check_bed(args.bed),
        as_table=args.format == "table",
        width=width(),
        several=len(args.files) > 1,
        picture=args.plot,
        limits=OtherLimits(args.profile, own),
    )
    if args.plot:
        plot.check(args.plot, args.files)
    wrong: list[str] = []
    with closed_stdout_is_fine():
        wrong += _print_all(args.files, how, args.jobs)
        if wrong and how.several:
            names = ", ".join(wrong)
            _complain(f"{len(wrong)} of {len(args.files)} files could not be read: {names}")
    return 2 if wrong else 0


def _print_all(files: Sequence[Path], how: Play, jobs: int) -> list[str]:
    """Print the nights as they come; return the names of the files that could not be read."""
    wrong = []
    with progress(len(files)) as bar, closing(pieces(files, how, jobs)) as nights:
        for path, found in nights:
            for piece in found:
                bar.make_room()
                _print(piece)
                if piece.said is Said.UNREADABLE:
                    wrong.append(path.name)
            bar.step()
    return wrong


def _print(piece: Piece) -> None:
    match piece.said:
        case Said.OUT:
            print(piece.text)
        case Said.ASIDE:
            print(piece.text, file=sys.stderr)
        case Said.UNREADABLE:
            _complain(piece.text)
        case Said.STOP:
            raise CannotRun(piece.text)


def _complain(sentence: str) -> None:
    sys.stdout.flush()  # show the message below the previous night
    print(f"legwatch replay: {sentence}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch replay",
        description="Run the rules over recorded nights (CSV time,channel,value; gz or plain), or"
        " over a night that `legwatch storage night` has written: that one begins with the state of"
        " its noon, by its own limits, and its notices are compared with those of that night.",
        epilog="A recording starts afresh, as a new night. The column `sounds` is: not_yet for a "
        "warning that legwatch first shows without a sound; first for the first sound of an "
        "alert (`what` may then be repeated); again for an alert that has sounded before; no for "
        "a notice without a sound. The column `pushed` says `to others` of an answer: it goes to "
        "whoever was told and has not answered. Exit code: 0 done, 1 not possible here, 2 a file "
        "that cannot be read, or wrong arguments, 130 Ctrl-C.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.add_argument(
        "--profile",
        help="the profile of limits (default: standard; of a stored night, its own limits)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=NUMBER",
        help="e.g. stillness.warn_s=3600",
    )
    parser.add_argument(
        "--map", action="append", default=[], metavar="OLD=NEW", help="rename a channel"
    )
    parser.add_argument(
        "--tz",
        default="UTC",
        metavar="ZONE",
        help="time zone of times without offset, of the night and of the times shown"
        " (default: UTC; a stored night has its own)",
    )
    parser.add_argument(
        "--bed",
        default="bed",
        help="name of the bed in the notices (default: bed; a stored night has its own)",
    )
    parser.add_argument(
        "--jobs",
        type=whole(1, MOST_JOBS),
        metavar="N",
        default=cores(),
        help="nights in parallel (default: one per core); the output is the same",
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE.png",
        help="draw the night of a recording; for several nights, add their names to FILE",
    )
    return parser


def _rename(pair: str) -> tuple[str, str]:
    old, equals, new = pair.partition("=")
    if not (old and equals and new):
        raise SettingsError("--map", f"{pair!r} is not OLD=NEW")
    if new not in CHANNELS:
        known = ", ".join(CHANNELS)
        raise SettingsError("--map", f"{shown(new, 40)!r} is no channel; known: {known}")
    return old, new
