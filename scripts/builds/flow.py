"""Draw the way of the data from Zigbee sensors to a phone."""

from typing import NamedTuple

from scripts.builds.sheet import LARGE, SMALL, Sheet

HIGH, GAP = 58, 40
BORDER = 64  # the gap where the arrow comes into the computer, or leaves it
LEFT, BROAD = 120, 280


class Step(NamedTuple):
    """One box, and what is said beside the arrow to the next one."""

    name: str
    does: str
    then: str = ""


STEPS = (
    Step("sensors at the bed", "warmth and movement, on batteries", "Zigbee, by radio"),
    Step("Zigbee stick", "in any Debian computer", "USB"),
    Step("Zigbee2MQTT", "makes a message of each reading", "zigbee2mqtt/leg, ..."),
    Step("MQTT broker", "mosquitto", "the same topics"),
    Step("legwatch agent", "driver mqtt: windows of 10 s", "legwatch/v1/bed1/window"),
    Step("legwatch server", "stores, decides, notifies", "push"),
    Step("phone", "says what to do"),
)
FIRST, LAST = 1, 5  # the steps that one computer can do


def draw(title: str) -> str:
    """Return the picture of the way of the data."""
    said = ", then ".join(f"{step.name} ({step.does})" for step in STEPS)
    sheet = Sheet(title, f"From top to bottom: {said}. One computer can do all but the ends.")
    sheet.text(10, 24, title, size=LARGE, style="ink bold")
    top, bottom = _y(FIRST) - 32, _y(LAST) + HIGH + 28
    sheet.box(LEFT - 30, top, BROAD + 60, bottom - top, "soft edge dashed", round_=10)
    middle = LEFT + BROAD / 2
    sheet.text(middle - 14, top + 20, "one computer", size=SMALL, style="pale", anchor="end")
    for number, step in enumerate(STEPS):
        y = _y(number)
        sheet.box(LEFT, y, BROAD, HIGH, "box edge", round_=6)
        sheet.text(middle, y + 24, step.name, style="ink bold", anchor="middle")
        sheet.text(middle, y + 44, step.does, size=SMALL, style="pale", anchor="middle")
        if step.then:
            end = _y(number + 1)
            sheet.path(f"M{middle:g},{y + HIGH:g} V{end:g}", "wire data")
            sheet.path(f"M{middle - 6:g},{end - 9:g} L{middle:g},{end:g} l6,-9", "wire data")
            down = 50 if number == LAST else 23
            sheet.text(middle + 12, y + HIGH + down, step.then, size=SMALL, style="f-data")
    return sheet.svg(_y(len(STEPS) - 1) + HIGH + 14)


def _y(number: int) -> float:
    wide = (number >= FIRST) + (number > LAST)
    return 46 + number * (HIGH + GAP) + wide * (BORDER - GAP)
