"""Helpers for tests of the server: the whole server in one process, without a network or a clock.

server = InProcessServer(folder, settings)
server.play("anna", 120, look)  # two hours of live windows, each push at its own time
assert server.notified("loud") == [(101.0, "bert", "loud", "fired")]
server.close()
"""

from legwatch_server.testing.fakes import ArrivedPush, FakeBroker, FakeChannel, PushLog
from legwatch_server.testing.server import InProcessServer, Look

__all__ = ["ArrivedPush", "FakeBroker", "FakeChannel", "InProcessServer", "Look", "PushLog"]
