"""Why a backup cannot be used."""

import sys

from legwatch.errors import CannotRun


class Unusable(CannotRun):
    """A file is no backup that can be put back; the text says why, and nothing was changed."""


class NoSeal(CannotRun):
    """The package that seals is missing, as on a 32-bit Pi."""

    def __init__(self) -> None:
        super().__init__(
            "sealing with a passphrase needs the package cryptography, which a 32-bit Pi gets by:"
            f" {sys.executable} -m pip install cryptography"
        )


class Torn(Unusable):
    """A part of the file is missing or damaged."""


class WrongPassphrase(Unusable):
    """The passphrase is not the one of the file."""

    def __init__(self) -> None:
        super().__init__("the passphrase is not the one of this file")
