"""Text files, as the settings are."""

from pathlib import Path


def read_text(path: str) -> str:
    """Return a file's text; raises OSError or UnicodeDecodeError."""
    return Path(path).read_text(encoding="utf-8")
