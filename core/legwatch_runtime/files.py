"""Read text files."""

from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch.settings import read_table
from legwatch_runtime.rights import explained


def read_text(path: str) -> str:
    """Return the text of a UTF-8 file; raises OSError or UnicodeDecodeError.

    Some editors on Windows put a byte order mark before it, which is no part of the text.
    """
    return Path(path).read_text(encoding="utf-8-sig")


def read_toml(path: Path) -> dict[str, Any]:
    """Return the table of a TOML file; raises SettingsError, or CannotRun if we may not read it."""
    return read_table(str(path), _read)


def unreadable(path: Path, error: OSError) -> LegwatchError:
    """Return the error of a settings file that cannot be read: CannotRun if we lack the rights."""
    if isinstance(error, PermissionError):
        whose = explained(path, reads=True)
        return CannotRun(f"{path} cannot be read: {error.strerror}; {whose}")
    return SettingsError(str(path), f"cannot be read: {error.strerror}")


def _read(path: str) -> str:
    try:
        return read_text(path)
    except PermissionError as error:
        raise unreadable(Path(path), error) from None


def check_state_dir(path: str) -> None:
    """Raise SettingsError if `state_dir` can never be a folder: a file has its place."""
    file = file_in_the_way(path)
    if file is not None:
        raise SettingsError("state_dir", f"{file} is a file, and no folder")


def file_in_the_way(path: str) -> Path | None:
    """Return the file that has the place of `state_dir` or of a folder above it; None: none has.

    Raises SettingsError for what no folder can be called.
    """
    folder = Path(path).absolute()
    try:
        nearest = next((place for place in (folder, *folder.parents) if place.exists()), folder)
        return nearest if nearest.exists() and not nearest.is_dir() else None
    except OSError as error:
        raise SettingsError("state_dir", f"cannot be used: {error.strerror}") from None
