"""`legwatch replay`: run the rules over recorded nights, with other limits if one likes."""

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
from legwatch.recording import Recording, events
from legwatch.text.message import text
from legwatch_lab.plots import plot
from legwatch_lab.replay.table import head, row
from legwatch_lab.replay.unreadable import begins, unread
from legwatch_runtime.profiles import rules_for
from legwatch_runtime.replay_file import read
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_runtime.zones import zone_named

MOST_NAMES = 12  # channels that are named when they are not used


def main(argv: Sequence[str]) -> int:
    """Run `legwatch replay`; 0, or 2 when a word is wrong or nothing was read of a file."""
    args = _parser().parse_args(argv)
    zone = zone_named(args.tz, "--tz")
    renames = dict(_rename(pair) for pair in args.map)
    rules = rules_for(args.profile, dict(parse_override(word) for word in args.set), zone)
    bed = check_bed(args.bed)
    if args.plot:
        plot.check(args.plot)
    wrong = []
    with closed_stdout_is_fine():
        for path in args.files:
            try:
                _play(path, renames, rules, bed, args)
            except RecordingError as error:  # the other nights are shown all the same
                wrong.append(path.name)
                _complain(str(error), *begins(error.opening))
        if wrong and len(args.files) > 1:
            names = ", ".join(wrong)
            _complain(f"{len(wrong)} of {len(args.files)} files went wrong: {names}")
    return 2 if wrong else 0


def _complain(sentence: str, *more: str) -> None:
    sys.stdout.flush()  # so that on a terminal it stands below the night before
    print(f"legwatch replay: {sentence}", *more, sep="\n", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch replay",
        description="Run the rules over recorded nights (CSV time,channel,value; gz or plain).",
        epilog="Several files are several nights, each from a fresh start. The column `sounds` is "
        "not_yet for the first sign of a warning, which is shown without a sound; first for the "
        "first sound of an alert, which `what` may call repeated; again for an alert that has "
        "sounded before; no for all that makes no sound.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.add_argument("--profile", default="standard", help="the limits (default: standard)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=NUMBER", help="e.g. warmth.warn_c=26"
    )
    parser.add_argument(
        "--map", action="append", default=[], metavar="OLD=NEW", help="rename a channel"
    )
    parser.add_argument(
        "--tz", default="UTC", metavar="ZONE", help="of times without an offset, and of the night"
    )
    parser.add_argument("--bed", default="bed", help="the name in the notices (default: bed)")
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE.png",
        help="draw the night; several nights have their names put in",
    )
    return parser


def _rename(pair: str) -> tuple[str, str]:
    old, equals, new = pair.partition("=")
    if not (old and equals and new):
        raise SettingsError("--map", f"{pair!r} is not OLD=NEW")
    return old, new


def _play(
    path: Path, renames: dict[str, str], rules: Rules, bed: str, args: argparse.Namespace
) -> None:
    zone = zone_named(args.tz, "--tz")
    recording = read(path, zone=zone, renames=renames)
    _remark(path, recording)
    if not recording.readings:
        raise RecordingError(f"{path}: {unread(recording)}")
    several = len(args.files) > 1
    counted = _EventCount(events(recording))
    said = 0
    for notice, sounds in with_sounding(replay(counted, rules)):
        if args.format == "jsonl":
            name = path.name if several else None
            print(as_json(notice, bed=bed, text=text(notice), sounds=sounds, file=name))
        else:
            if not said:
                print(f"== {path.name}\n{head()}" if several else head())
            print(row(notice, sounds, zone))
        said += 1
    if args.format == "table":
        print(_tail(path, counted, said, zone))
    if args.plot:
        target = plot.named(args.plot, plot.stem(path)) if several else args.plot
        for written in plot.plot(target, path, recording, rules):
            print(f"{path.name}: picture in {written}", file=sys.stderr)


class _EventCount:
    """Passes events on and remembers how many windows went by, and when."""

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


def _remark(path: Path, recording: Recording) -> None:
    if recording.ignored:
        print(f"{path.name}: channels not used: {_named(recording.ignored)}", file=sys.stderr)
    if recording.refused_count:
        number, why = recording.refused[0]
        print(
            f"{path.name}: {recording.refused_count} lines refused, first line {number}: {why}",
            file=sys.stderr,
        )


def _named(ignored: Mapping[str, int]) -> str:
    """Return the names with their lines; of very many, as in a file of other columns, a few."""
    most = sorted(ignored, key=lambda name: -ignored[name])[:MOST_NAMES]
    names = [f"{shown(name, 40)} ({ignored[name]})" for name in sorted(most)]
    rest = len(ignored) - len(most)
    return ", ".join(names) + (f" and {rest} more" if rest else "")


def _tail(path: Path, counted: _EventCount, said: int, zone: tzinfo) -> str:
    first, last = local(counted.first_ms, zone), local(counted.last_ms, zone)
    span = f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} {first:%Z}"
    return f"{path.name}: {counted.windows} windows, {span}: {said} notices"
