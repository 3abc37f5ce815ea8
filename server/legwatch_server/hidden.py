"""Hides in a table of settings what may be a secret; what has changed can still be told.

A value that may be one is replaced by a short digest with a salt: two tables with the same salt can
be compared, and nobody reads the value. No digest is a secret or an address. Yet who has the store
can find a short one, such as a PIN, by trying them all: the salt lies beside it.
"""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

MARK = "hidden-"
_MARKED = re.compile(rf"(https?://)?{MARK}[0-9a-f]{{16}}$")
# Here every value may be one, also a number: only a channel knows which of its keys is a PIN.
_CHANNELS, _PEOPLE, _ADDRESS = "push", "people", "address"


def hidden(table: Mapping[str, Any], salt: str) -> dict[str, Any]:
    """Return the table of a settings file without anything that may be a secret."""
    return {key: _shown((key,), value, salt) for key, value in table.items()}


def hidden_again(table: Mapping[str, Any], salt: str) -> dict[str, Any]:
    """Return a hidden table as `hidden` makes it today; an earlier version hid less."""
    return {key: _shown((key,), value, salt, again=True) for key, value in table.items()}


def _shown(path: tuple[str, ...], value: Any, salt: str, *, again: bool = False) -> Any:
    if isinstance(value, Mapping):
        inner = value.items()
        return {key: _shown((*path, key), one, salt, again=again) for key, one in inner}
    if isinstance(value, list):
        return [_shown(path, one, salt, again=again) for one in value]
    if again and isinstance(value, str) and _MARKED.match(value):
        return value
    if _may_be_secret(path) or (isinstance(value, str) and "://" in value):
        return _digest(_text(value), salt)
    return value.isoformat() if isinstance(value, datetime | time) else value


def _text(value: object) -> str:
    """Return a text that is the same for equal values: 12 and 12.0 are equal."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else repr(value)


def _digest(text: str, salt: str) -> str:
    """Return what stands for a text; for an address on the web it looks like one, too."""
    import hashlib  # noqa: PLC0415 - loads OpenSSL, and only a value that may be secret needs it

    coded = text.encode("utf-8", "replace")
    digest = hashlib.blake2b(coded, digest_size=8, key=salt.encode()).hexdigest()
    scheme = text.partition("://")[0] if text.startswith(("http://", "https://")) else ""
    return f"{scheme}://{MARK}{digest}" if scheme else f"{MARK}{digest}"


def _may_be_secret(path: tuple[str, ...]) -> bool:
    match path:
        case (root, _, _, *_) if root == _CHANNELS:  # push.ntfy.url, and not push.channels
            return True
        case (root, _, inner, _, *_) if root == _PEOPLE:
            return inner == _ADDRESS
    return False
