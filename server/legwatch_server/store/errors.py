"""Errors of the store, in words that name no database."""

from legwatch.errors import CannotRun, LegwatchError

# What /health says, by which a command beside the server knows that the disk takes nothing.
NOTHING_KEPT = "takes nothing, and nothing is kept"
NO_WRITES = "the database accepts no writes"


class StoreError(CannotRun):
    """The store cannot be read or written now: full, locked, malformed. A retry may work."""


class StoreDamaged(StoreError):  # noqa: N818 - it says what happened
    """What the store holds is damaged.

    A retry works only in a new file: `WriterStore.renew` makes it.
    """


class StoreMoved(StoreDamaged):
    """The file at the path is not the open one; the open one can still be read."""


class ValuesRefused(LegwatchError, ValueError):  # noqa: N818 - it says what happened
    """The store works, but cannot store these values."""


def of_the_store(error: Exception) -> bool:
    """Return True if the store or the machine failed, not what was to be stored."""
    return isinstance(error, StoreError | OSError | MemoryError)
