"""A cache for the slow part of a night: the temperatures of skin and air."""

import gzip
import json
import os
from functools import cache
from pathlib import Path

from legwatch_lab.nights.body.bed_air import BedAir
from legwatch_lab.nights.body.skin import SkinTemperatures

# Skin and air depend on these modules; a change in one of them makes the cache invalid.
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
    "wide",
)


def place(seed: int, number: int, kind: str, more: str = "") -> Path:
    """Return the path of a night's cache file, which need not exist; `more`: what else it is of."""
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(root).expanduser() / "legwatch" / "nights" / _model()
    return folder / f"{seed}-{number}-{kind}{more}.json.gz"


def load(path: Path) -> tuple[SkinTemperatures, BedAir] | None:
    """Read a cache file; None if it is missing or damaged."""
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
        return SkinTemperatures(**content["skin"]), BedAir(**content["air"])
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None


def packed(skin: SkinTemperatures, air: BedAir) -> bytes:
    """Encode skin and air as the content of a cache file."""
    content = {"skin": skin._asdict(), "air": air._asdict()}
    return gzip.compress(json.dumps(content, separators=(",", ":")).encode(), 3, mtime=0)


@cache
def _model() -> str:
    here = Path(__file__).parent
    import hashlib  # noqa: PLC0415 - slow to import
    from importlib.metadata import version  # noqa: PLC0415 - slow to import

    digest = hashlib.sha256(version("pythermalcomfort").encode())
    for name in SOURCES:
        digest.update((here / f"{name}.py").read_bytes())
    return digest.hexdigest()[:12]
