"""The parts of a process: threads with a guard, so that none of them ends or hangs unseen.

A thread that ends by an exception is gone, and the process goes on without it. So every thread is a
`Part`. What a part cannot handle (also MemoryError, SystemExit) either ends the process with code 1
and one sentence, and systemd or `legwatch up` starts it again; or it starts this part again, after
pauses that grow. A part calls `turned` in each turn: one that hangs is as dead as one that ended.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from typing import NoReturn

from legwatch.entry import place, reason
from legwatch_runtime import calls, strange_threads
from legwatch_runtime.backoff import Backoff
from legwatch_runtime.clock import awake_s
from legwatch_runtime.secrets import hide

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
WELL_S = 120.0  # after running this long, the next pause is the shortest again
WITHIN_S = 60.0  # a part that has not turned for so long hangs
OFTEN = 3  # this many failures in a row are told; a single one is only counted


class OnFailure(StrEnum):
    """What becomes of a part that fails."""

    END = "end"  # the process ends with code 1
    RESTART = "restart"  # the part is started again


class Part:
    """One thread of a process; make it by `Parts.add`."""

    def __init__(
        self,
        name: str,
        run: Callable[[], None],
        parts: "Parts",
        *,
        on_failure: OnFailure,
        within_s: float,
    ) -> None:
        self.name, self._run, self._parts, self._within_s = name, run, parts, within_s
        self._on_failure = on_failure
        self.failures = 0  # since the start of the process
        self.why = ""  # of the last failure
        self.paused = False  # it waits to be started again
        self.ended = False  # its work is done
        self._in_a_row = 0
        self._backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._begun_s = self._turned_s = parts.elapsed_s()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the part's thread."""
        self._turned_s = self._parts.elapsed_s()
        thread = threading.Thread(target=self.guard, name=self.name, daemon=True)
        self._thread = thread
        thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait for the end of the part."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def turned(self) -> None:
        """Say that the part is well; it must do so at least every `within_s` seconds."""
        self._turned_s = self._parts.elapsed_s()

    def turned_ago_s(self) -> float:
        """Return how long ago the part has turned."""
        return self._parts.elapsed_s() - self._turned_s

    def guard(self) -> None:
        """Run the part in this thread until its work is done, whatever it raises."""
        self._thread = threading.current_thread()
        while not self.ended:
            try:
                self._begun_s = self._parts.elapsed_s()
                self.turned()
                self._run()
                self.ended = True
            except BaseException as error:  # noqa: BLE001 - this is what the guard is for
                self._guard_failure(error)

    def wrong(self) -> str:
        """Return in one sentence what is wrong with the part; empty: it is well."""
        if self.ended or self._thread is None:
            return ""
        if not self._thread.is_alive():
            return f"the part {self.name} has ended: {self.why or 'nobody knows why'}"
        lately = self._parts.elapsed_s() - self._begun_s < WELL_S
        if self.paused or (self._in_a_row >= OFTEN and lately):
            return f"the part {self.name} failed {self.failures} times, at last with {self.why}"
        if self.turned_ago_s() > self._within_s:
            return f"the part {self.name} has hung for {self.turned_ago_s():.0f} s"
        return ""

    def is_dead(self) -> bool:
        """Return True if only a new start of the process helps: the part has ended, or it hangs."""
        if self.ended or self._thread is None:
            return False
        return not self._thread.is_alive() or self.turned_ago_s() > self._within_s

    def _guard_failure(self, error: BaseException) -> None:
        try:
            self._failed(error)
        except BaseException as second:  # on the way of the first
            self.failures += 1
            self.why = type(second).__name__
            with suppress(Exception):
                logger.exception("the part %s failed: %s; it starts again", self.name, self.why)

    def _failed(self, error: BaseException) -> None:
        self.failures += 1
        self.why = _text(error)
        if self._on_failure is OnFailure.END:
            self._parts.end(f"the part {self.name} failed: {self.why}")
        if self._parts.elapsed_s() - self._begun_s > WELL_S:
            self._backoff.reset()
            self._in_a_row = 0
        self._in_a_row += 1
        pause_s = self._backoff.next_s()
        again = f"the part {self.name} failed: {self.why}; it starts again in {pause_s:g} s"
        # Where it happened helps once; after that it would only fill the log.
        logger.error(again, exc_info=error if self._in_a_row == 1 else None)
        self.paused = True
        try:
            self._pause(pause_s)
        finally:
            self.paused = False

    def _pause(self, seconds: float) -> None:
        """Wait, and go on turning: a part in its pause does not hang."""
        end_s = self._parts.elapsed_s() + seconds
        while not self._parts.stopping.wait(min(1.0, max(0.0, end_s - self._parts.elapsed_s()))):
            self.turned()
            if self._parts.elapsed_s() >= end_s:
                return
        self.ended = True


class Parts:
    """All parts of one process; `end` ends the process with a sentence."""

    def __init__(
        self,
        *,
        end: "Callable[[str], object] | None" = None,
        elapsed_s: Callable[[], float] = awake_s,
    ) -> None:
        self.end = end or end_process
        self.elapsed_s = elapsed_s
        self.stopping = threading.Event()  # set: a part that fails is not started again
        self._all: list[Part] = []
        self._strange: dict[tuple[str, str], str] = {}  # failed threads of other packages

    def add(
        self,
        name: str,
        run: Callable[[], None],
        *,
        on_failure: OnFailure = OnFailure.RESTART,
        within_s: float = WITHIN_S,
    ) -> Part:
        """Return a new part that is not started yet."""
        part = Part(name, run, self, on_failure=on_failure, within_s=within_s)
        self._all = [*(other for other in self._all if not other.ended), part]
        return part

    def all(self) -> list[Part]:
        """Return the parts whose work is not done."""
        return [part for part in self._all if not part.ended]

    def failures(self) -> dict[str, int]:
        """Return how often each part has failed since the start; those that never did are out."""
        return {part.name: part.failures for part in self._all if part.failures}

    def wrong(self) -> Iterator[str]:
        """Yield one sentence for each part, and each thread of others, that is not well."""
        yield from (sentence for part in self.all() if (sentence := part.wrong()))
        yield from list(self._strange.values())

    def well(self) -> bool:
        """Return False if a part has ended or hangs, so that the process must start again."""
        return not any(part.is_dead() for part in self.all())

    def guard_other_threads(self) -> None:
        """End the process when a thread that is no part ends by an exception.

        Libraries have threads of their own, such as those that call a button's callback. Without
        its thread a library goes on and does nothing, so a new start is the only help. A thread
        that another package's driver or channel has started is told: it takes no other along.
        """
        threading.excepthook = self._other_thread

    def _other_thread(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread is not None else "unknown"
        error = args.exc_value
        if error is None:
            self.end(f"the thread {name} failed: {args.exc_type.__name__}")
        elif owner := strange_threads.owner(error):
            self._tell_strange(name, owner, error)
        else:
            self.end(f"the thread {name} failed: {_text(error)}{place(error)}")

    def _tell_strange(self, name: str, owner: str, error: BaseException) -> None:
        """Say once for each line that a thread of another package has failed there."""
        where = place(error)
        sentence = f"the thread {name} of {owner} failed: {hide(reason(error))}{where}"
        if self._strange.setdefault((owner, where), sentence) is sentence:
            logger.error("%s; legwatch goes on without it", sentence)


def end_process(sentence: str) -> NoReturn:
    """Say why, and end the process at once with code 1, whatever its other threads do."""
    try:
        logger.critical("%s; the process ends, so that it can be started again", sentence)
        sys.stdout.flush()
    finally:
        calls.forget()
        os._exit(1)


def _text(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
