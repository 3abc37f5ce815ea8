"""`legwatch now`: what the beds show at this moment, and what is watched of them."""

import argparse
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from legwatch import engine
from legwatch.bedside import failing, known, out_of_order
from legwatch.contract.bedside_info import made_places
from legwatch.errors import SettingsError
from legwatch.text.span import span
from legwatch_runtime import locations
from legwatch_runtime.process import EXITS
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_server.cli import agent_in_force, asked, heard, watched
from legwatch_server.cli.bed_now import BedNow, Seen
from legwatch_server.cli.heard import Heard
from legwatch_server.cli.on_disk import judged
from legwatch_server.cli.standing import standing
from legwatch_server.cli.stored_state import stored_state
from legwatch_server.in_force import InForce, in_force
from legwatch_server.meant import meant
from legwatch_server.notify.rehearsal import route_statuses
from legwatch_server.rest import Rest, Rests
from legwatch_server.settings import ServerSettings
from legwatch_server.store.reader import SqliteReader, open_read_only, server_ms

EVERY_S = 2.0
_CLEAR, _BOLD, _PLAIN = "\x1b[H\x1b[2J", "\x1b[1m", "\x1b[0m"


def main(argv: Sequence[str]) -> int:
    """Run `legwatch now`; 0 done, 1 not possible now, 2 a wrong bed or settings."""
    parser = argparse.ArgumentParser(
        prog="legwatch now",
        description="Show what each bed shows now, how old it is, what is watched, and who would be"
        " told.",
        epilog=EXITS,
    )
    parser.add_argument("bed", nargs="?", metavar="BED", help="only this bed")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="go on until Ctrl-C; into a pipe or file, a line for each bed with each change",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    args = parser.parse_args(argv)
    path = meant(args.config)
    with closed_stdout_is_fine():
        try:
            _run(path, args.bed, follow=args.follow)
        except KeyboardInterrupt:
            print()
    return 0


def _run(path: Path, bed: str | None, *, follow: bool) -> None:
    clears, pause = sys.stdout.isatty(), threading.Event()
    said: dict[str, object] = {}
    while True:
        found, said_now = asked.of_now(in_force(path) if follow else judged(path))
        beds = _beds(found, bed, said_now)
        if follow and not clears:
            for one in beds:
                key = (
                    one.seen.windows[:1],
                    tuple(one.stands()),
                    one.watched(),
                    tuple(one.not_watched()),
                )
                if said.get(one.seen.bed) != key:
                    said[one.seen.bed] = key
                    print(one.line(), flush=True)
        else:
            page = "\n".join(_page(found, beds, said_now, bold=clears))
            print(f"{_CLEAR if follow else ''}{page}", flush=True)
        if not follow:
            if found.running:  # else it is said above
                found.say()
            else:
                for sentence in found.unusable():
                    print(sentence, file=sys.stderr)
            agent_in_force.say(found)
            return
        pause.wait(EVERY_S)


def _page(found: InForce, beds: Sequence[BedNow], said: asked.Said, *, bold: bool) -> Iterator[str]:
    yield from _down(found)
    yield from asked.lines(said)
    if not beds:
        yield "No bed was heard of that is in use; `legwatch beds` lists those that are not, too."
    for number, one in enumerate(beds):
        if number:
            yield ""
        name = f"bed {one.seen.bed}"
        yield f"{_BOLD}{name}{_PLAIN}" if bold else name
        before = ""
        for head, words in one.rows():
            yield f"  {head if head != before else '':<16} {words}"
            before = head


def _down(found: InForce) -> Iterator[str]:
    """Yield that the server is not running: then nobody is told of anything."""
    if found.running:
        return
    silent = ""
    if found.seen_ms:
        silent_ms = max(0, server_ms(found.folder) - found.seen_ms)
        silent = f" (its last word: {span(silent_ms / 60_000)} ago)"
    yield f"THE SERVER IS NOT RUNNING{silent}: nothing is watched, and nobody is told."
    yield "What follows is what it had stored."
    yield ""


def _beds(found: InForce, only: str | None, said: asked.Said) -> list[BedNow]:
    settings, now_ms = found.settings, server_ms(found.folder)
    rests = Rests(settings)
    resting = rests.at(now_ms)
    seen: dict[str, Seen] = {}
    stuck = set[tuple[str, str]]()
    if found.has_run:
        with open_read_only(found.folder) as reader:
            beds = heard.beds(reader, settings, now_ms)
            seen = {one.bed: one for one in _seen(reader, beds, only, settings, resting)}
            ways = route_statuses(reader, settings, now_ms)
            stuck = {(way.person, way.channel) for way in ways if way.stuck}
    else:
        beds = heard.beds(None, settings, now_ms)
    if only is not None and only not in beds:
        raise SettingsError("BED", f"there is no bed {only!r}; `legwatch beds` lists them")
    gone = {bed for bed, rest in resting.items() if rest is Rest.ENDED and bed != only}
    names = [name for name in beds if name not in gone and only in (None, name)]
    same = settings, rests, now_ms, found.running, said, stuck
    return [BedNow(seen.get(name, Seen(name)), *same) for name in names]


def _seen(
    reader: SqliteReader,
    beds: Mapping[str, Heard],
    only: str | None,
    settings: ServerSettings,
    resting: Mapping[str, Rest],
) -> Iterator[Seen]:
    states, idents = dict(reader.states(only)), {name: n for n, name in reader.beds(only)}
    for name, one in beds.items():
        if only not in (None, name):
            continue
        ident = idents.get(name)
        windows = []
        if ident is not None:
            windows = reader.newest(ident, watched.NEWEST, rests=name in resting)
        bedside, state = known(one.last.bedside), stored_state(states.get(name))
        roles, health = engine.fitted(bedside.info, state), settings.rules_of(name).health
        yield Seen(
            name,
            windows,
            state,
            watched.now(reader, ident, roles, windows, health, made_places(bedside.info))
            if roles and ident is not None
            else None,
            played=one.last.played,
            heard_ms=one.last.seen_ms,
            off=bedside.online is False,
            out_of_order=out_of_order(bedside),
            left_out="" if bedside.info is None else bedside.info.left_out,
            failing=failing(bedside),
            refused=one.refused,
            stands=standing(reader, ident, state) if state and ident is not None else (),
        )
