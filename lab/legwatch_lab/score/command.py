"""`legwatch score`: how good the rules are on made nights, compared with a simple automation."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from legwatch.counted import counted
from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch.limits.profile import parse_override
from legwatch_lab import score
from legwatch_lab.score import curve, own_night, own_truth, table
from legwatch_lab.score.folder import ScoringTask, scored, truths
from legwatch_lab.score.interval import estimates
from legwatch_lab.score.listing import wrong
from legwatch_lab.score.night import ScoredNight
from legwatch_lab.score.report import ALL, SIDES, report
from legwatch_lab.stored_night import OtherLimits
from legwatch_runtime.process import EXITS, cores, whole
from legwatch_runtime.profiles import rules_for
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_runtime.zones import zone_named

MOST_JOBS = 1024
_OF_FOLDERS = ("kind", "limit", "jobs", "json", "false", "curve")  # not of one own night
_NOT_OF_ONE = "--kind, --limit, --jobs, --json, --false and --curve are for DIR, not for --night."
CHANNELS = {
    "mat": ("in_bed",),
    "room": ("room_temperature_c", "room_humidity_pct"),
    "ankle": ("ankle_temperature_c", "ankle_humidity_pct"),
    "humidity": ("leg_humidity_pct", "room_humidity_pct", "ankle_humidity_pct"),
    "movement": ("movement", "moved_s", "active_s"),
}


def main(argv: Sequence[str]) -> int:
    """Run `legwatch score`; return 0. Raises LegwatchError."""
    args = _parser().parse_args(argv)
    with closed_stdout_is_fine():
        _run(args)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch score",
        usage="legwatch score [options] DIR [DIR ...]\n"
        '       legwatch score --night FILE [--truth "02:40-03:35 uncovered"] [--tz ZONE]\n'
        "                      [--profile NAME] [--set KEY=NUMBER] [--without SENSOR]",
        description="Run the rules and a simple automation over made nights (NAME.csv.gz), and\n"
        "judge both by the truth beside them (NAME.truth.json, version 2); or judge one night of\n"
        "your own bed by what you noted of it (lab/legwatch_lab/score/own_nights.md).",
        epilog=f"{score.__doc__}\n{_NOT_OF_ONE}\n\n{EXITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folders", nargs="*", metavar="DIR", type=Path)
    add("--night", type=Path, metavar="FILE", help="a recording, or a stored night, of your own")
    add(
        own_truth.OPTION,
        action="append",
        default=[],
        metavar="SPANS",
        help="what you noted of it: FROM-TO uncovered, or FROM-TO out (of bed); with commas"
        " between several (default: nothing, you lay covered all the time)",
    )
    add("--profile", help="the profile of limits (default: standard; of a stored night, its own)")
    add("--set", action="append", default=[], metavar="KEY=NUMBER", help="e.g. alerts.wait_s=120")
    add(
        "--without",
        action="append",
        default=[],
        choices=CHANNELS,
        help="leave this sensor out (not of a stored night); repeat the option for more",
    )
    add(
        "--kind",
        action="append",
        default=[],
        help="only nights of this kind; repeat the option for more",
    )
    add("--limit", type=positive, metavar="N", help="only the first N of these nights")
    add(
        "--jobs",
        type=whole(1, MOST_JOBS),
        metavar="N",
        help="nights in parallel (default: one per core)",
    )
    add(
        "--tz",
        metavar="ZONE",
        help="time zone of the bed (default: that of the night; UTC for a recording)",
    )
    add("--json", metavar="FILE", help="write everything as JSON; - is the standard output")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--false", action="store_true", help="list the false alerts and the misses")
    one.add_argument("--curve", metavar="KEY=FROM:TO:STEP", help="score each value of one limit")
    return parser


def positive(word: str) -> int:
    """Read a number of 1 or more from the command line."""
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} is not 1 or more")
    return number


def _run(args: argparse.Namespace) -> None:
    own = dict(parse_override(word) for word in args.set)
    zone = zone_named(args.tz, "--tz") if args.tz else None
    if args.night:
        _print_own_night(args, own, zone)
        return
    if args.truth or not args.folders:
        raise SettingsError("DIR", "give folders of made nights, or --night FILE with --truth")
    args.profile = args.profile or "standard"
    without = _channels(args.without)
    if args.curve:
        rules = curve.along(args.curve, args.profile, own, zone or UTC)
    else:
        rules = {SIDES[0]: rules_for(args.profile, own, zone or UTC)}
    nights = _nights(args, ScoringTask(rules, without, zone))
    options = {"profile": args.profile, "set": own, "without": sorted(set(args.without))}
    if args.curve:
        _print_curve(args, nights, tuple(rules), options)
    else:
        _print_report(args, nights, options)


def _print_own_night(args: argparse.Namespace, own: Mapping[str, Any], zone: tzinfo | None) -> None:
    if args.folders:
        raise SettingsError("--night", "give one night, or folders of made nights, not both")
    for name in _OF_FOLDERS:
        if getattr(args, name):
            raise SettingsError(f"--{name}", "this is for folders of made nights, not for --night")
    rules, limits = (
        rules_for(args.profile or "standard", own, zone or UTC),
        OtherLimits(args.profile, own),
    )
    night = own_night.load(args.night, rules, limits, _channels(args.without))
    night = night._replace(zone=zone or night.zone)
    spans = own_truth.read(args.truth, night.first_ms, night.last_ms, night.zone)
    print("\n".join(own_night.lines(night, spans)))


def _channels(words: Sequence[str]) -> tuple[str, ...]:
    """Return the channels of the sensors that are left out."""
    return tuple(sorted({channel for word in words for channel in CHANNELS[word]}))


def _print_report(
    args: argparse.Namespace, nights: Sequence[ScoredNight], options: Mapping[str, Any]
) -> None:
    found = estimates(ALL, nights, SIDES)
    if args.json:
        _write(args.json, json.dumps(report(nights, found, options), ensure_ascii=False, indent=1))
    if args.json == "-":
        return
    if args.false:
        print("\n".join(wrong(nights)))
        return
    print(_about(args, nights))
    print()
    print("\n".join(table.headline(found)))
    print()
    print("\n".join(table.by_kind(nights)))
    print("\nEvery word of it is explained by `legwatch score --help`.")


def _print_curve(
    args: argparse.Namespace,
    nights: Sequence[ScoredNight],
    names: Sequence[str],
    options: Mapping[str, Any],
) -> None:
    key = args.curve.partition("=")[0]
    found = curve.found(nights, names)
    if args.json:
        _write(args.json, json.dumps({**options, **curve.report(key, found, names)}, indent=1))
    if args.json != "-":
        print(_about(args, nights))
        print()
        print("\n".join(curve.lines(key, found, names)))


def _about(args: argparse.Namespace, nights: Sequence[ScoredNight]) -> str:
    """Return one line: the number of nights, the profile and the options."""
    parts = [counted(len(nights), "night"), f"profile {args.profile}", *args.set]
    parts += [f"without {word}" for word in sorted(set(args.without))]
    return ", ".join(parts)


def _write(where: str, text: str) -> None:
    if where == "-":
        print(text)
        return
    try:
        Path(where).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"{where} cannot be written: {error.strerror}") from None


def _nights(args: argparse.Namespace, task: ScoringTask) -> list[ScoredNight]:
    paths = truths(args.folders, args.kind)[: args.limit]
    nights = scored(paths, task, args.jobs or cores())
    if not nights:
        raise LegwatchError(
            f"{args.folders[0]}: no night with a truth of version 2; "
            "`legwatch nights make --model body` writes such nights"
        )
    if left := len(paths) - len(nights):
        print(
            f"legwatch score: left out {left} of {len(paths)} nights: their truth is of"
            " version 1, and not of `legwatch nights make --model body`",
            file=sys.stderr,
        )
    return nights
