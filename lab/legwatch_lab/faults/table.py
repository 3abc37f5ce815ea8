"""The table of a campaign, as Markdown: a row for each fault, a column for each build and tree."""

from collections.abc import Iterator, Sequence

from legwatch_lab.faults.catalogue import BUILDS, FAULTS
from legwatch_lab.faults.cells import (
    MOST_SILENT,
    MOST_URGENT,
    OF_NIGHTS,
    OF_UNCOVERED,
    SILENT_SHARE,
    URGENT_A_NIGHT,
    Cell,
    CellKey,
    total,
)

LEGEND = (
    "A cell: caught with/without the fault of the uncovered nights; first signs/sounds (urgent)",
    "for nothing; told of a sensor or the agent (nights; by the right name < within 30 min; first",
    "reason, median min after the begin), `back`: ended while the fault lasts, `st`: still for",
    "nothing, `most`: pushed notices about sensors in one night; still nights told/all; **silent",
    "misses (missed and nothing told, caught without the fault or not)**. `SILENT`, `URGENT`: over",
    "the limit.",
)


def page(found: dict[CellKey, Cell], trees: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the page: what holds, then a table for each family."""
    yield "# Sensor faults, one at a time"
    yield ""
    yield from LEGEND
    yield ""
    for tree in trees:
        yield sums(found, tree)
    yield from over(found, trees[0])
    for family in sorted({key.family for key in found}):
        yield ""
        yield f"## Nights of {family}"
        yield ""
        yield from table(found, family, trees)


def sums(found: dict[CellKey, Cell], tree: str) -> str:
    """Return one line on all cells of a tree: what the rules ask, and whether they hold."""
    all_ = total(found, tree)
    share = 100 * all_.silent / all_.before if all_.before else 0.0
    rate = all_.urgent / all_.nights if all_.nights else 0.0
    return (
        f"- {tree}: {'holds' if all_.holds else 'DOES NOT HOLD'}: silent misses {all_.silent} of"
        f" {all_.before} ({share:.1f} %, at most {100 * SILENT_SHARE:g} %), over {MOST_SILENT} of"
        f" {OF_UNCOVERED} in {all_.too_silent} of {all_.cells} cells; urgent for nothing"
        f" {rate:.3f} a night (at most {URGENT_A_NIGHT:g}), over {MOST_URGENT} in {OF_NIGHTS}"
        f" nights in {all_.too_urgent} cells"
    )


def over(found: dict[CellKey, Cell], tree: str) -> Iterator[str]:
    """Yield the cells of a tree that are over a limit, the worst first."""
    silent = [(one.silent, key) for key, one in found.items() if one.too_silent]
    urgent = [(one.urgent, key) for key, one in found.items() if one.too_urgent]
    for word, mine in (("silent misses", silent), ("urgent for nothing", urgent)):
        worst = sorted((item for item in mine if item[1].tree == tree), reverse=True)
        names = ", ".join(f"{key.fault} {key.build} {key.family} {count}" for count, key in worst)
        yield f"- {tree}, over the limit of {word}: {names or 'none'}"


def table(found: dict[CellKey, Cell], family: str, trees: Sequence[str]) -> Iterator[str]:
    """Yield the table of one family."""
    builds = [build for build in BUILDS if any(key.build == build for key in found)]
    heads = [f"{build}, {tree}" for build in builds for tree in trees]
    yield f"| fault | {' | '.join(heads)} |"
    yield f"|{' --- |' * (len(heads) + 1)}"
    for fault in FAULTS:
        keys = [CellKey(family, fault, build, tree) for build in builds for tree in trees]
        if any(key in found for key in keys):
            texts = [shown(found[key]) if key in found else "n/a" for key in keys]
            yield f"| {fault} | {' | '.join(texts)} |"


def shown(cell: Cell) -> str:
    """Return the text of a cell."""
    parts = [
        f"{cell.caught}/{cell.before}",
        f"{cell.signs}/{cell.sounds}({cell.urgent})",
        _told(cell),
    ]
    if cell.still_nights:
        parts.append(f"still {cell.still_told}/{cell.still_nights}")
    marks = [word for word, over in _over(cell) if over]
    return " ".join(("; ".join(parts) + ";", f"**{cell.silent}({cell.unsaid})**", *marks))


def _told(cell: Cell) -> str:
    if not cell.told:
        words = ["-"]
    else:
        words = [
            f"{cell.told}",
            f"right {cell.right}<{cell.soon}",
            cell.reason,
            f"{cell.told_min:.0f}",
        ]
    if cell.back:
        words.append(f"back{cell.back}x")
    if cell.still:
        words.append(f"st{cell.still}")
    if cell.notices > 2:
        words.append(f"most {cell.notices}")
    return " ".join(words)


def _over(cell: Cell) -> tuple[tuple[str, bool], ...]:
    return ("SILENT", cell.too_silent), ("URGENT", cell.too_urgent)
