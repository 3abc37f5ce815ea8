"""Files in somebody's home: a command by hand finds them, and the units of `deploy/` do not.

Of all homes a unit sees at most the clone that it runs from.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

HOMES = (Path("/home"), Path("/root"))
_UNIT = Path("deploy/systemd/legwatch.service")


def unseen(key: str, file: str) -> Iterator[str]:
    """Yield that a unit would not see a file of the settings, if it would not."""
    place, clone = Path(file), _clone()
    at_home = any(place.is_relative_to(home) for home in HOMES)
    if at_home and not (clone and place.is_relative_to(clone)):
        instead = f"put it into {clone}" if clone else "put it elsewhere, such as /var/lib/legwatch"
        yield (
            f"{key}: {file!r} is in a home, and a unit of `deploy/` sees nothing of the homes but"
            f" the clone that it runs from: {instead}"
        )


def _clone() -> Path | None:
    """Return the clone in whose environment we run; None: in none."""
    place = Path(sys.prefix).parent
    return place if (place / _UNIT).is_file() else None
