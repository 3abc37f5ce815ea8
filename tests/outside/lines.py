"""Runs on the machine with simulated GPIO lines; prints what the drivers see of them, as JSON."""

import json
import subprocess
import sys
import time
from glob import glob
from pathlib import Path

from legwatch_device.drivers.gpio_motion import GpioMotion

PULL = Path(glob("/sys/devices/platform/gpio-sim.0/gpiochip*/sim_gpio17/pull")[0])  # noqa: PTH207
OTHER = """
from legwatch_device.drivers.{module} import {kind}
try:
    print({kind}({kind}.Options({pin})).{ask}())
except Exception as error:
    print(type(error).__name__, error)
"""


def line(*, active: bool) -> None:
    PULL.write_text("pull-up" if active else "pull-down")


def tell(name: str, value: object) -> None:
    print(json.dumps({name: value}), flush=True)


def pulses(motion: GpioMotion, count: int, active_s: float, rest_s: float) -> object:
    """Return what is seen of so many pulses, and of the second after them."""
    motion.seen()
    for _ in range(count):
        line(active=True)
        time.sleep(active_s)
        line(active=False)
        time.sleep(rest_s)
    time.sleep(1)
    return motion.seen()


def other(module: str, kind: str, pin: int, ask: str) -> str:
    """Return what another process says of a pin."""
    code = OTHER.format(module=module, kind=kind, pin=pin, ask=ask)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


line(active=False)
motion = GpioMotion(GpioMotion.Options(17))
tell("knocks", pulses(motion, 30, 0.005, 0.02))
tell("bounces", pulses(motion, 13, 0.0005, 0.0005))
line(active=True)
time.sleep(3)
tell("held", motion.seen())
time.sleep(2)
tell("still held", motion.seen())
line(active=False)
time.sleep(1)
tell("let go", motion.seen())
tell("busy", other("gpio_motion", "GpioMotion", 17, "seen"))
tell("busy for a dht22", other("dht22", "Dht22", 17, "read"))
tell("no dht22", other("dht22", "Dht22", 4, "read"))
