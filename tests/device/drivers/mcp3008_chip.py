"""An MCP3008 on gpiozero's mock SPI, by the bits of its data sheet (DS21295)."""

import gc
from collections.abc import Callable

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory, MockSPIDevice

_opened: list[gpiozero.MCP3008] = []


def note_opened(patch: pytest.MonkeyPatch) -> None:
    """Remember each input that a driver opens, until `close_all`."""

    class Noted(gpiozero.MCP3008):  # type: ignore[misc]  # gpiozero has no types
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)
            _opened.append(self)

    patch.setattr(gpiozero, "MCP3008", Noted)


def close_all() -> None:
    """Close the inputs: gpiozero has one bus for all of them, also for those of another test."""
    if not _opened:
        return
    while _opened:
        _opened.pop().close()
    gc.collect()  # or one that is collected later closes the bus of a later test


class Mcp3008Chip(MockSPIDevice):  # type: ignore[misc]  # gpiozero has no types
    """Answers with `inputs`, eight counts of 0 to 1023."""

    def __init__(self, factory: MockFactory, select_pin: int = 8) -> None:
        super().__init__(11, 10, 9, select_pin, pin_factory=factory)
        self.inputs = [500, *[0] * 7]
        self.broken: Callable[[], object] | None = None

    def on_start(self) -> None:
        if self.broken is not None:
            self.broken()
        super().on_start()
        self._asked: list[int] = []

    def on_bit(self) -> None:
        bit = self.rx_buf[-1]
        if self._asked or bit:  # from the start bit on
            self._asked.append(int(bit))
        if len(self._asked) == 5:  # start, single ended, and three of the channel
            _, single, *channel = self._asked
            assert single == 1
            number = int("".join(map(str, channel)), 2)
            self.tx_buf.clear()
            # A bit while it still takes its sample, and the null bit, go before the ten bits.
            self.tx_word(self.inputs[number], 12)
