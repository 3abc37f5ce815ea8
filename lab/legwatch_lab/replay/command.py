"""`legwatch replay`: run the rules over recorded nights, also with other limits."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

from legwatch.alerting.notice import as_json
from legwatch.alerting.sound import with_sounding
from legwatch.contract.topics import check_bed
from legwatch.engine import replay
from legwatch.errors import RecordingError, SettingsError
from legwatch.events import Event, Window
from legwatch.limits.profile import parse_override
from legwatch.limits.rules import Rules
from legwatch.night import local
from legwatch.printable import shown
from legwatch.recording import CHANNELS, Recording, events
from legwatch.renames import fault
from legwatch.text.message import text
from legwatch_lab.plots import plot
from legwatch_lab.replay.table import head, row
from legwatch_lab.replay.unreadable import begins, unread
from legwatch_runtime.profiles import rules_for
from legwatch_runtime.replay_file import read
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_runtime.zones import zone_named

MOST_NAMES = 12  # a message names at most this many unused channels


def main(argv: Sequence[str]) -> int:
    """Run `legwatch replay`; return 0, or 2 if a file could not be read."""
    args = _parser().parse_args(argv)
    zone = zone_named(args.tz, "--tz")
    renames = [_rename(pair) for pair in args.map]
    rules = rules_for(args.profile, dict(parse_override(word) for word in args.set), zone)
    bed = check_bed(args.bed)
    if args.plot:
        plot.check(args.plot)
    wrong = []
    with closed_stdout_is_fine():
        for path in args.files:
            try:
                _play(path, renames, rules, bed, args)
            except RecordingError as error:  # go on with the other files
                wrong.append(path.name)
                _complain(str(error), *begins(error.opening))
        if wrong and len(args.files) > 1:
            names = ", ".join(wrong)
            _complain(f"{len(wrong)} of {len(args.files)} files could not be read: {names}")
    return 2 if wrong else 0


def _complain(sentence: str, *more: str) -> None:
    sys.stdout.flush()  # show the message below the previous night
    print(f"legwatch replay: {sentence}", *more, sep="\n", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch replay",
        description="Run the rules over recorded nights (CSV time,channel,value; gz or plain).",
        epilog="Each file starts afresh, as a new night. The column `sounds` is: not_yet for a "
        "warning that legwatch first shows without a sound; first for the first sound of an "
        "alert (`what` may then be repeated); again for an alert that has sounded before; no for "
        "a notice without a sound. Exit code: 0 done, 1 not possible here, 2 a file that cannot be "
        "read, or wrong arguments, 130 Ctrl-C.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.add_argument(
        "--profile", default="standard", help="the profile of limits (default: standard)"
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
        " (default: UTC)",
    )
    parser.add_argument(
        "--bed", default="bed", help="name of the bed in the notices (default: bed)"
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE.png",
        help="draw the night; for several nights, add their names to FILE",
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


def _play(
    path: Path, renames: Sequence[tuple[str, str]], rules: Rules, bed: str, args: argparse.Namespace
) -> None:
    zone = zone_named(args.tz, "--tz")
    recording = read(path, zone=zone, renames=dict(renames))
    if wrong := fault(renames, recording.columns):
        raise RecordingError(f"{path}: --map: {wrong}")
    _warn(path, recording)
    if not recording.readings:
        raise RecordingError(f"{path}: {unread(recording)}")
    several = len(args.files) > 1
    counted = _EventCount(events(recording))
    count = 0
    for notice, sounds in with_sounding(replay(counted, rules)):
        if args.format == "jsonl":
            name = path.name if several else None
            print(as_json(notice, bed=bed, text=text(notice), sounds=sounds, file=name))
        else:
            if not count:
                print(f"== {path.name}\n{head()}" if several else head())
            print(row(notice, sounds, zone))
        count += 1
    if args.format == "table":
        print(_tail(path, counted, count, zone))
    if args.plot:
        target = plot.named(args.plot, plot.stem(path)) if several else args.plot
        for written in plot.plot(target, path, recording, rules):
            print(f"{path.name}: picture in {written}", file=sys.stderr)


class _EventCount:
    """Pass events on; count the windows and keep the times of the first and the last."""

    def __init__(self, source: Iterator[Event]) -> None:
        self._source = source
        self.windows = 0
        self.first_ms = self.last_ms = 0

    def __iter__(self) -> Iterator[Event]:
        for event in self._source:
            if isinstance(event, Window):
                self.windows += 1
                self.first_ms = self.first_ms or event.from_ms
                self.last_ms = event.to_ms
            yield event


def _warn(path: Path, recording: Recording) -> None:
    if recording.ignored:
        print(f"{path.name}: channels not used: {_named(recording.ignored)}", file=sys.stderr)
    if recording.refused_count:
        number, why = recording.refused[0]
        print(
            f"{path.name}: {recording.refused_count} lines refused, first line {number}: {why}",
            file=sys.stderr,
        )


def _named(ignored: Mapping[str, int]) -> str:
    """List the channels with their counts of lines; of many, the most frequent ones."""
    most = sorted(ignored, key=lambda name: -ignored[name])[:MOST_NAMES]
    names = [f"{shown(name, 40)} ({ignored[name]})" for name in sorted(most)]
    rest = len(ignored) - len(most)
    return ", ".join(names) + (f" and {rest} more" if rest else "")


def _tail(path: Path, counted: _EventCount, count: int, zone: tzinfo) -> str:
    first, last = local(counted.first_ms, zone), local(counted.last_ms, zone)
    span = f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} {first:%Z}"
    return f"{path.name}: {counted.windows} windows, {span}: {count} notices"
