"""Read a replay file (CSV with `time,channel,value`), gzipped or plain."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path

from legwatch.errors import RecordingError
from legwatch.recording import Recording, parse

LONG_BYTES = 2_000_000  # reading a larger file takes a while
OF_DATABASE = "`legwatch storage night BED DATE FILE` writes a night of the server's into a file"
_SQLITE = b"SQLite format 3\0"
SHORT_BYTES = 500_000  # packed; a night has a tenth of it, and a longer file is read piece by piece


@contextmanager
def opened(path: Path) -> Iterator[Iterable[str]]:
    """Open a replay file as lines of text; raises OSError, EOFError, zlib.error, UnicodeError."""
    with path.open("rb") as raw:
        begin = raw.read(2)
        packed = begin == b"\x1f\x8b"
        begin += raw.read(SHORT_BYTES) if packed else b""
    unpacked = _unpacked(begin) if packed and len(begin) < SHORT_BYTES else None
    if unpacked is not None:
        yield io.TextIOWrapper(io.BytesIO(unpacked), encoding="utf-8", newline="")
        return
    opener = gzip.open if packed else open
    with opener(path, "rt", encoding="utf-8", newline="") as lines:
        yield lines


def _unpacked(packed: bytes) -> bytes | None:
    """Unpack a night at once, in half the time of piece by piece; None: it is damaged."""
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return None  # piece by piece, what is before the damage can be read, and told about


def read(
    path: Path, *, zone: tzinfo, renames: Mapping[str, str], progress: bool = False
) -> Recording:
    """Read one replay file, gzipped or plain; raises RecordingError that names the file.

    `progress`: show it on a terminal, if the file is long.
    """
    try:
        with opened(path) as lines:
            shown = _with_progress(lines, path) if progress else lines
            return parse(shown, zone=zone, renames=renames)
    except UnicodeDecodeError as error:
        if _is_database(path):
            raise RecordingError(f"{path} is a database: {OF_DATABASE}") from None
        near = error.object[max(0, error.start - 20) : error.start + 20]
        why = f"no UTF-8 text at {near!r}; save the file as UTF-8"
        raise RecordingError(f"{path}: cannot be read: {why}") from None
    except EOFError:
        raise RecordingError(
            f"{path}: cannot be read: the file is cut off; copy it again"
        ) from None
    except (OSError, zlib.error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RecordingError(f"{path}: cannot be read: {why}") from None
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}", error.opening) from None


def _is_database(path: Path) -> bool:
    """Return True for a file such as the server's legwatch.db."""
    with path.open("rb") as raw:
        return raw.read(len(_SQLITE)) == _SQLITE


def _with_progress(lines: Iterable[str], path: Path) -> Iterable[str]:
    if path.stat().st_size < LONG_BYTES or not sys.stderr.isatty():
        return lines
    from tqdm import tqdm  # noqa: PLC0415 - only a long file on a terminal needs it

    bar: Iterable[str] = tqdm(lines, desc=path.name, unit=" lines", leave=False)
    return bar
