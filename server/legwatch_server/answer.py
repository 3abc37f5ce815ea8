"""What a person may answer, and the links that carry it: signed, single-purpose, short-lived.

A link holds only numbers: which delivery, which answer, until when. No name, no health data.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import NamedTuple

from legwatch.errors import LegwatchError
from legwatch_server.folder import kept

_VERSION = 1
_FORM = struct.Struct(">BBBBQI")  # version, of, act, minutes, id, expires (s since 1970)
_MAC_BYTES = 16
SNOOZES_MIN = (15, 30, 60)


class Of(IntEnum):
    """What an answer is about."""

    DELIVERY = 1  # one push to one person
    NOTICE = 2  # for the command line, which needs no push
    BED = 3


class Act(StrEnum):
    """The answers."""

    SEEN = "seen"
    QUIET = "quiet"
    USELESS = "useless"
    AWAKE = "awake"  # to "tap to confirm that you can be woken"
    PAGE = "page"  # no answer: only shows the others


_ACTS = tuple(Act)


class Claims(NamedTuple):
    """What a link says."""

    of: Of
    id: int
    act: Act
    minutes: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Subject:
    """What a link's number stands for."""

    bed: str
    bed_id: int
    notice_id: int | None = None
    kind: str | None = None
    episode_ms: int | None = None
    person: str = ""


class Outcome(StrEnum):
    """What became of an answer."""

    DONE = "done"
    AGAIN = "again"  # the phone's own retry of an answer that is noted
    USED = "used"
    OVER = "over"  # the alert that was to be quiet has ended
    GONE = "gone"  # what it was about is not here any more


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer on its way to the owner thread; `reply` is called once it is committed."""

    claims: Claims
    token: bytes  # its signature, by which a second use is known; empty: cannot be used twice
    via: str
    arrived_ms: int
    reply: Callable[[Outcome], None]


class TokenError(LegwatchError):
    """A link that is not ours, was changed, or is too old; the text says which."""


def make(claims: Claims, key: bytes) -> str:
    """Return the token of a link."""
    expires_s = claims.expires_ms // 1000
    place = _ACTS.index(claims.act)
    body = _FORM.pack(_VERSION, claims.of, place, claims.minutes, claims.id, expires_s)
    return base64.urlsafe_b64encode(body + _sign(body, key)).rstrip(b"=").decode()


def read(token: str, key: bytes, now_ms: int) -> tuple[Claims, bytes]:
    """Return what a token says and its signature; raises TokenError."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TokenError("not a token") from None
    if len(raw) != _FORM.size + _MAC_BYTES:
        raise TokenError("not a token")
    body, mac = raw[: _FORM.size], raw[_FORM.size :]
    if not hmac.compare_digest(mac, _sign(body, key)):
        raise TokenError("the signature is wrong")
    version, of, act, minutes, ident, expires_s = _FORM.unpack(body)
    if version != _VERSION:
        raise TokenError("of another version")
    claims = Claims(Of(of), ident, _ACTS[act], minutes, expires_s * 1000)
    if now_ms >= claims.expires_ms:
        raise TokenError("too old")
    return claims, mac


def _sign(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]


def own_key(folder: Path, given: str) -> bytes:
    """Return the key given by the owner, or the one made on first start in `folder`."""
    if given:
        return given.encode()
    return kept(folder / "answer.key", lambda: secrets.token_bytes(32))
