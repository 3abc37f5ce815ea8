"""A bed and a server that live through much: each step is as it happens in some night."""

import random
from pathlib import Path
from typing import Any

from legwatch.settings import load
from legwatch.testing import uncovering
from legwatch_server.settings import ServerSettings
from server.beds.night_watch import MINUTE_MS, NightWatch
from server.ward import open_ward, press, seen

BED = "b"
_LEG = uncovering((60, 100), (200, 240), (330, 420))
_RULES: tuple[dict[str, Any], ...] = (
    {},
    {"stillness.warn_s": 3600, "stillness.urgent_s": 7200},
    {"warmth.warn_c": 27.5, "alerts.budget": 1},
)


class NightStory:
    """Plays steps on a server; a `seed` chooses them."""

    def __init__(self, folder: Path, seed: int = 0, **settings: Any) -> None:
        self.ward = open_ward(folder, **settings)
        self.watch, self._chance = NightWatch(self.ward), random.Random(seed)
        self.ahead_min = 0  # what is seen comes earlier by this

    def live(self, minutes: int, **seen: Any) -> None:
        """Let the bedside send what is seen, a window in half a minute."""
        for _ in range(minutes * 2):
            self.watch.pass_by(MINUTE_MS // 2)
            minute = self.watch.passed_ms / MINUTE_MS + self.ahead_min
            self.ward.turn([self.watch.window(**{**_seen(minute), **seen})])

    def late(self) -> None:
        """Let windows come that waited for longer than an alert may."""
        self.held_back(420, 390, 360)

    def delayed(self) -> None:
        """Let windows come that waited, but not for long: their minutes were judged without."""
        self.watch.silent(2)
        self.held_back(100, 70, 40)

    def held_back(self, *ages_s: int, **seen: Any) -> None:
        """Let windows come that are so old."""
        self.ward.turn([self.watch.window(age_ms=age_s * 1000, **seen) for age_s in ages_s])

    def answer(self) -> None:
        """Let somebody answer, by a button or at the command line."""
        button = self._chance.choice(("ack", "snooze", "not_useful", "cramp"))
        press(self.ward, f"p{self.watch.passed_ms}", button)
        if self.ward.rows("SELECT id FROM notices WHERE what='fired'"):
            seen(self.ward)

    def reload(self) -> None:
        """Let the owner set other limits."""
        self.settle(self._chance.choice(_RULES))

    def settle(self, rules: dict[str, Any], **beds: Any) -> None:
        """Let the server take over other settings."""
        self.ward.take_over(settings(rules, beds))

    def rest(self) -> None:
        """Let the bed be at rest for an hour, and be watched again."""
        self.settle({}, ended=True)
        self.live(40)
        self.settle({})

    def restart(self) -> None:
        """Start the server again; the bedside goes on meanwhile."""
        self.ward.close()
        self.watch.pass_by(self._chance.choice((1, 4)) * MINUTE_MS)
        self.ward.start()
        self.ward.turn()

    def asleep(self) -> None:
        """Let the server's machine sleep."""
        self.watch.pass_by(20 * MINUTE_MS)
        self.ward.turn()

    def silent(self) -> None:
        """Let the bedside be silent for longer than it may."""
        self.watch.silent(25)

    def set_clock(self) -> None:
        """Set the server's clock, there and back."""
        self.watch.step(self._chance.choice((40, -25, 3)) * MINUTE_MS)

    def go_through(self, nights: float) -> None:
        """Live through nights with a chosen step now and then."""
        steps = (self.late, self.delayed, self.answer, self.reload, self.rest, self.restart,
                 self.asleep, self.silent)  # fmt: skip
        until_ms = self.watch.passed_ms + nights * 24 * 60 * MINUTE_MS
        while self.watch.passed_ms < until_ms:
            self.live(self._chance.randrange(5, 70))
            self._chance.choice((*steps, self.answer, self.answer))()


def settings(rules: dict[str, Any], bed: dict[str, Any]) -> ServerSettings:
    """Return settings of the ward with other limits."""
    table = {
        "zone": "UTC",
        "answers": {"url": "https://legs.example"},
        "rehearsal": {"at": ""},
        "rules": {"alerts.learn_nights": 0, "warmth.early_s": 0, **rules},
        **({"beds": {BED: bed}} if bed else {}),
    }
    made = load(ServerSettings, table)
    made.check()
    return made


def _seen(minute: float) -> dict[str, Any]:
    """Return what the sensors see; the leg is uncovered now and then, and movements stop."""
    still = 120 < minute % 480 < 260
    moves = 0 if still else int(minute % 17 < 0.5)
    stuck = minute % 700 > 660
    leg = None if stuck else _LEG(minute % 480)
    return {"leg_c": leg, "room_c": 18.0, "moves": moves, "in_bed": True}
