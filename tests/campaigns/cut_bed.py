"""A bedside that lives by a seed until it is cut off, and what is left of it at its next start."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from legwatch.contract.confirmation import Stored
from legwatch.contract.press import Press
from legwatch_device.broker_link import LinkUp
from legwatch_device.keeping import FLUSH_S
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent

FILE = "spool.db"
BEFORE, AFTER = "0000000a", "0000000b"
NEW = 3  # windows that are measured after the cut
LATEST_MS = int(FLUSH_S * 1000) + 1000  # a turn is a second
SERVER_GOES, SERVER_COMES, CONFIRMS, PRESSES, CHECKPOINTS = 0.02, 0.05, 0.5, 0.02, 20


class Made(NamedTuple):
    """What was there before the cut, with the bedside's elapsed time."""

    windows: dict[int, int]  # number: when it was made
    stored: set[int]  # the server has them
    cut_ms: int


class Left(NamedTuple):
    """What came of it after the next start."""

    sent: set[int]
    new: int
    told_lost: int


class Bed:
    """Measures, loses its server and finds it again, a second for each turn."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        self.spool = Spool(folder / FILE)
        if chance.random() < 0.5:  # else no life is long enough for one
            self.spool._db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINTS}")
        self.agent = InProcessAgent(self.spool, boot=BEFORE, most=100_000)
        self.every = chance.choice((1, 1, 10))
        self.made: dict[int, int] = {}
        self.stored: set[int] = set()

    @property
    def now_ms(self) -> int:
        return self.agent.clock.up_ms

    def turn(self, said: Callable[[str, int, int], object] = lambda *_: None) -> None:
        """Live for a second; `said` hears of each window before it is kept, or confirmed."""
        agent, chance, items = self.agent, self.chance, list[object]()
        seconds = self.now_ms // 1000
        if seconds % self.every == 0:
            items.append(agent.window(after_ms=1000))
            self.made[agent.measured] = self.now_ms
            said("made", agent.measured, self.now_ms)
        else:
            agent.clock.advance(1000)
            said("time", 0, self.now_ms)
        if chance.random() < PRESSES:
            items.append(Press(f"p{self.now_ms}", "ack", 5))
        if agent.link.up and chance.random() < SERVER_GOES:
            agent.link.up = False
        elif not agent.link.up and chance.random() < SERVER_COMES:
            items.append(LinkUp(1))
        agent.turn(*items)
        if agent.link.up and chance.random() < CONFIRMS:
            self._confirm(said)

    def _confirm(self, said: Callable[[str, int, int], object]) -> None:
        sent = {window.seq for window in self.agent.link.windows()}
        self.agent.link.sent.clear()
        self.stored |= sent
        for seq in sorted(sent):
            said("stored", seq, self.now_ms)
        if sent:
            self.agent.turn(Stored(BEFORE, max(sent), ()))

    def close(self) -> None:
        """Let go of the files, without a word of the agent."""
        self.agent.agent.close()
        self.spool.close()


@contextmanager
def flushes(told: Callable[[], object]) -> Iterator[None]:
    """Call `told` after each commit to a file that was flushed."""
    whole = Spool.put

    def put(self: Spool, *args: object, **named: object) -> int:
        first = whole(self, *args, **named)  # type: ignore[arg-type]
        if self.on_disk:
            told()
        return first

    Spool.put = put  # type: ignore[method-assign]
    try:
        yield
    finally:
        Spool.put = whole  # type: ignore[method-assign]


def after(folder: Path) -> Left:
    """Start a bedside on what is left: it measures, and sends all that it has."""
    with closing(Spool(folder / FILE)) as spool:
        bed = InProcessAgent(spool, boot=AFTER, most=100_000)
        with closing(bed.agent):
            bed.measure(NEW)
            bed.turn(LinkUp(1))
            before = -1
            while len(bed.link.sent) > before:
                before = len(bed.link.sent)
                bed.turn()
            infos = [json.loads(one.payload) for one in bed.link.sent if one.channel == "info"]
            windows = bed.link.windows()
    return Left(
        {window.seq for window in windows if window.boot == BEFORE},
        len({window.seq for window in windows if window.boot == AFTER}),
        max(int(info.get("lost", 0)) for info in infos),
    )


def faults(made: Made, left: Left, *, damaged: bool = False) -> tuple[str, ...]:
    """Return what does not hold."""
    gone = set(made.windows) - made.stored - left.sent
    old = {seq for seq in gone if made.windows[seq] <= made.cut_ms - LATEST_MS}
    # Of a file that was never flushed nobody knows whether it had any windows.
    most_told = len(gone) or int(made.cut_ms <= LATEST_MS)
    checks = {
        f"{left.new} of {NEW} new windows are sent": left.new == NEW,
        f"{len(old)} windows are lost that were flushed": damaged or not old,
        f"{len(old)} windows are lost and nobody hears of it": not old or left.told_lost,
        f"{left.told_lost} windows are told as lost": damaged or left.told_lost <= most_told,
    }
    return tuple(why for why, good in checks.items() if not good)
