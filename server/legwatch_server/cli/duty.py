"""`legwatch duty`: show who is on call in the next nights, and whether their channels work."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from legwatch.errors import CannotRun, LegwatchError
from legwatch.limits.rules import is_night
from legwatch.night import local, night_of, noon_ms
from legwatch.oncall.people import told_out_of_bed
from legwatch.scope import Sensors
from legwatch.text.span import span
from legwatch_runtime import locations
from legwatch_runtime.process import whole
from legwatch_runtime.secrets_beside import beside
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_server import settings_file
from legwatch_server.cli import asked, heard, watched, would_be_told
from legwatch_server.cli.heard import Heard
from legwatch_server.cli.on_disk import judged
from legwatch_server.in_force import InForce
from legwatch_server.meant import meant
from legwatch_server.notify.rehearsal import RouteStatus, route_statuses
from legwatch_server.on_duty import on_duty
from legwatch_server.rest import Rest, Rests
from legwatch_server.review.trial import TrialStatus, trial_statuses
from legwatch_server.settings import ServerSettings
from legwatch_server.store.reader import open_read_only, server_ms

MOST_NIGHTS = 366
_COLOURS = {True: "\x1b[32m", False: "\x1b[33m", None: "\x1b[2m"}
_WORDS = {True: "green", False: "AMBER", None: "not known"}


def main(argv: Sequence[str]) -> int:
    """Run `legwatch duty`; 0 if all channels of tonight's people on call are green, else 1."""
    parser = argparse.ArgumentParser(
        prog="legwatch duty",
        description="Show who is on call in the next nights, and whether their channels work.",
        epilog="Exit code: 0 if each channel of tonight's people is green, 1 if one is amber or "
        "not known, or if it cannot be told now (--push: if one has not sent it), 2 wrong"
        " arguments or settings.",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    parser.add_argument(
        "--nights", type=whole(1, MOST_NIGHTS), default=7, metavar="N", help="how many nights (7)"
    )
    parser.add_argument(
        "--push",
        metavar="PERSON",
        help="send this person a push now, with a sound, by each of their channels",
    )
    args = parser.parse_args(argv)
    if args.push is not None:
        return _try_push(meant(args.config), args.push)
    found, said = asked.of_now(judged(meant(args.config)))
    settings = found.settings
    now_ms = server_ms(settings.state_dir)
    rests, stored = Rests(settings), _stored(settings, now_ms)
    good = False
    with closed_stdout_is_fine():
        for line in asked.lines(said):
            print(line)
        beds = _Beds(_known(settings, stored), rests)
        tonight = _roster(settings, beds, now_ms, args.nights)
        for line in _state(found, rests, now_ms, stored, said):
            print(line)
        print()
        good = _routes(settings, stored, tonight, dict(said.unready))
    found.say()
    return 0 if good else 1


def _try_push(file: Path, person: str) -> int:
    """Send a push by each channel of a person; return 0 if one was sent by each."""
    from legwatch_server.cli.try_push import Try, try_all  # noqa: PLC0415 - slow to import, only --push needs it

    settings = settings_file.read(file)
    sent = []
    _say_what_is_not_in_force(file)
    with closed_stdout_is_fine(), beside(file, settings_file.owners_file(file)):
        for found in try_all(settings, person, server_ms(settings.state_dir)):
            if isinstance(found, Try):
                print(found.words)
                sent.append(found.sent)
            else:
                print(f"{person:<12} {found:<10} ", end="", flush=True)
    return 0 if all(sent) else 1


def _say_what_is_not_in_force(file: Path) -> None:
    """Say what waits on the disk: the new phone of an edited file would be looked at in vain."""
    with suppress(LegwatchError):  # a push is also tried without a store that can be read
        judged(file).say()


class _Stored(NamedTuple):
    """What the server has stored that matters here."""

    beds: dict[str, Heard]
    trials: list[TrialStatus]
    sensors: dict[str, Sensors]
    routes: list[RouteStatus]


def _stored(settings: ServerSettings, now_ms: int) -> _Stored | None:
    """Look into the store; None: the server has not run yet, there is no database."""
    try:
        with open_read_only(settings.state_dir) as reader:
            return _Stored(
                heard.beds(reader, settings, now_ms),
                list(trial_statuses(reader, settings, now_ms)),
                watched.by_bed(reader, settings.rules_of),
                route_statuses(reader, settings, now_ms),
            )
    except CannotRun:
        return None


class _Beds(NamedTuple):
    """The beds that somebody can be on duty for."""

    every: frozenset[str]
    rests: Rests

    def at(self, at_ms: int) -> list[str]:
        """Return those that are watched then; one without a name while there is none at all."""
        return sorted(self.every - self.rests.at(at_ms).keys()) or ([] if self.every else [""])


def _known(settings: ServerSettings, stored: _Stored | None) -> frozenset[str]:
    named = {bed for shift in settings.roster for bed in shift.beds} | set(settings.beds)
    named |= {bed for person in settings.people.values() for bed in person.beds}
    named |= {bed for bed, one in stored.beds.items() if one.known} if stored else set()
    return frozenset(named)


def _state(
    found: InForce, rests: Rests, now_ms: int, stored: _Stored | None, said: asked.Said
) -> Iterator[str]:
    """Yield which beds are paused or learn, and what each is watched for.

    Nobody on duty is told what a bed cannot tell.
    """
    resting = rests.at(now_ms)
    for bed, rest in resting.items():
        if rest is Rest.PAUSED:
            yield f"bed {bed}: {rests.said(bed, now_ms)}: nobody is told of it"
    if stored is None:
        return  # `_routes` says that nothing is known
    for bed, one in stored.beds.items():
        if one.refused and bed not in resting:
            yield f"{bed}: {one.refused}"
    yield from (str(trial) for trial in stored.trials if trial.bed not in resting)
    beds = {bed: found for bed, found in stored.sensors.items() if bed not in resting}
    but = watched.hindered(stored.beds.values(), now_ms, running=found.running, said=said)
    for bed, one in stored.beds.items():
        if one.known and but[bed] and bed not in resting and bed not in beds:
            yield f"{bed}: {but[bed]}"
    yield from watched.lines(beds, found.settings.rules_of, but)
    known = [bed for bed, one in stored.beds.items() if one.known and bed not in resting]
    yield from _out_of_bed(found.settings, known, now_ms)


def _out_of_bed(settings: ServerSettings, beds: Sequence[str], now_ms: int) -> Iterator[str]:
    """Yield who is told tonight that a bed has been empty for long, if anybody asks for it."""
    people, night = settings.everybody(), _tonight(settings, now_ms)
    for bed in beds:
        names = told_out_of_bed(people, bed, on_duty(settings, night, bed))
        after_s = settings.rules_of(bed).out.after_s
        if names and after_s:
            yield f"{bed}: empty for {span(after_s / 60)} at night: told {', '.join(names)}"


def _roster(settings: ServerSettings, beds: _Beds, now_ms: int, nights: int) -> set[str]:
    """Print who is on call in the next nights; return the people of tonight."""
    zone = settings.zone_of("")
    step, began, tonight = settings.escalation, night_of(now_ms, zone), _tonight(settings, now_ms)
    print(f"Nights and hours are those of {zone.key}.")
    print(f"Told in this order, the next one after {step.next_min:g} min without an answer")
    print(f"({step.next_urgent_min:g} min when it is urgent):")
    if not beds.at(now_ms):
        print("  nobody: no bed is watched now")
    # Until noon those of the night that has ended are told.
    ended = [began] if began < tonight else []
    of_tonight = set[str]()
    for night in (*ended, *(tonight + timedelta(days=n) for n in range(nights))):
        label = f"{'tonight' if night == tonight else '':<8} "
        if night < tonight:
            label = "last night, told until noon: "
        # A pause ends at a noon: the night that begins then is watched.
        watched_then = beds.at(max(now_ms, noon_ms(night, zone)))
        for order, which, others in _orders(settings, watched_then, night):
            print(f"  {night:%a %d %b}  {label}{' -> '.join(order) or 'NOBODY'}{which}")
            if others:
                print(f"{'':<13}but {others}")
            of_tonight.update(order if night == tonight else ())
    return of_tonight


def _tonight(settings: ServerSettings, now_ms: int) -> date:
    """Return the night that people mean now: the one that runs, or else the one that comes."""
    zone = settings.zone_of("")
    today, began = local(now_ms, zone).date(), night_of(now_ms, zone)
    return began if is_night(now_ms, settings.rules_of("")) else today


def _orders(
    settings: ServerSettings, beds: Sequence[str], night: date
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield each order of people in a night, its beds if not all, and who else is told what."""
    orders = dict[tuple[str, ...], list[str]]()
    for bed in beds:
        orders.setdefault(on_duty(settings, night, bed), []).append(bed)
    for names, same_order in orders.items():
        which = f"  (bed {', '.join(same_order)})" if len(orders) > 1 else ""
        yield names, which, "; ".join(would_be_told.others(settings, same_order[0], night))


def _routes(
    settings: ServerSettings,
    stored: _Stored | None,
    tonight: set[str],
    unready: Mapping[str, str],
) -> bool:
    """Print the state of every channel; True if all channels of tonight's people are good."""
    if stored is None:
        print("Whether they can be reached is not known: the server has not run yet.")
        return False
    print("Can they be reached? (tried in silence each evening)")
    routes = [_now(route, unready.get(route.channel, "")) for route in stored.routes]
    for route in routes:
        note = "" if route.person in tonight else "  (not on duty tonight)"
        print(f"  {_line(route, settings)}{note}")
    return all(route.good for route in routes if route.person in tonight)


def _now(route: RouteStatus, why: str) -> RouteStatus:
    """Return what is known now of a channel that cannot start for a reason."""
    return route._replace(good=False, why=f"cannot start: {why}", at_ms=None) if why else route


def _line(route: RouteStatus, settings: ServerSettings) -> str:
    word = _WORDS[route.good]
    if sys.stdout.isatty():
        word = f"{_COLOURS[route.good]}{word}\x1b[0m"
    at = ""
    if route.at_ms is not None:
        at = f", {local(route.at_ms, settings.zone_of('')):%a %H:%M}"
    return f"{route.person:<12} {route.channel:<10} {word}: {route.why}{at}"
