"""Do the same with many files or orders in several processes; the results come in their order.

A worker is handed the next one when it has finished one, and never one that is far ahead of the
result that is waited for: a reader who takes his time stops the work, and few results are kept.
"""

import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar

from legwatch.errors import CannotRun

Job = tuple[int, Any]  # the number of the result, and what it is made of
S = TypeVar("S")
T = TypeVar("T")
AHEAD = 4  # results of each worker that may wait for an earlier one


class _Worker(NamedTuple):
    process: BaseProcess
    line: Connection


def _reader(file: object) -> str:
    return f"{file}: the process that read it"


def in_order(
    one: Callable[[S], T], items: Sequence[S], jobs: int, whose: Callable[[S], str] = _reader
) -> Generator[T]:
    """Yield `one(item)` for each item, in order, from up to `jobs` processes.

    `whose` is what an error calls the process that had an item. `one` must be a function of a
    module or a partial of one, because it is pickled. Close the iterator to end the workers at
    once. Raises CannotRun if a worker has died.
    """
    if min(jobs, len(items)) < 2:
        yield from map(one, items)
        return
    workers = _started(one, min(jobs, len(items)))
    try:
        yield from _handed_out(workers, items, whose)
    finally:
        with uninterrupted():
            for worker in workers:
                worker.process.kill()
            for worker in workers:
                worker.process.join()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay Ctrl-C until the end of the block; processes started in the block never get it."""
    resource_tracker.ensure_running()  # its start would end the delay
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _started(one: Callable[[Any], Any], jobs: int) -> list[_Worker]:
    # `spawn` is the same on every system; `fork` could copy a lock that another thread holds.
    context = get_context("spawn")
    workers = []
    with uninterrupted():  # only this process handles Ctrl-C, and ends the workers
        for _ in range(jobs):
            line, other = context.Pipe()
            process = context.Process(target=_work, args=(one, other), daemon=True)
            process.start()
            other.close()  # so that the end of the worker ends the line
            workers.append(_Worker(process, line))
    return workers


def _work(one: Callable[[Any], Any], line: Connection) -> None:
    with suppress(EOFError, OSError):  # whoever has asked is gone
        for item in iter(line.recv, None):
            line.send(one(item))


def _handed_out(
    workers: Sequence[_Worker], items: Sequence[S], whose: Callable[[S], str]
) -> Iterator[Any]:
    idle = [worker.line for worker in workers]
    busy: dict[Connection, Job] = {}
    done: dict[int, Any] = {}
    to_do = deque(enumerate(items))
    for wanted in range(len(items)):
        before = wanted + AHEAD * len(workers)
        _hand_out(idle, busy, to_do, before)
        while wanted not in done:
            for line in _ready(busy):
                number, item = busy.pop(line)
                done[number] = _answer(line, whose(item))
                idle.append(line)
            _hand_out(idle, busy, to_do, before)
        yield done.pop(wanted)


def _hand_out(
    idle: list[Connection], busy: dict[Connection, Job], to_do: deque[Job], before: int
) -> None:
    while idle and to_do and to_do[0][0] < before:
        line, job = idle.pop(), to_do.popleft()
        busy[line] = job
        with suppress(OSError):  # the worker has died: its answer will tell
            line.send(job[1])


def _ready(busy: Mapping[Connection, Job]) -> list[Connection]:
    return [line for line in wait(list(busy)) if isinstance(line, Connection)]


def _answer(line: Connection, process: str) -> Any:
    try:
        return line.recv()
    except (EOFError, OSError):
        raise CannotRun(f"{process} was ended; if memory is short, add --jobs 1") from None
