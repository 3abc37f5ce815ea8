"""Whether a version is well after an update: what systemd and its server's /health say.

What was wrong before the update is no fault of the new version, and neither is a push service that
is away just now. A bedside that was there before must be there again, and its windows must come in.
"""

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

from legwatch.errors import LegwatchError
from legwatch.printable import printable
from legwatch_runtime.clock import instant
from legwatch_runtime.files import read_toml
from legwatch_runtime.state_dir import lock_number
from legwatch_server import own_health
from legwatch_server.in_force import LOCK
from legwatch_server.update import unit
from legwatch_server.update.places import Places

EVERY_S, LOOKS = 1.0, 8  # so often in a row it has to be well
PATIENCE_S = 3.0
_UNITS = frozenset({"s", "min", "h", "day", "days", "mb"})
_LONGEST = 200  # letters of a reason
_HOST, _PORT = "127.0.0.1", 8321  # what the server listens at if its settings do not say
_OUTSIDE = re.compile(r"channel \S+: |no push has reached|no backup was made")


@dataclass(frozen=True, slots=True)
class Look:
    """What the server says of itself at a moment; `why`: it says nothing."""

    why: str = ""
    wrong: tuple[str, ...] = ()
    online: tuple[str, ...] = ()  # bedsides
    windows: int = 0  # that it has stored since its start


def look(places: Places) -> Look:
    """Ask the server of this installation; one that listens at any free port cannot be asked.

    A bed's Pi has none: what its server elsewhere says of it, is not said here.
    """
    host, port = _address(places.made)
    if not port or not places.serves:
        return Look()
    try:
        report = json.loads(own_health.body(host, port, PATIENCE_S))
        return _look(report, lock_number(places.database.parent / LOCK), f"{host}:{port}")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Look(why=f"its server does not answer at {host}:{port}")


def becomes_well(
    places: Places,
    before: Collection[str],
    online: Collection[str],
    within_s: float,
    beat: Callable[[str], object],
) -> str:
    """Wait until the service is well; return why it is not, or nothing.

    `beat` is told what is still missing, and may raise to end the wait.
    """
    begun, well, was, why = instant(), 0, unit.restarts(), ""
    while well < LOOKS:
        if not well and instant().since(begun) > within_s:
            return why
        sleep(EVERY_S)
        again, was = was, unit.restarts()
        why = _missing(look(places), before, online) if unit.active() else "its unit does not run"
        if was > again:
            why = "it ends and is started again and again"
        well = 0 if why else well + 1
        beat(why)
    return ""


def _missing(found: Look, before: Collection[str], online: Collection[str]) -> str:
    """Return what is still missing until all is well, in one sentence."""
    if found.why:
        return found.why
    known = set(map(_sense, before))
    new = [one for one in found.wrong if _sense(one) not in known and not _OUTSIDE.match(one)]
    if new:
        return f"its server says: {new[0]}"
    if away := sorted(set(online) - set(found.online)):
        return f"its server does not hear the bed {away[0]}"
    if online and not found.windows:
        return "its server gets no window from any bed"
    return ""


def _sense(sentence: str) -> frozenset[str]:
    """Return a sentence without its figures and their units: how long it has lasted changes."""
    return frozenset(re.findall(r"[a-z][\w-]*", sentence.lower())) - _UNITS


def _look(report: Any, lock: int, at: str) -> Look:
    """Return what a report says; that of another server does not count."""
    if report.get("lock") != lock:
        return Look(why=f"another server answers at {at}")
    wrong = tuple(printable(one, _LONGEST) for one in report["wrong"] if isinstance(one, str))
    beds = report["bedsides"].items()
    online = tuple(name for name, bedside in beds if bedside.get("online") is True)
    return Look("", wrong, online, int(report["counters"]["windows"]))


def _address(made: Path) -> tuple[str, int]:
    """Return where the server listens, by the settings that it was started with."""
    try:
        http = read_toml(made).get("http", {})
        return str(http.get("host", _HOST)), int(http.get("port", _PORT))
    except (LegwatchError, OSError, ValueError, TypeError, AttributeError):
        return _HOST, _PORT
