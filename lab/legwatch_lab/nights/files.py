"""The two files of a made night: the replay file and the truth beside it, as bytes."""

import gzip
import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, NamedTuple


class MadeNight(NamedTuple):
    """A made night: its name, its replay file and its truth file."""

    name: str
    csv_gz: bytes
    truth: bytes


def zipped(rows: Iterable[tuple[int, str, str]], begin: datetime, zone: tzinfo) -> bytes:
    """Return a replay file; rows are (seconds from the begin, channel, value), in order."""
    lines = ["time,channel,value"]
    last_s, when = -1, ""
    for at_s, channel, value in rows:
        if at_s != last_s:
            last_s = at_s
            moment = (begin + timedelta(seconds=last_s)).astimezone(zone)
            when = moment.isoformat(timespec="seconds")
        lines.append(f"{when},{channel},{value}")
    # mtime=0: by default gzip stores the current time, and the bytes would differ each time.
    return gzip.compress("\n".join([*lines, ""]).encode(), compresslevel=6, mtime=0)


def lines(truth: Mapping[str, Any]) -> bytes:
    """Encode as JSON with one key in each line: a series of 600 values stays in one line."""
    parts = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in truth.items())
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def whole(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, even on a full disk."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_bytes(content)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
