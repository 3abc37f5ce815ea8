"""Exit quietly when stdout is closed, for example by `head` or `less`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def closed_stdout_is_fine() -> Iterator[None]:
    """End the block without an error if the reader of standard output has gone."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
