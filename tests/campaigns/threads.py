"""The campaign on threads: `python -m campaigns.threads`, with `--long` all combinations.

A real broker, a real server and a real agent. An exception is thrown into every thread and every
callback that is found in the running process. The process must end with code 1 and a sentence, or
the part must start again, or the failure must be told while the thread goes on; then `/health` of
the server must count it.
After that an urgent alert must still reach a phone, and windows must still come from the bed.
"""

import argparse
import queue
import random
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaigns.threads_house import ThreadsHouse
from end_to_end.house import Process, wait_until

SEED = 24
# A row that takes longer is late: on a machine with nothing else to do, an error. An exception hits
# a thread that sleeps when it wakes, and the heartbeat here sleeps for 10 s.
WITHIN_S = 12.0
PATIENCE_S = 60.0  # a busy machine may take so long; after that, nobody has seen it
MOST_CALLBACKS = 4  # of each process in the short form
PROVOKE_S = 4.0  # between two tries to let a callback be called
ERRORS = ("RuntimeError", "MemoryError", "SystemExit", "RecursionError")
ENDED, RESTARTED, TOLD = "ended with 1", "started again", "told, goes on"
IDLE = "not there now"  # a thread that comes when there is more work, such as a second worker
PAUSE, LONG_PAUSE_S = re.compile(r"it starts again in (\d+) s"), 4
GOOD = {ENDED, RESTARTED, TOLD, IDLE}


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one exception."""

    process: str
    place: str
    error: str
    fate: str
    took_s: float

    @property
    def wrong(self) -> bool:
        """Return True if nobody could have seen it."""
        return self.fate not in GOOD

    @property
    def late(self) -> bool:
        """Return True if it took longer than an idle machine may take."""
        return bool(self.error) and self.took_s > WITHIN_S


class Ring:
    """One process of the house that is thrown at, and started again when it has ended."""

    def __init__(self, house: ThreadsHouse, name: str, start: Callable[[], Process]) -> None:
        self.house, self.name, self._start = house, name, start
        self._counted = 0  # failures and errors in /health, of the process that runs now
        self.process = self._started()

    def _started(self) -> Process:
        log = self.house.folder / f"{self.name}.log"
        before = log.stat().st_size if log.exists() else 0
        process = self._start()
        self._counted = 0
        self.house.wait_for_door(self.name)
        wait_until(
            lambda: f"{self.name} up" in said_since(process, before), "the start", PATIENCE_S
        )
        return process

    def order(self, *words: str) -> list[str]:
        found = self.house.order(self.name, *words)
        return found if isinstance(found, list) else []

    def throw(self, thread: str, error: str) -> Row:
        """Throw an error into a thread."""
        if not self._is_there(thread):
            self._renew()
        if not self._is_there(thread):
            return Row(self.name, f"thread {thread}", error, IDLE, 0.0)
        before = self._log()
        self._insist("throw", thread, error)
        return self._row(f"thread {thread}", thread, error, before)

    def _renew(self) -> None:
        """Start the process anew: then all threads are there, some of them after a push."""
        self.process.kill()
        self.process = self._started()
        if self.name == "server":
            self.house.push_s(self.house.spare, 60.0)

    def fail(self, callback: str, error: str) -> Row:
        """Let a callback fail, when the pause after the last row is over."""
        wait_until(lambda: self.house.order(self.name, "connected") is True, "a connection", 90)
        before = self._log()
        self._insist("arm", callback, error)
        return self._row(f"callback {callback}", "", error, before, cut=True)

    def _insist(self, *words: str) -> None:
        """Give an order until it is obeyed; one that got lost would look like a silent failure."""

        def obeyed() -> bool:
            return self.process.code is not None or self.house.order(self.name, *words) is True

        wait_until(obeyed, " ".join(words), PATIENCE_S)

    def _provoke(self, *, cut: bool) -> None:
        """Do all that wakes threads and lets callbacks be called."""
        self.house.say()
        if self.name == "server":
            self.house.visit()
        else:
            self.house.order(self.name, "press")
        if cut:
            answer = self.house.order(self.name, "cut")
            assert not isinstance(answer, str), answer  # it could not; None: the process has ended

    def _row(self, place: str, thread: str, error: str, before: int, *, cut: bool = False) -> Row:
        begun_s = time.monotonic()
        fate, provoked_s, counted = "", -9.0, self._counted
        while not fate and time.monotonic() < begun_s + PATIENCE_S:
            if time.monotonic() > provoked_s + PROVOKE_S:
                self._provoke(cut=cut)
                provoked_s = time.monotonic()
            fate = self._fate(thread, error, before)
            if fate in {RESTARTED, TOLD} and not self._in_health(counted):
                fate = ""
            time.sleep(0.05)
        took_s, unseen = time.monotonic() - begun_s, ""
        if not fate or self._is_worn(before):
            unseen = self._unseen(thread)
            self.process.kill()
        if self.process.code is not None:
            self.process = self._started()
        return Row(self.name, place, error, fate or unseen, took_s)

    def _fate(self, thread: str, error: str, before: int) -> str:
        code = self.process.code
        said = said_since(self.process, before)
        if code is not None:
            told = f"failed: {error}" in said and "CRITICAL" in said
            return ENDED if code == 1 and told else f"ended with {code}, unsaid"
        if "failed: " in said and "it starts again" in said:
            return RESTARTED if not thread or self._is_there(thread) else ""
        if "CRITICAL" in said:
            return ""  # it is about to end
        # A library's own thread and a driver's fault are told in other words.
        return TOLD if error in said and (not thread or self._is_there(thread)) else ""

    def _in_health(self, counted: int) -> bool:
        """Return True if the server's health has counted a failure more; an agent has no health."""
        if self.name != "server":
            return True
        report = self.house.health(2.0)
        counts = [*report.get("failures", {}).values(), *report.get("errors", {}).values()]
        self._counted = max(self._counted, sum(counts))
        return self._counted > counted

    def _is_there(self, thread: str) -> bool:
        return thread in self.order("threads")

    def _unseen(self, thread: str) -> str:
        if thread and not self._is_there(thread):
            return "GONE, process lives"
        return "NO WORD"

    def _is_worn(self, before: int) -> bool:
        """Return True if a part now waits for long: the next row would only see its pause."""
        pauses = PAUSE.findall(said_since(self.process, before))
        return any(int(seconds) >= LONG_PAUSE_S for seconds in pauses)

    def _log(self) -> int:
        return self.process.log.stat().st_size


