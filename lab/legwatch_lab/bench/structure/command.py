"""The command: measure one checkout or two, and print the figures side by side."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from legwatch_lab.bench.structure import __doc__ as about
from legwatch_lab.bench.structure.arguments import wide_calls, wide_functions
from legwatch_lab.bench.structure.recomputed import recomputed
from legwatch_lab.bench.structure.strings import sql_files, state_lines
from legwatch_lab.bench.structure.tree import Figure, read_tree
from legwatch_lab.bench.structure.walk import returns


def main(words: Sequence[str]) -> int:
    """Print the table; with --verbose also the places behind each figure."""
    parser = argparse.ArgumentParser(prog="structure", description=about)
    parser.add_argument("trees", nargs="+", type=Path, metavar="TREE", help="a checkout")
    parser.add_argument("--verbose", action="store_true", help="list what each figure counts")
    parser.add_argument("--no-nights", action="store_true", help="do not replay the golden nights")
    options = parser.parse_args(words)
    roots = [root.resolve() for root in options.trees]
    heads = [root.name for root in roots]
    columns = [measure(root, nights=not options.no_nights) for root in roots]
    print(table(heads, columns))
    if options.verbose:
        for head, figures in zip(heads, columns, strict=True):
            print(places(head, figures))
    return 0


def measure(root: Path, *, nights: bool = True) -> list[Figure]:
    """Return all figures of one checkout; `nights`: also those that replay its golden nights."""
    files = read_tree(root)
    if not files:
        raise SystemExit(f"{root} is no checkout: it has no Python file in core, device or server")
    return [
        *returns(files),
        *(recomputed(root) if nights else ()),
        wide_functions(files),
        *wide_calls(files),
        *sql_files(files),
        *state_lines(files),
    ]


def table(heads: Sequence[str], columns: Sequence[Sequence[Figure]]) -> str:
    """Return the figures as text: a row a figure, a column a tree."""
    rows = [("", *heads)]
    rows += [
        (figures[0].label, *(figure.value for figure in figures))
        for figures in zip(*columns, strict=True)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    )


def places(head: str, figures: Sequence[Figure]) -> str:
    """Return what the figures of one tree count, as text."""
    lines = []
    for figure in figures:
        if figure.places:
            lines += ["", f"{head}: {figure.label.strip()}"]
            lines += [f"  {place}" for place in figure.places]
    return "\n".join(lines)
