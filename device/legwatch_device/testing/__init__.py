"""Helpers for tests of the agent: the whole agent in one process, without pins or a broker.

agent = InProcessAgent(Spool(folder / "spool.db"))
agent.measure(3)
agent.turn(LinkUp(1))
assert [window.seq for window in agent.link.windows()] == [1, 2, 3]
"""

from legwatch_device.testing.agent import InProcessAgent
from legwatch_device.testing.fakes import (
    FakeFeed,
    FakeLink,
    FakeMotion,
    FakePresence,
    FakeSignal,
    FakeThermometer,
    SentMessage,
)

__all__ = [
    "FakeFeed",
    "FakeLink",
    "FakeMotion",
    "FakePresence",
    "FakeSignal",
    "FakeThermometer",
    "InProcessAgent",
    "SentMessage",
]
