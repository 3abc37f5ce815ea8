"""Where `legwatch up` writes what only this run needs, when the disk of its folder takes nothing.

The server and the agent keep their folders, and watch from memory until the disk takes files again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from legwatch_runtime import room
from legwatch_server.store import in_memory


@contextmanager
def folder(state: Path, show: Callable[[str], None]) -> Iterator[Path]:
    """Give the folder for the made settings and the broker: `state`, or one in memory."""
    why = room.has_none(state)
    if not why:
        yield state
        return
    place = in_memory.folder()
    show(
        f"WARNING: {why} ({state}). The watch begins all the same, from memory: what comes is not"
        " kept, and a power cut loses it. Make room, or exchange the card."
    )
    try:
        yield place
    finally:
        in_memory.leave(place)
