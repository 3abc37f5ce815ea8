"""An agent built as `legwatch agent` builds it, but run step by step by a test."""

import queue
import threading
from pathlib import Path
from typing import Any

from legwatch.events import ClockTrust, Window
from legwatch.testing import WINDOW_MS
from legwatch_device.agent import Agent
from legwatch_device.fallback import Fallback
from legwatch_device.indicator import Indicator
from legwatch_device.keeping import Most
from legwatch_device.kept_rules import KeptRules
from legwatch_device.spool import Spool
from legwatch_device.testing.fakes import FakeFeed, FakeLink, FakeSignal
from legwatch_runtime.testing import FakeClock

SENSORS = ("leg", "room", "movement", "presence")


class InProcessAgent:
    """One agent in the thread of the test.

    Nothing happens by itself: `turn` handles items of sensors, button and link, and sends. The time
    moves when the test makes windows, or moves `clock`. `helps`: a folder in which it keeps limits,
    to tell its sleeper by itself when the server is silent for `after_s`.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        boot: str = "0000000a",
        most: int = 1000,
        feed: FakeFeed | None = None,
        user: str = "",
        run: str = "a run",
        clock: FakeClock | None = None,
        helps: Path | None = None,
        after_s: int = 300,
    ) -> None:
        self.spool = spool
        self.clock, self.link, self.signal = clock or FakeClock(), FakeLink(), FakeSignal()
        self.fallback = None
        if helps is not None:
            kept = KeptRules(helps, self.clock)
            self.fallback = Fallback(after_s, self.clock, kept, SENSORS)
        self.feed = feed or FakeFeed()
        self.beacon = Indicator(self.signal, self.clock)
        self.no_button = ""  # why the button does not work
        self.measured = 0  # number of windows since the start
        self._items: queue.Queue[Any] = queue.Queue()
        self.agent = Agent(
            boot=boot,
            spool=spool,
            link=self.link,
            feed=self.feed,
            clock=self.clock,
            said=self._items,
            most=Most(most),
            user=user,
            run=run,
            button=lambda: self.no_button,
            beacon=self.beacon,
            fallback=self.fallback,
        )

    def turn(self, *items: object) -> None:
        """Handle these items together: windows, presses, commands, and messages of the link."""
        self.agent.turn(list(items))

    def window(self, trust: ClockTrust = ClockTrust.SYNCED, *, after_ms: int = WINDOW_MS) -> Window:
        """Move the clock by `after_ms`; return a window that ends then, as a feed makes it."""
        self.measured += 1
        self.clock.advance(after_ms)
        to_ms, up_ms = self.clock.now_ms, self.clock.up_ms
        return Window("", 0, to_ms - WINDOW_MS, to_ms, up_ms, trust.value, leg_c=31.0)

    def measure(self, count: int, trust: ClockTrust = ClockTrust.SYNCED) -> None:
        """Handle `count` new windows together."""
        self.turn(*[self.window(trust) for _ in range(count)])

    def run_out(self, *items: object) -> None:
        """Run the agent's loop with these items in its queue and `stop` already set."""
        for item in items:
            self._items.put(item)
        stop = threading.Event()
        stop.set()
        self.agent.run(stop)
