"""The agent wired as `legwatch agent` wires it, but driven by the test."""

import queue
import threading
from typing import Any

from legwatch.events import ClockTrust, Window
from legwatch.testing import WINDOW_MS
from legwatch_device.agent import Agent
from legwatch_device.indicator import Indicator
from legwatch_device.spool import Spool
from legwatch_device.testing.fakes import FakeFeed, FakeLink, FakeSignal
from legwatch_runtime.testing import FakeClock


class InProcessAgent:
    """One agent in the test's own thread.

    Nothing happens by itself: `turn` takes in what sensors, button and link tell, and sends what
    may be sent; time goes by when windows are measured, or when the test moves `clock`.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        boot: str = "0000000a",
        most: int = 1000,
        feed: FakeFeed | None = None,
    ) -> None:
        self.spool = spool
        self.clock, self.link, self.signal = FakeClock(), FakeLink(), FakeSignal()
        self.feed = feed or FakeFeed()
        self.measured = 0  # windows, since the start
        self._items: queue.Queue[Any] = queue.Queue()
        self.agent = Agent(
            boot=boot,
            spool=spool,
            link=self.link,
            feed=self.feed,
            clock=self.clock,
            said=self._items,
            most=most,
            beacon=Indicator(self.signal, self.clock),
        )

    def turn(self, *items: object) -> None:
        """Take in what came together: windows, presses, commands, and what the link tells."""
        self.agent.turn(list(items))

    def window(self, trust: ClockTrust = ClockTrust.SYNCED, *, after_ms: int = WINDOW_MS) -> Window:
        """Let some time go by; return a window that ends then, as a feed hands it over."""
        self.measured += 1
        self.clock.advance(after_ms)
        to_ms, up_ms = self.clock.now_ms, self.clock.up_ms
        return Window("", 0, to_ms - WINDOW_MS, to_ms, up_ms, trust.value, leg_c=31.0)

    def measure(self, count: int, trust: ClockTrust = ClockTrust.SYNCED) -> None:
        """Take in so many windows together."""
        self.turn(*[self.window(trust) for _ in range(count)])

    def run_out(self, *items: object) -> None:
        """Run the agent's own loop with these in its queue, when it is told to stop."""
        for item in items:
            self._items.put(item)
        stop = threading.Event()
        stop.set()
        self.agent.run(stop)
