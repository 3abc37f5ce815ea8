"""One bed whose bedside keeps the right time, and a server whose wall clock does not."""

from collections.abc import Sequence
from typing import Any

from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.testing import BOOT, live_window
from legwatch_server.inbox import Arrived, WindowArrived
from legwatch_server.testing import InProcessServer

TEN_S, MINUTE_MS, HOUR_MS = 10_000, 60_000, 3_600_000
WARM: dict[str, Any] = {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True}


class NightWatch:
    """Time goes by in both machines together; only `step` makes their wall clocks differ."""

    def __init__(self, ward: InProcessServer) -> None:
        self.ward, self.wrong_ms, self._seq = ward, 0, 0
        self.passed_ms = 0
        self._up_ms, self._boot = HOUR_MS, BOOT  # of the agent's machine

    def step(self, by_ms: int) -> None:
        """Set the server's clock; the server turns."""
        self.ward.clock.step(by_ms)
        self.wrong_ms += by_ms
        self.ward.turn()

    def pass_by(self, ms: int) -> None:
        """Let time go by in which nothing happens."""
        self.ward.clock.advance(ms)
        self.go_on(ms)

    def go_on(self, ms: int) -> None:
        """Let time go by at the bedside only: the test moves the clock of the server."""
        self.passed_ms += ms
        self._up_ms += ms

    def begin_anew(self, boot: str = "feedbeef") -> None:
        """Start the bedside's machine again."""
        self._seq, self._up_ms, self._boot = 0, 20_000, boot

    def window(self, age_ms: int = 0, bed: str = "b", **seen: Any) -> WindowArrived:
        """Return the window that ended `age_ms` ago; the bedside has kept it for so long."""
        self._seq += 1
        to_ms = self.ward.clock.now_ms - self.wrong_ms - age_ms
        more: dict[str, Any] = {"mono_ms": self._up_ms - age_ms, "age_ms": age_ms}
        found = live_window(self._seq, to_ms, boot=self._boot, **WARM | seen, **more)
        arrived = self.arrived(encode_window(found), bed)
        assert isinstance(arrived, WindowArrived)
        return arrived

    def arrived(self, payload: bytes, bed: str = "b") -> Arrived:
        return self.ward.message(topic(bed, Channel.WINDOW), payload)

    def well(self, minutes: float, **seen: Any) -> None:
        """Let the bedside send for so long."""
        for _ in range(round(minutes * 6)):
            self.pass_by(TEN_S)
            self.ward.turn([self.window(**seen)])
        self.ward.settle()

    def silent(self, minutes: float) -> None:
        """Let the bedside send nothing for so long; the server turns twice a minute."""
        for _ in range(round(minutes * 2)):
            self.pass_by(MINUTE_MS // 2)
            self.ward.turn()
            self.ward.settle()

    def off(self, ms: int, boot: str = "another") -> None:
        """Cut the server's power; the wall clock goes on."""
        self.ward.close()
        self.pass_by(ms)
        self.ward.clock.boot, self.ward.clock.up_ms = boot, 30_000

    def start_wrong(self, wrong_ms: int) -> None:
        """Give the server its power back, with a wall clock that is wrong by so much."""
        self.wrong_ms = wrong_ms
        self.ward.clock.step(wrong_ms)
        self.ward.start()
        self.ward.turn()

    def told_min(self, most: int = 30) -> float:
        """Let the bedside die now; return after how many minutes somebody hears a sound."""
        begun_ms, heard = self.passed_ms, len(self.loud())
        while len(self.loud()) == heard and self.passed_ms < begun_ms + most * MINUTE_MS:
            self.silent(0.5)
        return (self.passed_ms - begun_ms) / MINUTE_MS

    def loud(self) -> Sequence[object]:
        """Return every push with a sound."""
        return self.ward.notified("loud")
