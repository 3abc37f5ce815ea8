"""Exchanges the versions, and puts things back: in a process of its own that nobody's Ctrl-C ends.

It runs from a copy of our code, with the standard library only: the program and its environment are
exchanged meanwhile. What it says goes, line by line, to whoever has started it; if that one has
gone, it goes on to the end. `python -m legwatch_server.update.worker WHAT ROOT` is never typed by a
person; WHAT is `switch`, `back`, or `at-start` before each start of the unit.
"""

import fcntl
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO

from legwatch.counted import counted
from legwatch.errors import LegwatchError
from legwatch_runtime.rights import keep_private, opened_anew
from legwatch_server.update import database, health, installing, kept, plan, unit
from legwatch_server.update.database import Lost
from legwatch_server.update.places import Places
from legwatch_server.update.plan import Phase, Plan

SAY, AT = "say ", "at "  # before a line: to be read, or what is being done
NEW, OLD, NEITHER = 0, 10, 11  # exit codes: which version runs; 1 is a crash of Python


class Asked(Exception):  # noqa: N818 - nobody has made an error
    """Somebody has asked to go back."""


class Worker:
    """Says what it does, and hears when it is asked to go back."""

    def __init__(self, log: IO[str]) -> None:
        self.log, self._asked, self._hears = log, False, True
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._ask)

    def say(self, text: str) -> None:
        """Say a sentence to a person, and write it into the log."""
        with suppress(OSError):
            self.log.write(f"{text}\n")
            self.log.flush()
        self._out(SAY, text)

    def at(self, text: str) -> None:
        """Say what is being done, and raise Asked if that is to end."""
        self._out(AT, text)
        if self._asked and self._hears:
            self._hears = False
            raise Asked

    def deaf(self) -> None:
        """Go on to the end from now on, whoever asks."""
        self._hears = False

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True

    def _out(self, kind: str, text: str) -> None:
        with suppress(OSError, ValueError):  # nobody reads it any more
            print(f"{kind}{' '.join(text.split())}", flush=True)


def main(what: str, root: str) -> int:
    """Do what is to be done with the update of a root; return which version runs."""
    keep_private()
    places = Places(Path(root))
    found = plan.read(places)
    if what == "at-start":
        return NEW if found is None else _at_start(found)
    if found is None:
        return NEITHER
    with opened_anew(places.log) if what == "switch" else places.log.open("a") as log:
        worker = Worker(log)
        try:
            return _switched(found, worker) if what == "switch" else _back(found, worker)
        except (LegwatchError, OSError) as error:
            worker.say(f"This could not be finished: {error}. {_again(places)}")
            return NEITHER


def _switched(found: Plan, worker: Worker) -> int:
    """Install the new version and wait until it is well; else go back."""
    places = found.places
    kept.guard(places)
    unit.read_again()
    found = found.now(Phase.SWITCHING)
    try:
        if found.copy:
            unit.stop()
            database.exchange(found)
        why = installing.run(places, worker.log, lambda s: worker.at(f"installing: {s:.0f} s"))
        if not why:
            worker.say(f"legwatch {found.to} is installed. Looking whether it is well ...")
            why = _not_well(found, worker)
    except Asked:
        why = "you have asked for it"
    except (LegwatchError, OSError) as error:
        why = str(error)
    worker.deaf()
    if why:
        worker.say(f"Going back to legwatch {found.before}: {why}.")
        return _back(found.now(Phase.BACK, why=why), worker)
    found.now(Phase.DONE)
    _end(places)
    kept.forget_old_backups(places)
    return NEW


def _not_well(found: Plan, worker: Worker) -> str:
    """Return why the version that was started is not well; nothing: it is."""
    return health.becomes_well(
        found.places,
        found.wrong,
        found.online,
        found.within_s,
        lambda why: worker.at(f"looking: {why or 'it is well'}"),
    )


def _back(found: Plan, worker: Worker) -> int:
    """Put back what was before, and start it; an update that is done is only forgotten."""
    worker.deaf()
    if found.phase is Phase.DONE:
        _end(found.places)
        return NEW
    installing.end_left(found.places)
    if found.phase is not Phase.IS_BACK:
        worker.at("going back: stopping")
        unit.stop()
        lost = _put_back(found.now(Phase.BACK))
        for line in _about(found, lost):
            worker.say(line)
        found = found.now(Phase.IS_BACK)
    _end_guard(found.places)
    worker.at("going back: starting")
    started = not found.active or unit.start()
    why = _not_well(found, worker) if started and found.active else ""
    kept.forget(found.places)
    if not started or why:
        todo = "sudo legwatch doctor and journalctl -u legwatch say more"
        worker.say(f"It is put back, and is not well: {why or 'it does not start'}. {todo}.")
        return NEITHER
    how = "runs again, and all is as before" if found.active else "is there again; it did not run"
    worker.say(f"legwatch {found.before} {how}.")
    return OLD


def _at_start(found: Plan) -> int:
    """Before a start of the unit: go back if an update was cut off, and nobody is at work on it."""
    places = found.places
    with places.hold.open("a") as hold:
        try:
            fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return NEW
        installing.end_left(places)
        changed = not kept.unit_is_old(places)  # systemd has read the new one
        if found.phase in {Phase.SWITCHING, Phase.BACK}:
            lost = _put_back(found.now(Phase.BACK))
            text = f"the update to legwatch {found.to} was cut off: {found.before} is put back"
            print(text, *_about(found, lost), sep="\n", flush=True)
            found = found.now(Phase.IS_BACK)
        _end(places)
        if changed and found.phase is Phase.IS_BACK:
            unit.restart_soon()
    return OLD


def _put_back(found: Plan) -> Lost | None:
    kept.put_back(found.places)
    return database.put_back(found)


def _end(places: Places) -> None:
    """Forget the update."""
    _end_guard(places)
    kept.forget(places)


def _end_guard(places: Places) -> None:
    kept.unguard(places)
    unit.read_again()


def _about(found: Plan, lost: Lost | None) -> list[str]:
    """Return what going back loses."""
    if lost is None:
        return ["Nothing that was stored is lost: the database is as it was, and goes on."]
    what = f"{counted(lost.windows, 'window')} and {counted(lost.notices, 'notice')}"
    changed = f"legwatch {found.to} has changed the database, so the one of before is put back."
    gone = f"Not in it is what was stored since the update: {what}, with their alerts and answers."
    stays = f"That stays in {lost.aside}, until you delete it."
    sends = "The bedside does not send it again; it sends what was not stored yet."
    return [f"{changed} {gone}", f"{stays} {sends}"]


def _again(places: Places) -> str:
    return f"{places.log} says more; type `sudo legwatch update` again, or restart the machine"


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(code)  # a reader that has gone is no error
