"""Sum the rows of a campaign: one cell for each family, fault, build and tree."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from legwatch_lab.faults.campaign import Row
from legwatch_lab.faults.catalogue import FAULTS, NONE

MOST_SILENT, SILENT_SHARE = 2, 0.01  # in a cell of 40 uncoverings; of all that can be caught
MOST_URGENT, URGENT_A_NIGHT = 6, 0.05  # in a cell of 80 nights; over all cells
OF_UNCOVERED, OF_NIGHTS = 40, 80
MANY = 200  # nights of each sort, for a cell that is run again
MANY_SILENT, MANY_URGENT = 0.03, 0.05  # shares of such a cell
SOON_MIN = 30.0


class CellKey(NamedTuple):
    """Which cell."""

    family: str
    fault: str
    build: str
    tree: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of the nights with one fault in one build."""

    nights: int = 0  # uncovered and quiet
    uncovered: int = 0
    caught: int = 0
    before: int = 0  # caught without the fault
    silent: int = 0  # missed with it, caught without it, and nothing told
    unsaid: int = 0  # missed with it, and nothing told
    signs: int = 0
    sounds: int = 0
    urgent: int = 0
    told: int = 0
    right: int = 0  # of them with the name of the faulty sensor
    soon: int = 0  # of them within 30 min
    reason: str = ""  # the most frequent
    told_min: float | None = None  # median
    back: int = 0
    still: int = 0
    notices: int = 0  # the most in one night
    still_nights: int = 0
    still_told: int = 0  # still nights in which that, or a sensor, was told

    @property
    def too_silent(self) -> bool:
        """Return True if more uncoverings are missed in silence than a cell may have."""
        if self.uncovered >= MANY:
            return self.silent >= MANY_SILENT * max(1, self.before)
        return self.silent > MOST_SILENT * max(1, self.uncovered) / OF_UNCOVERED

    @property
    def too_urgent(self) -> bool:
        """Return True if there are more urgent sounds for nothing than a cell may have."""
        if self.nights >= 2 * MANY:
            return self.urgent >= MANY_URGENT * self.nights
        return self.urgent > MOST_URGENT * max(1, self.nights) / OF_NIGHTS


class Total(NamedTuple):
    """All cells of one tree, without those that have no fault."""

    silent: int
    before: int
    urgent: int
    nights: int
    too_silent: int  # cells
    too_urgent: int
    cells: int

    @property
    def holds(self) -> bool:
        """Return True if no rule is broken."""
        share = self.silent <= SILENT_SHARE * self.before
        calm = self.urgent <= URGENT_A_NIGHT * self.nights
        return share and calm and not self.too_silent and not self.too_urgent


def cells(rows: Iterable[Row]) -> dict[CellKey, Cell]:
    """Return the cells."""
    grouped: dict[CellKey, list[Row]] = {}
    for row in rows:
        key = CellKey(row.family, row.fault, row.build, row.tree)
        grouped.setdefault(key, []).append(row)
    found = {}
    for key, mine in grouped.items():
        plain = grouped.get(key._replace(fault=NONE), ())
        caught = {row.night: bool(row.outcome.caught) for row in plain if row.kind == "uncovered"}
        found[key] = cell(mine, caught, FAULTS[key.fault].sensor)
    return found


def cell(rows: Sequence[Row], before: dict[str, bool], sensor: str) -> Cell:
    """Return one cell; `before` tells of each uncovered night if it is caught without the fault."""
    awake = [row for row in rows if row.kind != "still"]
    judged = (row for row in awake if row.outcome.caught is not None)
    bare = [row for row in judged if row.kind == "uncovered"]
    still = [row for row in rows if row.kind == "still"]
    unsaid = [row for row in bare if not row.outcome.caught and not row.outcome.told]
    told = [row.outcome for row in awake if row.outcome.told]
    right = [one for one in told if one.about == sensor]
    minutes = [one.told_min for one in told if one.told_min is not None]
    reasons = Counter(one.reason for one in told)
    return Cell(
        nights=len(awake),
        uncovered=len(bare),
        caught=sum(bool(row.outcome.caught) for row in bare),
        before=sum(before.get(row.night, False) for row in bare),
        silent=sum(before.get(row.night, False) for row in unsaid),
        unsaid=len(unsaid),
        signs=sum(row.outcome.signs for row in awake),
        sounds=sum(row.outcome.sounds for row in awake),
        urgent=sum(row.outcome.urgent for row in awake),
        told=len(told),
        right=len(right),
        soon=sum(one.told_min is not None and one.told_min <= SOON_MIN for one in right),
        reason=reasons.most_common(1)[0][0] if reasons else "",
        told_min=median(minutes) if minutes else None,
        back=sum(row.outcome.back for row in awake),
        still=sum(row.outcome.still for row in awake),
        notices=max((row.outcome.notices for row in awake), default=0),
        still_nights=len(still),
        still_told=sum(row.outcome.body or row.outcome.told for row in still),
    )


def total(found: dict[CellKey, Cell], tree: str) -> Total:
    """Return the sums of all cells of a tree that have a fault."""
    mine = [one for key, one in found.items() if key.tree == tree and key.fault != NONE]
    return Total(
        silent=sum(one.silent for one in mine),
        before=sum(one.before for one in mine),
        urgent=sum(one.urgent for one in mine),
        nights=sum(one.nights for one in mine),
        too_silent=sum(one.too_silent for one in mine),
        too_urgent=sum(one.too_urgent for one in mine),
        cells=len(mine),
    )
