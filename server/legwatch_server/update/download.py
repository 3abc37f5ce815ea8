"""Gets the source of a release from a package index, by pip: only when somebody asks for it."""

import subprocess
import sys
from pathlib import Path

from legwatch.errors import CannotRun
from legwatch.printable import printable

_LONGEST = 300  # letters of what pip has said
WITHIN_S = 1800.0


def downloaded(to: Path, index: str | None, version: str | None) -> Path:
    """Return the file of a version, or of the newest, that an index has; raises CannotRun.

    pip compares the file with the sum in the index, and builds its metadata in an environment of
    its own, for which the index must have hatchling, too.
    """
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    words += ["--no-input", "--no-deps", "--no-binary=legwatch", f"--dest={to}"]
    words += [f"--index-url={index}"] if index else []
    words += [f"legwatch=={version}" if version else "legwatch"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            check=False, timeout=WITHIN_S,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotRun(f"pip could not get it: {error}") from None
    found = sorted(to.glob("legwatch-*.tar.gz"))
    if done.returncode or not found:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        why = printable(lines[-1].removeprefix("ERROR: ") if lines else "it says nothing", _LONGEST)
        where = index or "the usual package index"
        raise CannotRun(f"pip could not get it from {where}: {why}. Nothing was changed")
    return found[0]
