"""Listens which GPIO lines tick while somebody moves the bed: one is the movement sensor's."""

from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun
from legwatch_device.drivers.pins import HIGHEST
from legwatch_device.looking.candidate import Candidate, Kind
from legwatch_runtime.clock import awake_s

CHIP = Path("/dev/gpiochip0")
TURN_S = 0.25
LEFT_OUT = {0, 1}  # the pins of a HAT's own memory


def ticking(seconds: float, chip: Path = CHIP) -> list[Candidate]:
    """Return the lines that had edges, the one with the most first; raises CannotRun.

    Lines that another program holds are left out: what it reads is known already.
    """
    edges = Counter[int]()
    with ExitStack() as held:
        lines = _requested(chip, held)
        end_s = awake_s() + seconds
        while awake_s() < end_s:
            for number, line in lines.items():
                if line.wait_edge_events(TURN_S / max(1, len(lines))):
                    edges[number] += len(line.read_edge_events())
    return [
        Candidate(Kind.MOVEMENT, "gpio_motion", f"GPIO {pin}", {"pin": pin}, f"{count} edges")
        for pin, count in edges.most_common()
    ]


def _requested(chip: Path, held: ExitStack) -> dict[int, Any]:
    """Return each line of the header that is free, by its number."""
    if not chip.exists():
        raise CannotRun(f"{chip} is not there: this machine has no GPIO pins")
    try:
        import gpiod  # noqa: PLC0415 - of the device's extra
        from gpiod.line import Direction, Edge  # noqa: PLC0415
    except ImportError:
        raise CannotRun("the library gpiod is missing: pins cannot be listened to") from None
    wanted = gpiod.LineSettings(direction=Direction.INPUT, edge_detection=Edge.BOTH)
    lines = {}
    for number in sorted(set(range(HIGHEST + 1)) - LEFT_OUT):
        with suppress(OSError):  # busy
            line = gpiod.request_lines(str(chip), consumer="legwatch", config={number: wanted})
            lines[number] = held.enter_context(line)
    if not lines:
        raise CannotRun(f"{chip} lets this user read no pin: sudo, or the group gpio")
    return lines
