"""The link's patience: short waits after a connection that worked, longer ones while none does."""

import queue
import threading
from typing import Any

import pytest

from legwatch_device.broker_link import FIRST_WAIT_S, LONGEST_WAIT_S, BrokerLink
from legwatch_device.settings import MqttTable


class Patience(threading.Event):
    """Stands for the stop event: notes each wait, and stops after so many."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        if len(self.waits) >= self._most:
            self.set()
        return self.is_set()


class Broker:
    """A client that connects when told so, and loses the connection at once."""

    def __init__(self, link: BrokerLink, *, works: bool) -> None:
        self._link, self._works = link, works

    def connect(self, *_: Any) -> None:
        if not self._works:
            raise ConnectionRefusedError("nobody there")

    def loop_start(self) -> None:
        self._link._number += 1
        self._link._lost.set()

    def disconnect(self) -> None:
        """Nothing to end."""

    loop_stop = disconnect


def waits(monkeypatch: pytest.MonkeyPatch, *works: bool) -> list[float]:
    monkeypatch.setattr("legwatch_device.broker_link.random.uniform", lambda _a, _b: 1.0)
    link = BrokerLink("anna", MqttTable(), "", queue.Queue())
    patience = link._stop = Patience(len(works))
    answers = iter(works)
    monkeypatch.setattr(link, "_make", lambda: Broker(link, works=next(answers)))
    link._keep()
    return patience.waits


def test_waits_grow_to_a_bound_while_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    got = waits(monkeypatch, *[False] * 9)
    assert got == [1, 2, 4, 8, 16, 32, LONGEST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_S]


def test_after_a_connection_that_worked_the_waits_are_short_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    got = waits(monkeypatch, False, False, False, True, False)
    assert got == [1, 2, 4, FIRST_WAIT_S, 2]
