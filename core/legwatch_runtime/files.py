"""Read text files."""

from pathlib import Path
from typing import Any

from legwatch.settings import read_table


def read_text(path: str) -> str:
    """Return the text of a UTF-8 file; raises OSError or UnicodeDecodeError."""
    return Path(path).read_text(encoding="utf-8")


def read_toml(path: Path) -> dict[str, Any]:
    """Return the table of a TOML file; raises SettingsError that names the file."""
    return read_table(str(path), read_text)
