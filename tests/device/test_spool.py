"""The spool keeps what waits, and no more than it may."""

import pytest

from legwatch.contract.press import Press, decode_press, encode_press
from legwatch_device.spool import MOST_PRESSES, Spool


def press(ident: str) -> Press:
    return Press(ident, "ack", 5)


def test_a_broken_switch_does_not_fill_the_disk(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    spool.put([], (), [(0, encode_press(press(str(n)))) for n in range(MOST_PRESSES + 5)])
    spool.trim(100)
    assert spool.presses_waiting() == MOST_PRESSES
    assert decode_press(spool.presses()[0].payload).id == "5"
    assert "5 presses dropped" in caplog.text
