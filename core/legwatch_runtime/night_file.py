"""Write and read the file of one night; its form is in `legwatch.night_file`."""

import gzip
import os
import zlib
from pathlib import Path

from legwatch.errors import CannotRun, RecordingError, SettingsError
from legwatch.lived import LivedNight
from legwatch.night_file import is_night, lines, parse
from legwatch_runtime.profiles import judged
from legwatch_runtime.replay_file import opened
from legwatch_runtime.zones import zone_named

PRIVATE = 0o600  # it is somebody's night


def write(path: Path, night: LivedNight, *, over: bool = False) -> None:
    """Write a night's file as a whole or not at all; packed if its name ends with `.gz`.

    `over`: also over a file that is there. Raises CannotRun.
    """
    text = "".join(f"{line}\n" for line in lines(night)).encode()
    if path.suffix == ".gz":
        text = gzip.compress(text, mtime=0)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if not over and path.exists():
            raise CannotRun(f"{path} is there already: give another name, or --force")
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            _name(half, path, over=over)
        finally:
            half.unlink(missing_ok=True)
    except OSError as error:
        raise CannotRun(f"{path} cannot be written: {error.strerror or error}") from None


def _name(half: Path, path: Path, *, over: bool) -> None:
    if over:
        half.replace(path)
        return
    try:
        os.link(half, path)  # fails if somebody has made the file meanwhile
    except FileExistsError:
        raise CannotRun(f"{path} is there already: give another name, or --force") from None
    except OSError:  # a file system without links
        half.rename(path)


def is_night_file(path: Path) -> bool:
    """Return True if a file begins like that of a night; False also if it cannot be read."""
    try:
        with opened(path) as text:
            return is_night(next(iter(text), ""))
    except (OSError, EOFError, zlib.error, UnicodeError):
        return False


def read(path: Path) -> LivedNight:
    """Read a night's file; raises RecordingError that names the file."""
    try:
        with opened(path) as text:
            night = parse(text, judged)
        zone_named(night.zone, "line 1: zone")
        return night  # noqa: TRY300 - all that may fail stands above
    except EOFError:
        why = "the file is cut off; copy it again"
    except (OSError, zlib.error, UnicodeError) as error:
        why = str(error)
    except (RecordingError, SettingsError) as error:
        why = str(error)
    raise RecordingError(f"{path}: cannot be read: {why}") from None
