"""Hides in a table of settings what may be a secret; what has changed can still be told.

A text that may be one is replaced by a short digest with a salt: two tables with the same salt can
be compared, and nobody can read the text. No digest is a secret or an address.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

MARK = "hidden-"
# Here every text may be one: the tables of channels, and where people are reached.
_CHANNELS, _PEOPLE, _ADDRESS = "push", "people", "address"


def hidden(table: Mapping[str, Any], salt: str) -> dict[str, Any]:
    """Return the table of a settings file without anything that may be a secret."""
    return {key: _shown((key,), value, salt) for key, value in table.items()}


def _shown(path: tuple[str, ...], value: Any, salt: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _shown((*path, key), inner, salt) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shown(path, inner, salt) for inner in value]
    if isinstance(value, datetime | time):
        return value.isoformat()
    if isinstance(value, str) and (_may_be_secret(path) or "://" in value):
        return _digest(value, salt)
    return value


def _digest(text: str, salt: str) -> str:
    """Return what stands for a text; for an address on the web it looks like one, too."""
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
