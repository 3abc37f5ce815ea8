"""The errors of legwatch.

LegwatchError
├── WireError (ValueError)        a message that does not decode
├── SettingsError (ValueError)    a settings or rules key that is wrong; names its path and range
├── RecordingError (ValueError)   a replay file that cannot be read
└── CannotRun                     the settings are right, but not on this machine, or not now
"""


class LegwatchError(Exception):
    """Any error that legwatch raises on purpose."""


class WireError(LegwatchError, ValueError):
    """A message that does not decode; the text says which part and why."""


class SettingsError(LegwatchError, ValueError):
    """A key that is unknown, of the wrong type or out of range.

    `path` is the dotted path of the key, e.g. `warmth.warn_c`.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class RecordingError(LegwatchError, ValueError):
    """A replay file that cannot be read; the text names the line.

    `opening` is what stands in its first lines, fit to be shown; empty where that is not known.
    """

    def __init__(self, problem: str, opening: tuple[str, ...] = ()) -> None:
        super().__init__(problem)
        self.opening = opening


class CannotRun(LegwatchError):  # noqa: N818 - a state of affairs rather than a mistake
    """A command cannot do its work here or now; the sentence says why. Its exit code is 1."""
