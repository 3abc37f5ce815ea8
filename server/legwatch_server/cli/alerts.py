"""`legwatch alerts`: list a night's alerts, explain one alert, or answer one."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.bedside import known
from legwatch.conditions.verdict import Reason
from legwatch.contract.action import DEFAULT_SNOOZE_MIN, OFFERED_SNOOZES_MIN, Action
from legwatch.counted import counted
from legwatch.errors import SettingsError
from legwatch.events import FactKind
from legwatch.night import local, night_of
from legwatch.oncall.escalation import OVER
from legwatch.text.span import span
from legwatch_runtime import locations
from legwatch_runtime.process import EXITS, MOST_ROWS, whole
from legwatch_runtime.profiles import sources
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.cli import asked, heard, shown_quietly, watched
from legwatch_server.cli.explain import answered, explain, headed, is_unshown, journeys, told_often
from legwatch_server.cli.heard import Heard
from legwatch_server.cli.on_disk import judged
from legwatch_server.in_force import InForce
from legwatch_server.meant import meant
from legwatch_server.rest import Rest, Rests
from legwatch_server.review.trial import trial_statuses
from legwatch_server.settings import ServerSettings
from legwatch_server.store.reader import open_read_only, server_ms
from legwatch_server.store.records import Incident, NoticeRecord

FIRST_YEAR, LAST_YEAR = 1970, 9998
_ACTS = {"seen": Action.SEEN, "useless": Action.NOT_USEFUL}
_AT_BED = (Reason.LIT_AT_BED, Reason.ANSWERED_AT_BED, Reason.OVER_AT_BED)  # told at the bed
_NO_ANSWER = (TransitionKind.EXPECTED, TransitionKind.RESOLVED)  # needs none, or no more
_EXITS = EXITS.replace("wrong arguments", "no such alert, wrong arguments")


def main(argv: Sequence[str]) -> int:
    """Run `legwatch alerts`; 0 done, 1 not possible now, 2 no such alert or wrong settings."""
    args = _parser().parse_args(argv)
    if args.night not in (None, "last"):
        _date(args.night)
    found, said = asked.of_now(judged(meant(args.config)))
    settings = found.settings
    found.must_have_run()
    if getattr(args, "id", None) is not None:
        alert = _alert(settings, args.id)
        if args.action != "explain":
            _refuse_sign(settings, alert, args.action)
    match args.action:
        case "explain":
            return _explain(found, alert)
        case "seen" | "useless":
            return _answer(found, TargetKind.NOTICE, args.id, _ACTS[args.action])
        case "quiet":
            return _quiet(found, args)
        case _:
            with closed_stdout_is_fine():
                _list(found, said, args)
            found.say()
            return 0


def _parser() -> argparse.ArgumentParser:
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    parser = argparse.ArgumentParser(
        prog="legwatch alerts",
        description="Show a night's alerts, the people notified and their answers.",
        epilog=_EXITS,
        parents=[config],
    )
    parser.add_argument(
        "--night", metavar="DATE", help="date of the evening, such as 2026-11-23, or: last"
    )
    parser.add_argument("--bed", help="only this bed")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    # A subparser's default would overwrite a --config that was given before the action.
    inner = argparse.ArgumentParser(add_help=False)
    inner.add_argument("--config", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for name, about in (
        ("explain", "explain one alert in plain words"),
        ("seen", "mark the alert as seen: it makes no more sound until it is over"),
        ("useless", "mark the alert as seen and not useful"),
    ):
        action = actions.add_parser(name, help=about, epilog=_EXITS, parents=[inner])
        action.add_argument(
            "id", type=whole(1, MOST_ROWS), metavar="ID", help="the number of the alert"
        )
    quiet = actions.add_parser(
        "quiet", help="silence alerts for a while", epilog=_EXITS, parents=[inner]
    )
    which = quiet.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "id",
        type=whole(1, MOST_ROWS),
        nargs="?",
        metavar="ID",
        help="this alert only, until it is over",
    )
    which.add_argument(
        "--all",
        metavar="BED",
        help="warnings on cold and lying still of a bed; urgent alerts and 'I cannot see you' still"
        " sound",
    )
    quiet.add_argument(
        "--minutes",
        type=int,
        choices=OFFERED_SNOOZES_MIN,
        default=DEFAULT_SNOOZE_MIN,
        help="for how long (30)",
    )
    return parser


def _list(of: InForce, said: asked.Said, args: argparse.Namespace) -> None:
    settings = of.settings
    now_ms = server_ms(settings.state_dir)
    zone = settings.zone_of(args.bed or "")
    with open_read_only(settings.state_dir) as reader:
        last = reader.last_night(zone)
        night = _night(args.night, now_ms, zone, last)
        found = reader.incidents(night, zone, args.bed)
        rests = Rests(settings)
        resting = rests.at(now_ms)
        gone = {bed for bed, rest in resting.items() if rest is Rest.ENDED and bed != args.bed}
        every = heard.beds(reader, settings, now_ms).values()
        named = [one for one in every if args.bed in (None, one.bed)]
        shown = [one for one in named if one.bed not in gone]
        trials = list(trial_statuses(reader, settings, now_ms, args.bed))
        sensors = watched.by_bed(reader, settings.rules_of)
    awake = {one.bed for one in shown} - resting.keys()
    fitted = {bed: of for bed, of in sensors.items() if bed in awake}
    if args.bed and not shown:
        raise SettingsError("--bed", f"the server has no data of bed {args.bed!r}")
    for line in asked.lines(said):
        print(line)
    print(f"Night of {night:%A %d %B %Y} ({zone.key})")
    for episode in found:
        print()
        print("\n".join(_episode(episode, settings.zone_of(episode.bed))))
    print()
    if not found:
        more = f"; the last night with one: --night {last}" if last and last != night else ""
        print(f"No alerts{' that were stored' if said else ''}{more}.")
    but = watched.hindered(shown, now_ms, running=of.running, said=said)
    for line in watched.lines(fitted, settings.rules_of, but, lacking=True):
        print(line)
    # A bed without data has no alerts either; show when each bed last sent data.
    for one in shown:
        if one.bed in resting:
            print(f"{one.bed}: {rests.said(one.bed, now_ms)}: not watched")
            continue
        print(f"{one.bed}: {'; '.join(_last_word(one, now_ms, zone, said))}")
    for trial in trials:
        if trial.bed not in resting:
            print(trial)
    if not named:
        print("No bed was ever heard of.")


def _night(wanted: str | None, now_ms: int, zone: ZoneInfo, last: date | None) -> date:
    if wanted == "last" and last is not None:
        return last
    return night_of(now_ms, zone) if wanted in (None, "last") else _date(wanted)


def _date(wanted: str) -> date:
    try:
        night = date.fromisoformat(wanted)
    except ValueError:
        raise SettingsError("--night", f"{wanted!r} is not a date such as 2026-11-23") from None
    if not FIRST_YEAR <= night.year <= LAST_YEAR:
        raise SettingsError("--night", f"{wanted}: there is no night of this year")
    return night


def _episode(found: Incident, zone: ZoneInfo) -> Iterator[str]:
    yield _bold(f"#{found.id}  {found.bed}")
    for record, at, head in headed(found, zone):
        yield f"  {at}  {head}{_held(record)}"
        for line in journeys(record, zone):
            yield f"           {line}"
    for line in answered(found, zone):
        yield f"  {line}"


def _held(record: NoticeRecord) -> str:
    notice = record.notice
    if told_often(notice):
        return "  [told nobody: it comes and goes this night]"
    if notice.reason is Reason.OUT_OF_BED and not record.steps:
        return "  [told nobody: nobody has asked for it]"
    if notice.suppressed_by is None or notice.transition in OVER or notice.reason in _AT_BED:
        return ""
    if notice.suppressed_by is SuppressedBy.EARLY_SIGN:
        return "  [shown to nobody]" if is_unshown(record) else "  [shown without a sound]"
    if notice.suppressed_by is SuppressedBy.TRIAL and shown_quietly.is_sent(record):
        return "  [told quietly: learning]"
    if notice.suppressed_by is SuppressedBy.LOW_URGENCY:
        return f"  [{shown_quietly.in_short(record)}]"
    waiting = notice.suppressed_by is SuppressedBy.HOLD
    return "  [no sound yet]" if waiting else f"  [told nobody: {notice.suppressed_by}]"


def _last_word(one: Heard, now_ms: int, zone: ZoneInfo, said: asked.Said) -> Iterator[str]:
    """Yield when a bed last sent data, and what people should know of its agent."""
    seen, bedside = one.last, known(one.last.bedside)
    minutes = max(0, now_ms - seen.seen_ms) // 60_000
    if seen.seen_ms and minutes > watched.FRESH_MIN:
        at = f"{local(seen.seen_ms, zone):%d %b %H:%M}"
        yield f"NOT SEEN since {at}: nothing is known of the time after ({span(minutes)})"
    elif seen.seen_ms:
        played = " (a recording is played)" if seen.played else ""
        yield f"last word {minutes} min ago{played}"
    elif not one.refused:
        yield "never heard of"
    if one.refused:
        yield one.refused
    if bedside.online is False and not said:  # else it is old: the server knows more
        yield "the bedside is off"
    if bedside.info is not None and bedside.info.lost:
        yield f"the bedside had to drop {counted(bedside.info.lost, 'window')}"


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() else text


def _alert(settings: ServerSettings, ident: int) -> Incident:
    """Return the alert that a number means; raises SettingsError if there is none."""
    with open_read_only(settings.state_dir) as reader:
        found = reader.incident(ident)
    if found is None:
        raise SettingsError("ID", f"there is no alert {ident}; `legwatch alerts` lists them")
    return found


def _refuse_sign(settings: ServerSettings, alert: Incident, action: str) -> None:
    """Raise SettingsError for a note, and for an early sign: its alert would seem answered."""
    first = alert.notices[0].notice
    if isinstance(first.kind, FactKind):
        silent = "" if first.kind is FactKind.OUT else "makes no sound and "
        raise SettingsError("ID", f"{alert.id} is a note, which {silent}needs no answer")
    if first.transition is TransitionKind.REPORTED:
        raise SettingsError(
            "ID", f"{alert.id} is a report, which makes no sound and needs no answer"
        )
    if alert.notices[-1].notice.transition is not TransitionKind.EXPECTED:
        return
    with open_read_only(settings.state_dir) as reader:
        night = night_of(first.at_ms, settings.zone_of(alert.bed))
        found = reader.incidents(night, settings.zone_of(alert.bed), alert.bed)
    later = [
        one
        for one in found
        if one.id > alert.id
        and one.notices[0].notice.kind is first.kind
        and one.notices[-1].notice.transition not in _NO_ANSWER
    ]
    why = f"{alert.id} is an early sign, which makes no sound and needs no answer"
    if later:
        ident = later[-1].id
        why = f"{why}; the alert after it is {ident}: `legwatch alerts {action} {ident}`"
    raise SettingsError("ID", why)


def _explain(found: InForce, alert: Incident) -> int:
    settings = found.settings
    profile = sources(settings.profile_of(alert.bed))
    with closed_stdout_is_fine():
        zone, people = settings.zone_of(alert.bed), settings.everybody()
        print("\n".join(explain(alert, zone, profile, people)))
    if any(record.notice.rule is not None for record in alert.notices):
        found.say()  # it has named limits: are those of the file in force?
    return 0


def _quiet(found: InForce, args: argparse.Namespace) -> int:
    if args.all is None:
        return _answer(found, TargetKind.NOTICE, args.id, Action.SNOOZE, args.minutes)
    with open_read_only(found.settings.state_dir) as reader:
        beds = reader.beds(args.all)
    if not beds:
        raise SettingsError("--all", f"the server has no data of bed {args.all!r}")
    return _answer(found, TargetKind.BED, beds[0][0], Action.SNOOZE, args.minutes)


def _answer(found: InForce, of: TargetKind, ident: int, act: Action, minutes: int = 0) -> int:
    from legwatch_server.cli.post import post  # noqa: PLC0415 - slow to import, only answers need it

    return post(found, LinkClaims(of, ident, act, minutes, 0))
