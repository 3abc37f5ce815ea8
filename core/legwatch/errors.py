"""The errors of legwatch.

LegwatchError
├── WireError (ValueError)        a message that does not decode
│   └── NewerVersion              the same, of a contract that is newer than this program
├── SettingsError (ValueError)    a settings or rules key that is wrong; names its path and range
│   └── OptionError               the same, of a driver or a channel that does not know its table
├── RecordingError (ValueError)   a replay file that cannot be read
└── CannotRun                     the settings are right, but the command cannot run here or now
"""

LONGEST_PATH, LONGEST_PROBLEM = 120, 500  # characters that an error of settings shows


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


class LegwatchError(Exception):
    """Any error that legwatch raises on purpose."""


class WireError(LegwatchError, ValueError):
    """A message that does not decode; the text says which part and why."""


class NewerVersion(WireError):  # noqa: N818 - it says what is wrong with the message
    """A message of a version of the contract that is newer than this program."""

    def __init__(self, version: int, ours: int) -> None:
        super().__init__(f"v: version {version} is newer than {ours}: update this program")
        self.version = version


class SettingsError(LegwatchError, ValueError):
    """A key that is unknown, of the wrong type or out of range.

    `path` is the dotted path of the key, e.g. `warmth.warn_c`.
    """

    def __init__(self, path: str, problem: str) -> None:
        # A key or a value may have line breaks and more: what is said of it stays one sentence.
        text = f"{_cut(path, LONGEST_PATH)}: {_cut(problem, LONGEST_PROBLEM)}"
        super().__init__("".join(c if c.isprintable() else "?" for c in text))
        self.path = path
        self.problem = problem


class OptionError(SettingsError):
    """An option that a driver or a channel refuses.

    `path` begins at the table of the driver, which does not know where that is; "" is the table.
    """

    def under(self, table: str) -> SettingsError:
        """Return the error with the full path of the key."""
        return SettingsError(f"{table}.{self.path}" if self.path else table, self.problem)


class RecordingError(LegwatchError, ValueError):
    """A replay file that cannot be read; the text names the line.

    `opening` has the first lines of the file, safe to print; empty if they are unknown.
    """

    def __init__(self, problem: str, opening: tuple[str, ...] = ()) -> None:
        super().__init__(problem)
        self.opening = opening


class CannotRun(LegwatchError):  # noqa: N818 - nobody has made an error
    """A command cannot run on this machine or at this time; the text says why. Exit code 1."""
