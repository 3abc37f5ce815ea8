"""A reader such as `head` or `less` that has seen enough is no error."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def closed_stdout_is_fine() -> Iterator[None]:
    """End in silence where the other end of standard output is gone."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
