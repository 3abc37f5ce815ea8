"""Whether there is room for an update: for what is kept, what comes, and what the store copies."""

import shutil
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from legwatch_server.update import kept
from legwatch_server.update.places import Places
from legwatch_server.update.release import Release

PACKAGES_BYTES = 200 << 20  # new packages of the environment
SPARE_BYTES = 64 << 20  # stay free
_MB = 1_000_000


class Room(NamedTuple):
    """What one disk needs, and what it has; in MB."""

    place: Path
    needs_mb: int
    has_mb: int

    @property
    def enough(self) -> bool:
        """Return True if there is room."""
        return self.needs_mb <= self.has_mb


def rooms(places: Places, release: Release) -> list[Room]:
    """Return what each disk needs; program and nights may lie on one, and then it needs both.

    The database: for the backup a copy and the file of it, for the new version's own copy, and for
    one that is put back.
    """
    program = kept.size_bytes(places.program) + 2 * release.size + PACKAGES_BYTES
    database = places.database.stat().st_size if places.database.exists() else 0
    needs: dict[int, tuple[Path, int]] = {}
    of = defaultdict[int, int](int)
    for place, need in ((places.program.parent, program), (places.state, 4 * database)):
        device = place.stat().st_dev
        of[device] += need
        needs.setdefault(device, (place, 0))
    return [
        Room(place, (of[device] + SPARE_BYTES) // _MB + 1, shutil.disk_usage(place).free // _MB)
        for device, (place, _) in needs.items()
    ]
