"""Runs on the machine with simulated GPIO lines; prints what the drivers see of them, as JSON."""

import json
import subprocess
import sys
import threading
import time
from glob import glob
from itertools import pairwise
from pathlib import Path

from legwatch_device.drivers.bed_mat import BedMat
from legwatch_device.drivers.gpio_button import GpioButton
from legwatch_device.drivers.gpio_line import SETTLE_S
from legwatch_device.drivers.gpio_motion import GpioMotion
from legwatch_device.drivers.gpio_signal import GpioSignal
from legwatch_device.looking.lines import ticking
from pulses import GLITCH, KNOCK, SPACINGS_S, Train, evenly, every, knock, pulses, turn

SIM = "/sys/devices/platform/gpio-sim.0/gpiochip*/sim_gpio{pin}/{what}"
OTHER = """
from legwatch_device.drivers.{module} import {kind}
try:
    print({kind}({kind}.Options({pin})).{ask}())
except Exception as error:
    print(type(error).__name__, error)
"""
FLOOD = 400  # edges as fast as the machine can; the kernel keeps 16 of a line
HOLD_S = 120


def other_side(pin: int, what: str) -> Path:
    """Return the file by which a line is driven (`pull`) or looked at (`value`) from outside."""
    return Path(glob(SIM.format(pin=pin, what=what))[0])  # noqa: PTH207


def pull(pin: int, *, low: bool) -> None:
    """Close a contact to ground, or open it."""
    other_side(pin, "pull").write_text("pull-down" if low else "pull-up")


def seen_from_outside(pin: int, for_s: float) -> list[tuple[int, float]]:
    """Return the levels of an output with the seconds that each has lasted."""
    value, levels = other_side(pin, "value"), list[tuple[int, float]]()
    began = last = time.monotonic()
    level = int(value.read_text())
    while time.monotonic() - began < for_s:
        time.sleep(0.005)
        now = int(value.read_text())
        if now != level:
            levels.append((level, round(time.monotonic() - last, 2)))
            level, last = now, time.monotonic()
    return [*levels, (level, round(time.monotonic() - last, 2))]


def presses(button: int) -> None:
    """Press a button short, long, and with bouncing contacts; tell what was reported."""
    reported = list[str]()
    GpioButton(GpioButton.Options(button)).listen(reported.append)
    for name, train in (
        ("tap", (0.0, 0.2)),
        ("hold", (0.0, 3.6)),
        ("tap that bounces", (0.0, 0.004, 0.003, 0.2, 0.004, 0.003)),
        ("three taps", (0.0, 0.15, 0.4, 0.15, 0.4, 0.15)),
    ):
        for place, wait_s in enumerate(train):
            time.sleep(wait_s)
            pull(button, low=place % 2 == 0)
        time.sleep(0.5)
        tell(name, reported.copy())
        reported.clear()


def signals(lamp: int, buzzer: int) -> None:
    """Tell what lamp and buzzer do, as it is seen from the other side."""
    both = GpioSignal(GpioSignal.Options(lamp, buzzer))
    tell("signals at the start", [seen_from_outside(pin, 0.1) for pin in (lamp, buzzer)])
    both.light()
    both.sound()
    tell("buzzer", seen_from_outside(buzzer, 4.8))
    tell("lamp", seen_from_outside(lamp, 0.1))
    both.calm()
    tell("signals when calm", [seen_from_outside(pin, 1.0) for pin in (lamp, buzzer)])
    both.blink()
    tell("blink", seen_from_outside(lamp, 1.5))


def mats(to_ground: int, opens: int) -> None:
    """Tell what two mats say: one that closes, one that opens, and the first while it bounces."""
    closing = BedMat(BedMat.Options(to_ground))
    opening = BedMat(BedMat.Options(opens, opens=True))
    for name, low in (("mats with nobody", (False, True)), ("mats with somebody", (True, False))):
        pull(to_ground, low=low[0])
        pull(opens, low=low[1])
        time.sleep(0.3)
        early = closing.present()
        time.sleep(1.2)
        tell(name, [early, closing.present(), opening.present()])
    for level in (False, True) * 10:
        pull(to_ground, low=level)
        time.sleep(0.05)
    bouncing = closing.present()
    time.sleep(1.5)
    tell("a mat that bounces", [bouncing, closing.present()])


class Line:
    """A line with its driver, driven from the other side."""

    def __init__(self, pin: int) -> None:
        self._pull = other_side(pin, "pull")
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


def shaken(pin: int) -> None:
    """Tell which pins a set-up finds while the bed is moved: of those that nobody holds."""
    bed = threading.Thread(target=_shake, args=(pin,))
    bed.start()
    tell("shaken", [one.as_table() for one in ticking(5.0)])
    bed.join()


def _shake(pin: int) -> None:
    for place in range(40):
        time.sleep(0.1)
        pull(pin, low=place % 2 == 0)


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
spring.plays("1000 pulses", pulses(1000))
spring.plays("flood", (0.0,) * FLOOD)
spring.plays("knock after the flood", KNOCK)
active.plays("a knock that leaves the line active", KNOCK[:-1])
for seed in range(3):
    active.plays(f"knock {seed} of a line that rests active", knock(seed))
presses(5)
signals(6, 13)
mats(16, 26)
time.sleep(max(0.0, held_since_s + HOLD_S - time.monotonic()))
tell("still held", [round(time.monotonic() - held_since_s - 3, 2), pir.motion.seen()])
pir.change()
time.sleep(1)
tell("let go", pir.motion.seen())
tell("busy", other("gpio_motion", "GpioMotion", 17, "seen"))
tell("busy for a dht22", other("dht22", "Dht22", 17, "read"))
tell("no dht22", other("dht22", "Dht22", 4, "read"))
shaken(23)
