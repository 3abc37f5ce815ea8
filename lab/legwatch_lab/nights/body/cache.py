"""Where the costly part of a night, its skin and air, is kept for the next time."""

import gzip
import hashlib
import json
import os
from functools import cache
from importlib.metadata import version
from pathlib import Path

from legwatch_lab.nights.body.bed_air import BedAir
from legwatch_lab.nights.body.skin import SkinTemperatures

# What skin and air follow from; a change in one of these makes every stored night anew.
SOURCES = (
    "person",
    "bedding",
    "room",
    "scenario",
    "scenarios",
    "faults",
    "skin",
    "movements",
    "bed_air",
)


def place(seed: int, number: int, kind: str) -> Path:
    """Return the file of a night, whether it is there or not."""
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(root).expanduser() / "legwatch" / "nights" / _model()
    return folder / f"{seed}-{number}-{kind}.json.gz"


def load(path: Path) -> tuple[SkinTemperatures, BedAir] | None:
    """Return what is stored, or None when nothing whole is."""
    try:
        kept = json.loads(gzip.decompress(path.read_bytes()))
        return SkinTemperatures(**kept["skin"]), BedAir(**kept["air"])
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None


def packed(skin: SkinTemperatures, air: BedAir) -> bytes:
    """Return what goes into the file."""
    kept = {"skin": skin._asdict(), "air": air._asdict()}
    return gzip.compress(json.dumps(kept, separators=(",", ":")).encode(), 3, mtime=0)


@cache
def _model() -> str:
    here = Path(__file__).parent
    mark = hashlib.sha256(version("pythermalcomfort").encode())
    for name in SOURCES:
        mark.update((here / f"{name}.py").read_bytes())
    return mark.hexdigest()[:12]