def said_since(process: Process, before: int) -> str:
    """Return what a process has logged after so many bytes."""
    return process.log.read_bytes()[before:].decode(errors="replace")


def run(folder: Path, *, long: bool, child: Mapping[str, str] | None = None) -> Iterator[Row]:
    """Yield a row for each exception; server and agent are thrown at side by side."""
    house = ThreadsHouse(folder, child)
    rows: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
    try:
        house.broker()
        house.listen()
        rings = [Ring(house, "server", house.server), Ring(house, "agent", house.bed)]
        for ring in rings:
            threading.Thread(target=_throw_all, args=(ring, rows, long), daemon=True).start()
        for _ in rings:
            yield from iter(rows.get, None)
    finally:
        house.close()


def _throw_all(ring: Ring, rows: "queue.SimpleQueue[Row | None]", long: bool) -> None:
    try:
        for row in _rows(ring, random.Random(SEED), long=long):
            rows.put(row)
        rows.put(_afterwards(ring.house, ring.name))
    except BaseException as error:
        rows.put(Row(ring.name, "the campaign itself", "", repr(error), 0.0))
        raise
    finally:
        rows.put(None)


def _rows(ring: Ring, chance: random.Random, *, long: bool) -> Iterator[Row]:
    if ring.name == "server":  # the workers of a channel are there after its first push
        yield _afterwards(ring.house, ring.name)
    for thread in ring.order("threads"):
        for error in ERRORS if long else [chance.choice(ERRORS)]:
            yield ring.throw(thread, error)
    found = ring.order("callbacks")
    for callback in found if long else chance.sample(found, min(MOST_CALLBACKS, len(found))):
        for error in ERRORS if long else [chance.choice(ERRORS)]:
            yield ring.fail(callback, error)


def _afterwards(house: ThreadsHouse, name: str) -> Row:
    begun_s = time.monotonic()
    if name == "server":
        good, bad = house.push_s(house.spare, 60.0) is not None, "NO PUSH"
    else:
        good, bad = house.windows_flow(60.0), "NO WINDOWS"
    place = "an urgent push" if name == "server" else "windows come"
    return Row(name, place, "", TOLD if good else bad, _s(begun_s))


def _s(begun_s: float) -> float:
    return time.monotonic() - begun_s


def show(row: Row) -> str:
    """Return a row of the table."""
    mark = "WRONG" if row.wrong else "late" if row.late else ""
    return f"{row.process:7} {row.place:48} {row.error:15} {row.fate:22} {row.took_s:5.1f} s {mark}"


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 if a row is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="every error into every place")
    args = parser.parse_args(argv)
    wrong = late = 0
    with tempfile.TemporaryDirectory() as folder:
        for row in run(Path(folder), long=args.long):
            print(show(row), flush=True)
            wrong += row.wrong
            late += row.late
    print(f"{wrong} rows are wrong, {late} took longer than {WITHIN_S:g} s")
    return int(wrong + late > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
