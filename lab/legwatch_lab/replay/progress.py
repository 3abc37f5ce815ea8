"""How many nights are played, as a bar on a terminal; it never mixes with what is printed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


class Progress:
    """The bar, if there is one."""

    def __init__(self, bar: "tqdm[Any] | None" = None) -> None:
        self._bar = bar

    def make_room(self) -> None:
        """Take the bar away for a line that is printed in its place."""
        if self._bar is not None:
            self._bar.clear()

    def step(self) -> None:
        """Count one night, and show the bar again."""
        if self._bar is not None:
            self._bar.update()
            self._bar.refresh()


@contextmanager
def progress(count: int) -> Iterator[Progress]:
    """Show a bar on standard error while the block runs, if that is a terminal."""
    if count < 2 or not sys.stderr.isatty():
        yield Progress()
        return
    from tqdm import tqdm  # noqa: PLC0415 - only a terminal needs it

    bar: tqdm[Any]
    with tqdm(total=count, desc="nights", unit=" nights", leave=False, file=sys.stderr) as bar:
        yield Progress(bar)
