"""Log files: one for each child's output; the last KEPT older files stay on disk."""

import contextlib
from pathlib import Path
from typing import TextIO

KEPT = 5
LONGEST_BYTES = 5_000_000


class Log:
    """One child's log: a new file at each start of `legwatch up`, and after LONGEST_BYTES."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None
        self._bytes = 0
        self._begin()

    def write(self, line: str) -> None:
        """Add a line; ignore errors, because a full disk must not stop the supervisor."""
        with contextlib.suppress(OSError, ValueError):
            if self._file is None or self._bytes > LONGEST_BYTES:
                self._begin()
            if self._file is not None:
                self._file.write(line + "\n")
                self._file.flush()
                self._bytes += len(line) + 1

    def close(self) -> None:
        """Close the file; a later line begins a new one."""
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
        self._file = None

    def _begin(self) -> None:
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
                self._file = None
            for age in range(KEPT - 1, 0, -1):
                self._aged(age).replace(self._aged(age + 1)) if self._aged(age).exists() else None
            if self.path.exists():
                self.path.replace(self._aged(1))
            self._file = self.path.open("w", encoding="utf-8", errors="replace")
            self._bytes = 0

    def _aged(self, age: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{age}")
