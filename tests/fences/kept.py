"""Files of the fences: how they are read, and how they were written."""

import gzip
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

HERE = Path(__file__).resolve().parent
NIGHTS = HERE.parent / "nights"
Line = dict[str, Any]


def opened(path: Path) -> TextIO:
    """Open a text file that is packed."""
    return gzip.open(path, "rt", encoding="utf-8", newline="")


def lines(path: Path) -> list[Line]:
    """Return the JSON lines of a packed file."""
    with opened(path) as file:
        return [json.loads(line) for line in file]


def limits(profile: str) -> dict[str, float]:
    """Return every limit of a profile as it was when the fixtures were written."""
    return dict(json.loads((HERE / "limits" / f"{profile}.json").read_text()))


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def packed(content: bytes) -> bytes:
    """Pack without a time or a name, so that equal content is equal bytes."""
    into = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=into, compresslevel=9, mtime=0) as file:
        file.write(content)
    return into.getvalue()


def as_lines(rows: Iterable[object]) -> bytes:
    dumped = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return "".join(f"{row}\n" for row in dumped).encode()


def save(path: Path, content: bytes) -> None:
    """Write a new file; one that is there is never written anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(packed(content) if path.suffix == ".gz" else content)
