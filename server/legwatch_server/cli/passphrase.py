"""The passphrase of a backup: from a file, from the environment, or asked for on a terminal."""

import getpass
import sys
from pathlib import Path

from legwatch.errors import CannotRun, SettingsError
from legwatch_runtime.files import read_text, unreadable
from legwatch_runtime.secrets import secret
from legwatch_server.backup.content import SEALED_BY

LEAST = 8  # characters
FILE_HELP = f"a file with the passphrase (else ${SEALED_BY}, else it is asked for)"


def chosen(file: Path | None) -> str:
    """Return a new passphrase, which is asked for twice; raises SettingsError for a short one."""
    found = _given(file)
    if not found:
        found = _asked("Passphrase for the backup (without it nobody can open it): ")
        if _asked("The same again: ") != found:
            raise CannotRun("the two passphrases are not the same; no backup was made")
    if len(found) < LEAST:
        raise SettingsError("passphrase", f"at least {LEAST} characters are expected")
    return found


def known(file: Path | None) -> str:
    """Return the passphrase of a backup that is there."""
    return _given(file) or _asked("Passphrase of the backup: ")


def _given(file: Path | None) -> str:
    if file is None:
        return secret(SEALED_BY, needed=False)
    try:
        return read_text(str(file)).strip("\r\n")
    except OSError as error:
        raise unreadable(file, error) from None


def _asked(words: str) -> str:
    if not sys.stdin.isatty():
        raise CannotRun(
            f"the backup is sealed with a passphrase: name it with --passphrase-file or {SEALED_BY}"
        )
    return getpass.getpass(words)
