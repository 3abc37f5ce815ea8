"""The agent answers before the server has given up, also for a lamp that hangs."""

from legwatch_device.awaited import OBEYS_WITHIN_S
from legwatch_server.notify.channels.mqtt import Bedside


def test_the_answer_for_a_lamp_that_hangs_comes_in_time() -> None:
    assert Bedside.Options().timeout_s > OBEYS_WITHIN_S + 1
