"""Counts the errors in the log: what was survived must be seen where nobody reads the log."""

import logging
from collections import Counter


class ErrorCount(logging.Handler):
    """A handler of the log that keeps how many errors each module has written."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one error."""
        self._counts[record.name] += 1

    def counts(self) -> dict[str, int]:
        """Return the errors since the start, by the module's name."""
        return dict(self._counts)
