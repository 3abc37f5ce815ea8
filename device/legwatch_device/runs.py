"""When something was measured before this start of the agent: by the machine's elapsed clock.

That clock goes on from one start of the agent to the next, and begins anew with the machine. A
machine without a battery clock may get the time hours after its start. So the spool knows of each
start of the agent in which run of the machine it was, and of each run when it began, as soon as the
time has come.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from legwatch.contract.fields import LATEST_MS, dump
from legwatch.contract.press import Press, encode_press
from legwatch.events import ClockTrust
from legwatch_device.spool import SpooledWindow
from legwatch_runtime.clock import Clock

RUN, ZERO = "run:", "zero:"  # facts in a spool: of a start of the agent, of a run of the machine
_SLEW_MS = 2_000  # the time of a run's beginning is noted anew when it differs by more


class Runs:
    """The runs of the machine, as one start of the agent knows them.

    `fact` reads a number from the spool. Without an id of the machine's `run`, nothing is known of
    earlier starts.
    """

    def __init__(
        self, boot: str, run: str, clock: Clock, fact: Callable[[str], int | None]
    ) -> None:
        self._boot, self._clock, self._fact = boot, clock, fact
        self._run = zlib.crc32(run.encode()) + 1 if run else 0
        self._zero_ms: int | None = None

    def facts(self) -> Iterator[tuple[str, int]]:
        """Yield what the spool should know of this start of the agent."""
        if not self._run:
            return
        yield f"{RUN}{self._boot}", self._run
        if self._clock.synced():
            zero_ms = self._clock.utc_ms() - self._clock.mono_ms()
            if self._zero_ms is None or abs(zero_ms - self._zero_ms) > _SLEW_MS:
                self._zero_ms = zero_ms
        if self._zero_ms is not None:
            yield f"{ZERO}{self._run}", self._zero_ms

    def age_ms(self, boot: str, mono_ms: int) -> int | None:
        """Return how long ago it was at `mono_ms` in a start of the agent; None: not known."""
        if boot == self._boot or (self._run and self._fact(f"{RUN}{boot}") == self._run):
            return max(0, self._clock.mono_ms() - mono_ms)
        at_ms = self.at_ms(boot, mono_ms)
        if at_ms is None or not self._clock.synced() or self._clock.utc_ms() < at_ms:
            return None
        return self._clock.utc_ms() - at_ms

    def at_ms(self, boot: str, mono_ms: int) -> int | None:
        """Return the UTC at `mono_ms` in a start of the agent; None: its run never had the time."""
        run = self._fact(f"{RUN}{boot}")
        zero_ms = None if run is None else self._fact(f"{ZERO}{run}")
        return None if zero_ms is None else zero_ms + mono_ms

    def dated(self, item: SpooledWindow) -> bytes | None:
        """Return an earlier start's message, whose clock was not set, with its right times."""
        to_ms = self.at_ms(item.boot, item.mono_ms)
        if to_ms is None or item.boot == self._boot or item.clock != ClockTrust.UNSYNCED:
            return None
        body: dict[str, Any] = json.loads(item.payload)
        from_ms = to_ms - (body["to_ms"] - body["from_ms"])
        if not 0 <= from_ms < to_ms <= LATEST_MS:
            return None
        return dump(body | {"from_ms": from_ms, "to_ms": to_ms, "clock": ClockTrust.SYNCED.value})

    def message(self, press: Press) -> bytes:
        """Return the message of a press of now; if the clock is not set, with the elapsed one."""
        made = encode_press(press)
        if press.clock != ClockTrust.UNSYNCED:
            return made
        return made[:-1] + b',"boot":"%s","mono_ms":%d}' % (
            self._boot.encode(),
            self._clock.mono_ms(),
        )

    def aged(self, press: bytes) -> bytes:
        """Return the message of a press; if its clock was not set, with how long it has waited."""
        try:
            body: dict[str, Any] = json.loads(press)
            age_ms = self.age_ms(str(body.pop("boot")), int(body.pop("mono_ms")))
        except (ValueError, TypeError, KeyError, AttributeError):
            return press  # its clock was set
        return dump(body if age_ms is None else body | {"age_ms": age_ms})
