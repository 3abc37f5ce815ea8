"""Secrets: from the environment, or in a file that only its owner can read; never in an output."""

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from legwatch.errors import SettingsError
from legwatch.settings import secret as find_secret
from legwatch_runtime.files import read_text
from legwatch_runtime.secrets_beside import OURS, text_beside

SHORTEST = 6  # characters; a shorter secret would hide half of the words of a sentence
HIDDEN = "***"
_lock = threading.Lock()
_known: list[str] = []  # the longest first


def secret(name: str, *, needed: bool = True) -> str:
    """Return the text of the file that NAME_FILE names, else the environment variable `name`.

    A command that a person types also looks beside the settings file; then it raises Locked for a
    file that this user may not read. Raises ValueError for a name that does not begin with
    LEGWATCH_: from `secrets.env` no other is taken, so it would be there for systemd only.
    """
    if not name.startswith(OURS):
        better = OURS + name.upper().removeprefix(OURS)
        raise ValueError(f"a secret's name begins with {OURS}: call it {better}, not {name!r}")
    found = find_secret(name, os.environ, read_text, needed=needed)
    if not found and f"{name}_FILE" not in os.environ:
        found = find_secret(name, {name: text_beside(name)}, read_text)
    remember(found)
    return found


def why_none(name: str) -> str:
    """Say why there is no secret `name`: its file is empty, or nothing names it."""
    file = os.environ.get(f"{name}_FILE")
    return f"{name} is not set" if file is None else f"{file} ({name}_FILE) is empty"


def token(name: str, *, needed: bool = True) -> str:
    """Return the secret `name`, which a header has to carry; raises SettingsError if none can."""
    found = secret(name, needed=needed)
    if not found.isascii() or any(map(str.isspace, found)):
        raise SettingsError(name, "it has spaces or other signs that no token has")
    return found


def remember(*secrets: str) -> None:
    """Let `hide` know secrets that stand in the settings, such as a URL with a token."""
    forms = {form for one in secrets for form in (one, quote(one, safe=""), repr(one)[1:-1])}
    with _lock:
        known = {*_known, *(form for form in forms if len(form) >= SHORTEST)}
        _known[:] = sorted(known, key=len, reverse=True)


def hide(text: str) -> str:
    """Return a text for log, page or terminal without any secret that this process knows."""
    known = "|".join(re.escape(one) for one in _known.copy())
    # A host name in a URL comes in small letters.
    return re.sub(known, HIDDEN, text, flags=re.IGNORECASE) if known else text


def create_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the secret in the file `path`; the first call makes the file, for its owner only."""
    if not path.exists():
        fresh = path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 - private from its first byte
            out.write(make())
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    return path.read_bytes()
