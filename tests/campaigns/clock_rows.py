"""The rows of the campaign `clocks`: whose clock steps, when, how far and for how long."""

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MINUTE_S = 60
SLEEP_S = 400
FOR_GOOD_S = 10**9
EPOCH = "to 1970"
SLEEP = "sleep of 400 s"
STEPS_S = {
    "-1 d": -86_400,
    "-2 h": -7_200,
    "-1 h": -3_600,
    "+20 s": 20,
    "+1 h": 3_600,
    "+2 h": 7_200,
    "+8 h": 28_800,
    "+1 d": 86_400,
    EPOCH: None,
}
LASTS_S = {"20 s": 20, "2 min": 120, "for good": FOR_GOOD_S}
# first: at its first start. start: at a start after a power cut of 5 min. run: while all is well.
# silence: 5 min after one bedside has died. due: 1 min before the next person's push is due.
WHEN = ("first", "start", "run", "silence", "due")


class Row(NamedTuple):
    """One step of one machine's clock; `lasts` is how long until the clock is right again."""

    side: str  # server or agent
    when: str
    step: str
    lasts: str

    @property
    def lasts_s(self) -> int:
        """Seconds until the clock is right again."""
        return SLEEP_S if self.step == SLEEP else LASTS_S[self.lasts]


def every_row() -> Iterator[Row]:
    """Yield all rows."""
    for side in ("server", "agent"):
        for when in WHEN:
            for step in STEPS_S:
                for lasts in LASTS_S:
                    yield Row(side, when, step, lasts)
        for when in ("run", "silence", "due"):
            yield Row(side, when, SLEEP, "400 s")


def sample(seed: int, most: int) -> Sequence[Row]:
    """Return some rows: each side and each step as often as there is room."""
    rows = list(every_row())
    random.Random(seed).shuffle(rows)
    found: list[Row] = []
    while rows and len(found) < most:
        seen = [(row.side, row.step, row.when) for row in found]
        rows.sort(key=lambda row: sum(_alike(row, one) for one in seen))
        found.append(rows.pop(0))
    return found


def _alike(row: Row, seen: tuple[str, str, str]) -> int:
    side, step, when = seen
    return 2 * (row.step == step) + (row.side == side) + (row.when == when)
