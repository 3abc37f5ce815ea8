"""`legwatch setup`: lead from the parts on the table to a phone that rings."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from legwatch.errors import LegwatchError, SettingsError
from legwatch.oncall.people import LANGUAGES
from legwatch_runtime import locations
from legwatch_runtime.catalogue import language_named
from legwatch_runtime.process import EXITS
from legwatch_runtime.rights import keep_private
from legwatch_server.setup.plan import Place, Plan, of_before

NOTHING = "none"  # the word of an option for: not wanted


def main(argv: Sequence[str]) -> int:
    """Run `legwatch setup`; 0 done, 1 not possible now or ended early, 2 wrong options."""
    args = _parser().parse_args(argv)
    folder = args.settings or _usual_folder()
    from legwatch_server.setup import walk  # noqa: PLC0415 - the help needs none of it

    keep_private()
    plan = _given(args, of_before(folder, Plan(language=_own_language())))
    return walk.Walk(args, folder, plan, _unasked(args)).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch setup",
        description="Set up a bed, a bed's Pi or a server, step by step: find the sensors, name the"
        " bed, let a phone ring, and show at the bed whether each sensor feels what it has to feel."
        " Each step can be answered by an option. Ctrl-C at any time: nothing is half done.",
        epilog=EXITS,
    )
    add = parser.add_argument
    add("--settings", type=Path, metavar="DIR", help="folder of the settings files")
    add("--yes", action="store_true", help="ask nothing: options, else what is usual")
    add("--language", choices=LANGUAGES, help="language of the questions and of the pushes")
    add("--place", choices=[*Place], help="what this machine is: all for one bed, or one part")
    add("--bed", metavar="NAME", help="name of the bed, such as bed1")
    add("--sleeper", metavar="NAME", help="who sleeps in it")
    add(
        "--sensor",
        action="append",
        metavar="ROLE=DRIVER[,KEY=VALUE...]",
        help="a sensor, such as leg=ds18b20 or movement=gpio_motion,pin=17; once for each",
    )
    add("--simulated", action="store_true", help="made sensors, to try it without hardware")
    add("--ntfy", metavar="URL", help="root of the ntfy server (https://ntfy.sh)")
    add("--topic", help=f"topic of the phone; {NOTHING}: no phone; not given: a new one is made")
    add("--heartbeat", metavar="URL", help=f"address of a watcher elsewhere; {NOTHING}: none")
    add("--code", help="of `legwatch beds add`, for the Pi of a bed")
    add("--server", metavar="HOST", help="of that code; not given: it is looked for")
    add("--coach", action="store_true", help="only the exercises at the bed, with what is set up")
    add("--no-coach", action="store_true", help="without the exercises")
    add("--no-push", action="store_true", help="without a test push")
    add("--root", type=Path, help=argparse.SUPPRESS)
    return parser


def _unasked(args: argparse.Namespace) -> bool:
    if args.yes:
        return True
    if not sys.stdin.isatty():
        raise SettingsError("--yes", "nobody is here to be asked: give the options, and --yes")
    return False


def _given(args: argparse.Namespace, plan: Plan) -> Plan:
    """Return the plan with what the options say; raises SettingsError."""
    words = {"bed": args.bed, "sleeper": args.sleeper, "ntfy": args.ntfy}
    words |= {"topic": args.topic, "heartbeat": args.heartbeat, "language": args.language}
    given: dict[str, Any] = {key: value for key, value in words.items() if value is not None}
    given |= {key: "" for key in ("topic", "heartbeat") if given.get(key) == NOTHING}
    if args.place is not None:
        given["place"] = Place(args.place)
    if args.sensor:
        given["sensors"] = dict(_sensor(word) for word in args.sensor)
    return replace(plan, **given)


def _sensor(word: str) -> tuple[str, Mapping[str, Any]]:
    """Return the role and the keys of an option such as `leg=ds18b20,id=28-0000`."""
    role, equals, rest = word.partition("=")
    driver, *pairs = rest.split(",")
    keys: dict[str, Any] = {"driver": driver}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise SettingsError("--sensor", f"{pair!r} is not KEY=VALUE")
        keys[key] = int(value) if value.isascii() and value.isdecimal() else value
    if not equals or not driver:
        raise SettingsError("--sensor", f"{word!r} is not ROLE=DRIVER, such as leg=ds18b20")
    return role, keys


def _usual_folder() -> Path:
    installed = locations.INSTALLED.parent
    return installed if installed.is_dir() else Path.cwd()


def _own_language() -> str:
    """Return the language of this terminal, if there are texts in it."""
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    try:
        language_named(spoken[:2])
    except LegwatchError:
        return LANGUAGES[0]
    return spoken[:2]
