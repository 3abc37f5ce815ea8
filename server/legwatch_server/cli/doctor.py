"""`legwatch doctor`: say whether all is well with this installation, and if not, what to do.

It changes nothing and tells nobody: it only looks, at the files, the server that runs, the store
and this machine.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from shutil import disk_usage

from legwatch.text.span import span
from legwatch_runtime import locations
from legwatch_runtime.clock import SystemClock
from legwatch_runtime.rights import is_there
from legwatch_runtime.stdout import closed_stdout_is_fine
from legwatch_server.cli import asked, bedside_found, heard
from legwatch_server.cli.finding import Finding, Level
from legwatch_server.in_force import InForce, in_force
from legwatch_server.meant import meant
from legwatch_server.notify.rehearsal import TAP, route_statuses
from legwatch_server.rest import Rests
from legwatch_server.settings import LOG_ONLY
from legwatch_server.settings_file import AGENTS, is_of_up, owners_file
from legwatch_server.store.reader import SqliteReader, open_read_only, server_ms
from legwatch_server.update.places import Places, here

SILENT_MS = 15 * 60_000
LITTLE_MB, NONE_MB = 1000, 200  # of room on the disk
OLD_BACKUP = timedelta(days=2)


_COLOURS = {Level.OK: "\x1b[32m", Level.LOOK: "\x1b[33m", Level.WRONG: "\x1b[31m"}


def main(argv: Sequence[str]) -> int:
    """Run `legwatch doctor`; 0 nothing is wrong, 1 something is, 2 wrong arguments or settings."""
    parser = argparse.ArgumentParser(
        prog="legwatch doctor",
        description="Look whether all is well with this installation, and say what to do if not."
        " Nothing is changed.",
        epilog="Exit code: 0 nothing is wrong (LOOK may stand), 1 something is wrong or it cannot"
        " be told now, 2 wrong arguments or settings.",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    given = parser.parse_args(argv).config
    agent = bedside_found.file(given)
    every = bedside_found.findings(agent) if agent else findings(in_force(meant(given)))
    worst = Level.OK
    with closed_stdout_is_fine():
        for one in every:
            worst = max(worst, one.level, key=list(Level).index)
            print(_line(one))
            if one.todo:
                print(f"{'':<18}{one.todo}")
        print(_verdict(worst))
    return 1 if worst is Level.WRONG else 0


def findings(found: InForce) -> Iterator[Finding]:
    """Yield what is found, in the order in which it is mended."""
    yield from _files(found)
    yield from _server(found)
    if found.has_run:
        now_ms = server_ms(found.folder)
        with open_read_only(found.folder) as reader:
            yield from _beds(found, reader, now_ms)
            yield from _people(found, reader, now_ms)
    yield from _machine(found)
    yield from _update(here())
    yield from _backup(found)


def _files(found: InForce) -> Iterator[Finding]:
    """Let `check-config` read the settings files, those of the agent, too."""
    made = found.file.with_name(AGENTS)
    agent = owners_file(made) if is_of_up(found.file) and is_there(made) else None
    for file in (owners_file(found.file) or found.file, agent):
        if file is not None:
            yield from bedside_found.settings(file)


def _server(found: InForce) -> Iterator[Finding]:
    """Ask the server what is wrong with it."""
    if not found.running:
        start = "sudo systemctl start legwatch (or legwatch-server), or scripts/run"
        yield Finding("server", Level.WRONG, "it does not run: nobody is told of anything", start)
        return
    wrong = asked.wrong(found)
    if wrong is None:
        at = f"{found.settings.http.host}:{found.settings.http.port}"
        todo = "journalctl -u legwatch says why; restart it if it hangs"
        yield Finding("server", Level.WRONG, f"it runs and does not answer at {at}", todo)
        return
    for words in wrong:
        yield Finding("server", Level.WRONG, words)
    if not wrong:
        yield Finding("server", Level.OK, "it runs, and says that all is well with it")
    for key in found.changed:
        yield Finding("server", Level.LOOK, f"{key} is changed on the disk, and not in force")


def _beds(found: InForce, reader: SqliteReader, now_ms: int) -> Iterator[Finding]:
    """Look when each bed in use was heard last."""
    rests = Rests(found.settings)
    resting = rests.at(now_ms)
    every = heard.beds(reader, found.settings, now_ms)
    if every and not every.keys() - resting.keys():
        todo = "legwatch beds resume BED"
        yield Finding("beds", Level.LOOK, "no bed is watched: each is paused or out of use", todo)
    for name, one in every.items():
        if name in resting:
            yield Finding(f"bed {name}", Level.OK, rests.said(name, now_ms))
        elif one.refused:
            yield Finding(f"bed {name}", Level.WRONG, one.refused)
        elif not one.last.seen_ms:
            todo = "is its agent started, and its broker the right one?"
            yield Finding(f"bed {name}", Level.WRONG, "it was never heard", todo)
        elif (silent_ms := now_ms - one.last.seen_ms) > SILENT_MS and not one.last.played:
            words = f"no word for {span(silent_ms / 60_000)}"
            yield Finding(f"bed {name}", Level.WRONG, words, "power, Wi-Fi, journalctl -u legwatch")
        elif not found.running:
            ago = span(max(0, silent_ms) / 60_000)
            yield Finding(f"bed {name}", Level.LOOK, f"its last word came {ago} ago")
        else:
            yield Finding(f"bed {name}", Level.OK, "it is heard")
    if not every:
        yield Finding("beds", Level.WRONG, "no bed was ever heard", "start an agent")


def _people(found: InForce, reader: SqliteReader, now_ms: int) -> Iterator[Finding]:
    """Look whether each person can be reached, as `duty` does."""
    if set(found.settings.channel_names()) == {LOG_ONLY}:
        words = "alerts come to the server's log only: nobody is woken"
        yield Finding("people", Level.WRONG, words, "[people.NAME] channels, such as ntfy")
    for way in route_statuses(reader, found.settings, now_ms):
        who = f"{way.person}, {way.channel}"
        todo = f"legwatch duty --push {way.person}"
        if way.channel == TAP:
            day = found.settings.rehearsal.confirm
            todo = f"a push asks for it in the evening of each {day} ([rehearsal] confirm): tap it"
        if way.good:
            yield Finding(who, Level.OK, way.why)
        elif way.stuck:
            yield Finding(who, Level.WRONG, way.why, todo)
        else:
            yield Finding(who, Level.LOOK, way.why, todo)
    if not found.settings.heartbeat.url:
        words = "nobody elsewhere notices if this machine loses power or network"
        yield Finding("heartbeat", Level.LOOK, words, "[heartbeat] url, such as of healthchecks.io")


def _machine(found: InForce) -> Iterator[Finding]:
    """Look at the room on the disk, and at the clock."""
    try:
        free_mb = disk_usage(found.folder).free // 1_000_000
    except OSError as error:
        yield Finding("disk", Level.WRONG, f"{found.folder}: {error.strerror}")
    else:
        level = Level.WRONG if free_mb < NONE_MB else Level.OK
        level = Level.LOOK if NONE_MB <= free_mb < LITTLE_MB else level
        todo = "make room: `df -h` and `du -xh / | sort -h | tail` show what takes it"
        todo = todo if level is not Level.OK else ""
        yield Finding("disk", level, f"{free_mb:,} MB free at {found.folder}", todo)
    if SystemClock().synced():
        yield Finding("clock", Level.OK, "a time server has set it")
    else:
        words = "no time server has set it, as far as systemd-timesyncd knows"
        yield Finding("clock", Level.LOOK, words, "timedatectl shows it")


def _update(places: Places) -> Iterator[Finding]:
    """Look whether an update was cut off: what it has left in the unit says so."""
    if is_there(places.drop_in):
        words = f"one is under way, or was cut off; {places.log} says how far it is"
        todo = "if it was cut off: sudo systemctl restart legwatch puts the version of before back"
        yield Finding("update", Level.LOOK, words, todo)


def _backup(found: InForce) -> Iterator[Finding]:
    """Look whether there is a backup of these days."""
    folder = found.settings.backup.folder
    if not folder:
        todo = "[backup] folder, or now and then: legwatch backup FILE"
        yield Finding("backup", Level.LOOK, "none is made by itself", todo)
        return
    newest = max((file.stat().st_mtime for file in Path(folder).glob("legwatch-*")), default=None)
    age = None if newest is None else timedelta(seconds=server_ms(found.folder) / 1000 - newest)
    if age is None or age > OLD_BACKUP:
        words = f"the newest in {folder} is {age.days} days old" if age else f"none in {folder} yet"
        yield Finding("backup", Level.WRONG, words, "the server's log says why")
    else:
        yield Finding("backup", Level.OK, f"the newest in {folder} is of these days")


def _line(one: Finding) -> str:
    word = f"{one.level.value:<6}"
    if sys.stdout.isatty():
        word = f"{_COLOURS[one.level]}{word}\x1b[0m"
    return f"{word} {one.what:<10} {one.words}"


def _verdict(worst: Level) -> str:
    return {
        Level.OK: "All is well.",
        Level.LOOK: "Nothing is wrong; look at what says LOOK.",
        Level.WRONG: "Something is wrong: mend what says WRONG, from the top.",
    }[worst]
