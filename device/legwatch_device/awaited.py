"""Lamp and buzzer are waited for, but only so long: a driver may never come back."""

from collections.abc import Callable
from typing import Any

from legwatch.entry import place_of
from legwatch_device.answers import WrongAnswer, kind
from legwatch_device.drivers import Signal
from legwatch_runtime.bounded_call import Hangs, call_within
from legwatch_runtime.calls import Call
from legwatch_runtime.clock import instant

OBEYS_WITHIN_S = 3.0  # all calls of one command; the server waits 5 s for the agent's answer


class Awaited:
    """A driver that has OBEYS_WITHIN_S from now on, for all that it is asked here.

    `noted` names a driver of another package, for the note of what is called.
    Each method raises Hangs after that. While a call hangs, none begins: each raises Hangs at once.
    """

    def __init__(self, signal: Signal, noted: str = "") -> None:
        self._noted = noted
        self._signal, self._end = signal, instant().after(OBEYS_WITHIN_S)

    def light(self) -> bool:
        """Switch the lamp on."""
        return self._show("light", self._signal.light)

    def sound(self) -> bool:
        """Beep."""
        return self._show("sound", self._signal.sound)

    def blink(self) -> bool:
        """Blink the lamp."""
        return self._show("blink", self._signal.blink)

    def calm(self) -> None:
        """Switch lamp and buzzer off."""
        self._wait(self._signal.calm)

    def _show(self, deed: str, call: Callable[[], object]) -> bool:
        """Return what a driver has answered; raises WrongAnswer for neither True nor False.

        None would else be "there is no lamp", in the evening's test, too.
        """
        shown = self._wait(call)
        if not isinstance(shown, bool):
            why = f"{deed} must return True or False, not {kind(shown)}"
            raise WrongAnswer(why, place_of(call))
        return shown

    def _wait(self, call: Callable[[], Any]) -> Any:
        def noted() -> Any:
            with Call(self._noted):
                return call()

        left_s = max(0.0, self._end.since(instant()))
        try:
            # While a call hangs, its thread holds the driver: no other driver gets this id.
            return call_within(f"signal {id(self._signal)}", noted, left_s)
        except Hangs:
            raise Hangs(f"has not come back for {OBEYS_WITHIN_S:g} s") from None
