"""The links that carry an answer: signed, single-purpose, short-lived.

A link holds only numbers: which delivery, which answer, until when. No name, no health data.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from pathlib import Path

from legwatch.errors import LegwatchError
from legwatch_runtime.secrets import create_once
from legwatch_server.inbox import Action, LinkClaims, TargetKind

_VERSION = 1
_FORM = struct.Struct(">BBBBQI")  # version, of, act, minutes, id, expires (s since 1970)
_MAC_BYTES = 16
_ACTS = tuple(Action)


class TokenError(LegwatchError):
    """A link that is not ours, was changed, or is too old; the text says which."""


def sign(claims: LinkClaims, key: bytes) -> str:
    """Return the token of a link."""
    expires_s = claims.expires_ms // 1000
    place = _ACTS.index(claims.action)
    body = _FORM.pack(_VERSION, claims.target, place, claims.minutes, claims.id, expires_s)
    return base64.urlsafe_b64encode(body + _mac(body, key)).rstrip(b"=").decode()


def verify(token: str, key: bytes, now_ms: int) -> tuple[LinkClaims, bytes]:
    """Return what a token says and its signature; raises TokenError."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TokenError("not a token") from None
    if len(raw) != _FORM.size + _MAC_BYTES:
        raise TokenError("not a token")
    body, mac = raw[: _FORM.size], raw[_FORM.size :]
    if not hmac.compare_digest(mac, _mac(body, key)):
        raise TokenError("the signature is wrong")
    version, of, act, minutes, ident, expires_s = _FORM.unpack(body)
    if version != _VERSION:
        raise TokenError("of another version")
    claims = LinkClaims(TargetKind(of), ident, _ACTS[act], minutes, expires_s * 1000)
    if now_ms >= claims.expires_ms:
        raise TokenError("too old")
    return claims, mac


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]


def signing_key(folder: Path, given: str) -> bytes:
    """Return the key given by the owner, or the one made on first start in `folder`."""
    if given:
        return given.encode()
    return create_once(folder / "answer.key", lambda: secrets.token_bytes(32))
