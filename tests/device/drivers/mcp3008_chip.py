"""An MCP3008 on gpiozero's mock SPI, by the bits of its data sheet (DS21295)."""

from collections.abc import Callable

from gpiozero.pins.mock import MockFactory, MockSPIDevice


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
