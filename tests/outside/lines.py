"""Runs on the machine with simulated GPIO lines; prints what the drivers see of them, as JSON."""

import json
import subprocess
import sys
import time
from glob import glob
from itertools import pairwise
from pathlib import Path

from legwatch_device.drivers.gpio_line import SETTLE_S
from legwatch_device.drivers.gpio_motion import GpioMotion
from pulses import GLITCH, KNOCK, SPACINGS_S, Train, evenly, every, knock, turn

PULL = "/sys/devices/platform/gpio-sim.0/gpiochip*/sim_gpio{pin}/pull"
OTHER = """
from legwatch_device.drivers.{module} import {kind}
try:
    print({kind}({kind}.Options({pin})).{ask}())
except Exception as error:
    print(type(error).__name__, error)
"""
FLOOD = 400  # edges as fast as the machine can; the kernel keeps 16 of a line
HOLD_S = 120


class Line:
    """A line with its driver, driven from the other side."""

    def __init__(self, pin: int) -> None:
        self._pull = Path(glob(PULL.format(pin=pin))[0])  # noqa: PTH207
        self.motion = GpioMotion(GpioMotion.Options(pin))
        self._active = False

    def change(self) -> None:
        self._active = not self._active
        self._pull.write_text("pull-up" if self._active else "pull-down")

    def plays(self, name: str, train: Train) -> None:
        """Tell what was played, by the times at which it was, and what the driver saw of it."""
        self.motion.seen()
        at_s, rising = [], 0
        for wait_s in train:
            time.sleep(wait_s)
            self.change()
            at_s.append(time.monotonic())
            rising += self._active
        time.sleep(1)
        settled_s = sum(min(b - a, SETTLE_S) for a, b in pairwise(at_s)) + SETTLE_S
        tell(name, {"played": (rising, round(settled_s, 2)), "seen": self.motion.seen()})


def tell(name: str, value: object) -> None:
    print(json.dumps({name: value}), flush=True)


def other(module: str, kind: str, pin: int, ask: str) -> str:
    """Return what another process says of a pin."""
    code = OTHER.format(module=module, kind=kind, pin=pin, ask=ask)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


spring, active, pir = Line(17), Line(22), Line(27)
pir.change()
held_since_s = time.monotonic()
time.sleep(3)
tell("held", pir.motion.seen())
spring.plays("knock", KNOCK)
for seed in range(5):
    spring.plays(f"knock {seed}", knock(seed))
for edges in (12, 30, 60):
    spring.plays(f"turn of {edges} edges", turn(edges, edges))
for apart_s in SPACINGS_S:
    spring.plays(f"edges {apart_s * 1000:g} ms apart", evenly(30, apart_s))
spring.plays("runs free", every(6.0, times=5))
spring.plays("noise", GLITCH)
spring.plays("flood", (0.0,) * FLOOD)
spring.plays("knock after the flood", KNOCK)
active.plays("a knock that leaves the line active", KNOCK[:-1])
for seed in range(3):
    active.plays(f"knock {seed} of a line that rests active", knock(seed))
time.sleep(max(0.0, held_since_s + HOLD_S - time.monotonic()))
tell("still held", [round(time.monotonic() - held_since_s - 3, 2), pir.motion.seen()])
pir.change()
time.sleep(1)
tell("let go", pir.motion.seen())
tell("busy", other("gpio_motion", "GpioMotion", 17, "seen"))
tell("busy for a dht22", other("dht22", "Dht22", 17, "read"))
tell("no dht22", other("dht22", "Dht22", 4, "read"))
