"""Read text files."""

from pathlib import Path


def read_text(path: str) -> str:
    """Return the text of a UTF-8 file; raises OSError or UnicodeDecodeError."""
    return Path(path).read_text(encoding="utf-8")
