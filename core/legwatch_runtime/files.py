"""Read text files."""

from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch.settings import read_table
from legwatch_runtime.rights import explained


def read_text(path: str) -> str:
    """Return the text of a UTF-8 file; raises OSError or UnicodeDecodeError."""
    return Path(path).read_text(encoding="utf-8")


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
    folder = Path(path).absolute()
    try:
        in_the_way = next((place for place in (folder, *folder.parents) if place.exists()), folder)
        if in_the_way.exists() and not in_the_way.is_dir():
            raise SettingsError("state_dir", f"{in_the_way} is a file, and no folder")
    except OSError as error:
        raise SettingsError("state_dir", f"cannot be used: {error.strerror}") from None
