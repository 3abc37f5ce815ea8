"""Why a backup cannot be used."""

from legwatch.errors import CannotRun


class Unusable(CannotRun):
    """A file is no backup that can be put back; the text says why, and nothing was changed."""


class Torn(Unusable):
    """A part of the file is missing or damaged."""


class WrongPassphrase(Unusable):
    """The passphrase is not the one of the file."""

    def __init__(self) -> None:
        super().__init__("the passphrase is not the one of this file")
