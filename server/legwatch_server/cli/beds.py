"""`legwatch beds`: list the beds; pause one, take one out of use, or have it watched again."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from legwatch.bedside import known, out_of_order
from legwatch.errors import CannotRun, SettingsError
from legwatch.limits.stillness import switched_off
from legwatch.night import local
from legwatch.scope import Sensors
from legwatch.text.span import span
from legwatch_runtime import locations, streams
from legwatch_runtime.files import read_toml
from legwatch_runtime.process import EXITS, between
from legwatch_runtime.rights import is_there
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_server import settings_file
from legwatch_server.cli import agent_in_force, asked, heard, watched
from legwatch_server.cli.heard import Heard
from legwatch_server.cli.on_disk import judged
from legwatch_server.in_force import InForce
from legwatch_server.meant import meant
from legwatch_server.pairing import FOLDER, PORT
from legwatch_server.rest import Rest, Rests
from legwatch_server.settings import ServerSettings
from legwatch_server.settings_file import CHANGED
from legwatch_server.store.reader import open_read_only, server_ms

LONG_AGO = date(2000, 1, 1)  # written over a pause in the owner's own file


def main(argv: Sequence[str]) -> int:
    """Run `legwatch beds`; 0 done, 1 not possible now, 2 a wrong bed, day or settings."""
    args = _parser().parse_args(argv)
    path = meant(args.config)
    found, server = asked.of_now(judged(path))
    now_ms = server_ms(found.settings.state_dir)
    if args.action is None:
        with closed_stdout_is_fine():
            for line in _list(found, server, now_ms):
                print(line)
        found.say()
        agent_in_force.say(found)
        return 0
    settings = settings_file.read(path)
    if args.action == "add":
        from legwatch_server.cli import beds_add  # noqa: PLC0415 - slow to import

        where = settings.house.address, args.port
        asked_for = beds_add.Asked(args.bed, args.minutes, *where, args.again)
        return beds_add.run(path, asked_for, Path(settings.state_dir))
    _check_known(args.bed, settings)
    for why in found.unusable():  # the server would refuse the change, too, and say so to nobody
        raise CannotRun(f"{why}. Nothing was changed")
    match args.action:
        case "pause":
            said = f"{_pause(path, args.bed, args.until, now_ms)}\n{_when(found)}"
        case "end":
            if not args.yes and not _agreed(args.bed):
                print("Nothing was changed.")
                return 1
            said = f"{_end(path, args.bed, Path(settings.state_dir))}\n{_when(found)}"
        case _:
            _resume(path, args.bed, settings, found, now_ms)
            said = _watched_again(args.bed, found) + _unpaired(args.bed, Path(settings.state_dir))
    with streams.after(CHANGED):
        print(said)
    return 0


def _parser() -> argparse.ArgumentParser:
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    parser = argparse.ArgumentParser(
        prog="legwatch beds",
        description="List the beds. Pause one, such as for a holiday, or take one out of use: then"
        " nothing of it is judged, told or missed, and its nights stay stored.",
        epilog=EXITS,
        parents=[config],
    )
    inner = argparse.ArgumentParser(add_help=False)
    inner.add_argument("--config", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    inner.add_argument("bed", metavar="BED", help="name of the bed")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    add = actions.add_parser(
        "add",
        help="let the bedside of a bed elsewhere in the house in, with a code",
        description="Print a code with which the bedside of a bed elsewhere in the house comes in,"
        " and wait for it. It then has a user of its own at the broker of `legwatch up`.",
        parents=[inner],
    )
    add.add_argument("--again", action="store_true", help="pair anew a bed that is paired")
    add.add_argument(
        "--minutes",
        type=between(0.01, 60),
        default=10.0,
        metavar="N",
        help="how long the code counts (10)",
    )
    add.add_argument(
        "--port",
        type=int,
        default=PORT,
        choices=range(65_536),
        metavar="PORT",
        help=f"where the bedside comes with its code ({PORT}); 0: any free port",
    )
    pause = actions.add_parser("pause", help="do not watch a bed until a day", parents=[inner])
    pause.add_argument(
        "--until",
        required=True,
        metavar="DATE",
        help="watched again from noon of this day on, such as 2026-12-10",
    )
    actions.add_parser("resume", help="watch a bed again, from now on", parents=[inner])
    end = actions.add_parser("end", help="take a bed out of use for good", parents=[inner])
    end.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def _check_known(bed: str, settings: ServerSettings) -> None:
    known = set(settings.beds)
    try:
        with open_read_only(settings.state_dir) as reader:
            known.update(reader.heard_beds())
    except CannotRun:
        if bed not in known:
            raise
    if bed not in known:
        names = ", ".join(sorted(known)) or "none"
        raise SettingsError("BED", f"there is no bed {bed!r}; known: {names}")


def _pause(path: Path, bed: str, until: str, now_ms: int) -> str:
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise SettingsError("--until", f"{until!r} is not a date such as 2026-12-10") from None
    settings = settings_file.read(path)
    if Rests(settings).at(now_ms).get(bed) is Rest.ENDED:
        raise CannotRun(
            f"bed {bed} is out of use for good; `legwatch beds resume {bed}` takes it back first"
        )
    today = local(now_ms, settings.zone_of(bed)).date()
    if day <= today:
        raise SettingsError("--until", f"{day} is not after today, {today}")
    settings_file.change(path, {f"beds.{bed}.paused_until": day})
    return (
        f"Bed {bed} is paused until noon of {day:%A %d %B %Y}: nothing of it is told, and the night"
        f" of that day is watched again. `legwatch beds resume {bed}` takes it back."
    )


def _end(path: Path, bed: str, state: Path) -> str:
    settings_file.change(path, {f"beds.{bed}.ended": True})
    said = (
        f"Bed {bed} is out of use: nothing of it is told, and only `legwatch beds` and `learned`"
        " show it. Its nights stay stored."
    )
    if is_there(state / FOLDER):
        from legwatch_server.cli.beds_add import sent_away  # noqa: PLC0415 - slow to import

        if sent_away(state / FOLDER, bed):
            return (
                f"{said} The broker lets its bedside in no more; `legwatch beds add {bed}` pairs it"
                " anew."
            )
    return f"{said} `legwatch beds resume {bed}` takes it back."


def _resume(path: Path, bed: str, settings: ServerSettings, found: InForce, now_ms: int) -> None:
    if bed not in Rests(settings).at(now_ms):
        if not found.running or bed not in Rests(found.settings).at(now_ms):
            raise CannotRun(f"bed {bed} is watched already")
        settings_file.ask_again(path)  # the server has refused what says so, and may take it now
        return
    owners = _table(read_toml(path), bed)
    changes = _table(settings_file.changes_in(settings_file.changes_file(path)), bed)
    values: dict[str, Any] = {}
    for key, off in (("ended", False), ("paused_until", LONG_AGO)):
        if key in owners:  # what stands there cannot be taken out: something goes before it
            values[f"beds.{bed}.{key}"] = off
        elif key in changes:
            values[f"beds.{bed}.{key}"] = None
    settings_file.change(path, values)


def _watched_again(bed: str, found: InForce) -> str:
    if found.running and _refused(found):
        return f"Bed {bed} is to be watched again. {_when(found)}"
    if found.running:
        return f"Bed {bed} is watched again: a running server takes it over within seconds."
    return f"Bed {bed} is watched again from the server's next start on; it is not running now."


def _unpaired(bed: str, state: Path) -> str:
    """Return what a bed still needs whose bedside the broker does not let in; empty: nothing."""
    if not is_there(state / FOLDER):
        return ""
    from legwatch_server.cli.beds_add import is_let_in  # noqa: PLC0415 - slow to import

    known = is_let_in(state / FOLDER, bed)
    return "" if known else f" If it stands elsewhere, `legwatch beds add {bed}` pairs its Pi anew."


def _table(settings: Mapping[str, Any], bed: str) -> Mapping[str, Any]:
    beds = settings.get("beds", {})
    table = beds.get(bed, {}) if isinstance(beds, Mapping) else {}
    return table if isinstance(table, Mapping) else {}


def _agreed(bed: str) -> bool:
    if not sys.stdin.isatty():
        raise SettingsError("--yes", f"nobody is here to be asked: `legwatch beds end {bed} --yes`")
    question = f"Take bed {bed} out of use? Nobody is told of it any more; its nights stay. [y/N] "
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _refused(found: InForce) -> str:
    """Return why the running server has refused what stands on the disk; empty: it has not."""
    refused = found.loaded.refused if found.loaded else None
    return refused.why if refused and found.changed else ""


def _when(found: InForce) -> str:
    if found.running and (why := _refused(found)):
        return (
            f"The server has refused an earlier change ({why}), and may refuse this with it: it"
            " tries again within seconds, and then `legwatch beds` says what is in force."
        )
    if found.running:
        return "A running server takes it over within seconds."
    return "The server is not running: this counts from its next start on."


def _list(found: InForce, said: asked.Said, now_ms: int) -> Iterator[str]:
    """Yield a paragraph for each bed in use, then what still comes from those that are not."""
    settings = found.settings
    beds, fitted = heard.beds(None, settings, now_ms), dict[str, Sensors]()
    yield from asked.lines(said)
    if found.has_run:
        with open_read_only(found.folder) as reader:
            beds = heard.beds(reader, settings, now_ms)
            fitted = watched.by_bed(reader, settings.rules_of)
    but = watched.hindered(beds.values(), now_ms, running=found.running, said=said)
    rests = Rests(settings)
    resting = rests.at(now_ms)
    width = max((len(name) for name in beds), default=0)
    ended = [name for name in beds if resting.get(name) is Rest.ENDED]
    for name, one in beds.items():
        if name not in ended:
            state = rests.said(name, now_ms) if one.known else "not known yet"
            rules = settings.rules_of(name)
            blind = name in fitted and (
                bool(fitted[name].made) or not fitted[name].seen(switched_off(rules))
            )
            if one.known and name not in resting and (but[name] or blind):
                state = "in use"  # "watched" would be said of a bed that nobody truly watches now
            yield f"{name:<{width}}  {state}; {_word(one, now_ms)}"
            if name in resting and found.running and _sends(one, now_ms):
                yield f"{'':<{width}}  its bedside sends, and what it sends is stored"
            for fitting, why in () if name in resting else out_of_order(known(one.last.bedside)):
                yield f"{'':<{width}}  its {fitting} does not work: {why}"
            if name in fitted and name not in resting:
                can = watched.can(fitted[name], rules, but[name])
                yield f"{'':<{width}}  {can}"
    if not beds:
        yield "No bed was ever heard of."
    for name in ended:
        still = f": its bedside still sends ({_word(beds[name], now_ms)}), which is stored"
        yield f"{name:<{width}}  out of use{still if _sends(beds[name], now_ms) else ''}"


def _sends(one: Heard, now_ms: int) -> bool:
    if not one.last.seen_ms or known(one.last.bedside).online is False:
        return False  # it was switched off, or has another name now: its last word was its last
    return now_ms - one.last.seen_ms < watched.FRESH_MIN * 60_000


def _word(one: Heard, now_ms: int) -> str:
    if not one.last.seen_ms:
        return one.refused or "never heard of"
    last = f"last word {span(max(0, now_ms - one.last.seen_ms) / 60_000)} ago"
    return "; ".join(filter(None, (last, one.refused)))
