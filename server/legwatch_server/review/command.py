"""`legwatch learned`: replay a bed's nights and propose limits. It changes no settings."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from legwatch.errors import CannotRun, SettingsError
from legwatch.events import BODY_KINDS, Window
from legwatch_runtime import locations, profiles
from legwatch_runtime.process import EXITS
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_server.in_force import in_force
from legwatch_server.meant import meant
from legwatch_server.review.nights import ReviewedNight
from legwatch_server.review.report import PastNights, Review, as_table, report, rounded, to_paste
from legwatch_server.review.trial import trial_statuses
from legwatch_server.settings import ServerSettings
from legwatch_server.settings_file import change
from legwatch_server.store.port import Reader
from legwatch_server.store.reader import open_read_only, server_ms

MOST_NIGHTS = 60
COLUMNS = "{night:<16}  {in_bed:>6}  {air:<16}  {still:<13}  {alerts:<15}  {proposed}"


def main(argv: Sequence[str]) -> int:
    """Run `legwatch learned`; 0 done, 1 not possible here, 2 wrong arguments or settings."""
    args = _parser().parse_args(argv)
    if not 1 <= args.nights <= MOST_NIGHTS:
        raise SettingsError("--nights", f"{args.nights} is not allowed; allowed 1 to {MOST_NIGHTS}")
    if args.apply and not args.bed:
        raise SettingsError("--apply", "name the bed whose limits are to be taken over")
    path = meant(args.config)
    found = in_force(path)
    settings = found.settings
    with open_read_only(settings.state_dir) as reader:
        beds = _beds(reader, args.bed, settings)
        reports = [_report(reader, settings, bed, args.nights) for bed in beds]
    with closed_stdout_is_fine():
        if args.apply:
            print("\n".join(_applied(reports[0], path)))
        elif args.json:
            print(json.dumps({"beds": [as_table(one) for one in reports]}, indent=1))
        else:
            print("\n\n".join("\n".join(_page(one, settings, path)) for one in reports))
    found.say()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch learned",
        description="Replay a bed's stored nights, and show which limits would fit them.",
        epilog=f"Without --apply this command changes nothing. {EXITS}",
    )
    parser.add_argument("bed", nargs="?", metavar="BED", help="only this bed (all)")
    parser.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    parser.add_argument(
        "--nights",
        type=int,
        default=7,
        metavar="N",
        help="how many of the latest nights with somebody in bed (7)",
    )
    parser.add_argument(
        "--apply", action="store_true", help="take the proposed limits of BED over at once"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    return parser


def _applied(one: Review, path: Path) -> Iterator[str]:
    """Take the proposed limits over, all or none; yield what was done."""
    limits = rounded(one)
    if not limits:
        raise CannotRun(f"nothing to take over for bed {one.bed}: {'; '.join(one.remarks)}")
    change(path, {f"beds.{one.bed}.rules.{key}": value for key, value in limits.items()})
    yield from (f"bed {one.bed}: {key} = {value:g}" for key, value in limits.items())
    yield "A running server takes this over within seconds; `legwatch settings undo` takes it back."


def _beds(reader: Reader, wanted: str | None, settings: ServerSettings) -> list[tuple[int, str]]:
    known = {*settings.beds, *reader.heard_beds()}
    beds = [bed for bed in reader.beds(wanted) if bed[1] in known]
    if wanted and not beds:
        raise SettingsError("BED", f"the server has no data of bed {wanted!r}")
    return beds


def _report(reader: Reader, settings: ServerSettings, bed: tuple[int, str], wanted: int) -> Review:
    bed_id, name = bed
    quiet = next(trial_statuses(reader, settings, server_ms(settings.state_dir), name), None)
    past = PastNights(reader, bed_id, settings.rules_of(name), wanted, _with_progress)
    return report(name, past, quiet, profiles.lowest(settings.profile_of(name)))


def _with_progress(windows: Iterable[Window]) -> Iterable[Window]:
    if not sys.stderr.isatty():
        return windows
    from tqdm import tqdm  # noqa: PLC0415 - only needed on a terminal

    bar: Iterable[Window] = tqdm(windows, desc="replaying", unit=" windows", leave=False)
    return bar


def _page(one: Review, settings: ServerSettings, path: Path) -> Iterator[str]:
    yield f"Bed {one.bed}"
    if one.quiet:
        yield f"{one.quiet}; quiet nights left, with this one: {one.quiet.left}"
    if not one.nights:
        yield "No live night of it is stored."
        return
    yield from _table(one)
    yield ""
    for remark in one.remarks:
        yield f"- {remark}"
    if one.limits:
        yield ""
        yield f"To take this over, type `legwatch learned {one.bed} --apply`,"
        yield f"or write into {path} and let the server read it again:"
        own = one.bed in settings.beds and bool(settings.beds[one.bed].rules)
        yield from to_paste(one, profile_rules=own)


def _table(one: Review) -> Iterator[str]:
    yield COLUMNS.format(
        night="night",
        in_bed="in bed",
        air="air by the legs",
        still="longest still",
        alerts="alerts" if one.proposed is None else "alerts now",
        proposed="" if one.proposed is None else "as proposed",
    ).rstrip()
    after = {night.date: night for night in one.proposed or ()}
    for night in one.nights:
        yield _line(night, after.get(night.date))


def _line(night: ReviewedNight, proposed: ReviewedNight | None) -> str:
    air = "not known"
    if night.usual_c:
        low_c, high_c = night.usual_c
        air = f"{low_c:.1f}-{high_c:.1f} °C"
    still = "not known"
    if night.still_min is not None:
        still = f"{night.still_min // 60} h {night.still_min % 60} min"
    line = COLUMNS.format(
        night=f"{night.date:%a %d %b %Y}",
        in_bed=f"{night.in_bed_min / 60:.1f} h",
        air=air,
        still=still,
        alerts=_alerts(night),
        proposed=_alerts(proposed) if proposed else "",
    ).rstrip()
    return line if night.counts else f"{line}  (too short to count)"


def _alerts(night: ReviewedNight) -> str:
    counts = [f"{night.count(kind)} {kind}" for kind in BODY_KINDS if night.count(kind)]
    return ", ".join(counts) or "none"
