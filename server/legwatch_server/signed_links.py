"""Signed links: each carries one answer and expires.

A link holds only numbers: the delivery, the answer and the time of expiry. It holds no name and no
health data.
"""

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import struct
from pathlib import Path

from legwatch.contract.action import Action
from legwatch.errors import CannotRun, LegwatchError
from legwatch_runtime.rights import explained_file
from legwatch_runtime.secrets import create_once
from legwatch_server.answer_key import KEY_BYTES, given_key
from legwatch_server.claims import LinkClaims, TargetKind

logger = logging.getLogger(__name__)

KEY_FILE = "answer.key"
_VERSION = 1
_FORM = struct.Struct(">BBBBQI")  # version, target, action, minutes, id, expires (s since 1970)
_MAC_BYTES = 16
_ACTS = tuple(Action)


class TokenError(LegwatchError):
    """A link that is malformed, has a wrong signature, or has expired; the text says which."""


def sign(claims: LinkClaims, key: bytes) -> str:
    """Sign `claims`; the token can stand in a URL."""
    expires_s = claims.expires_ms // 1000
    action = _ACTS.index(claims.action)
    fields = (_VERSION, claims.target, action, claims.minutes, claims.id, expires_s)
    body = _FORM.pack(*fields)
    return base64.urlsafe_b64encode(body + _mac(body, key)).rstrip(b"=").decode()


def verify(token: str, key: bytes, now_ms: int) -> tuple[LinkClaims, bytes]:
    """Check a token; return its claims and its signature. Raises TokenError."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TokenError("not a token") from None
    if len(raw) != _FORM.size + _MAC_BYTES:
        raise TokenError("not a token")
    body, mac = raw[: _FORM.size], raw[_FORM.size :]
    if not hmac.compare_digest(mac, _mac(body, key)):
        raise TokenError("the signature is wrong")
    version, target, action, minutes, ident, expires_s = _FORM.unpack(body)
    if version != _VERSION:
        raise TokenError("the link has another version")
    claims = LinkClaims(TargetKind(target), ident, _ACTS[action], minutes, expires_s * 1000)
    if now_ms >= claims.expires_ms:
        raise TokenError("too old")
    return claims, mac


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]


def signing_key(folder: Path, given: bytes) -> bytes:
    """Return `given`, or else the random key that the first start stores in `folder`.

    A stored key that is cut off is replaced: links that were sent with it do not work any more.
    """
    path = folder / KEY_FILE
    if given:
        return given
    key = create_once(path, lambda: secrets.token_bytes(KEY_BYTES))
    if len(key) >= KEY_BYTES:
        return key
    logger.warning("%s has only %s bytes: a new key is made, and older links end", path, len(key))
    path.unlink()
    return signing_key(folder, given)


def kept_key(folder: Path) -> bytes:
    """Return the key of the server that has run in `folder`; raises CannotRun."""
    given, path = given_key(), folder / KEY_FILE
    if given:
        return given
    try:
        key = path.read_bytes()
    except OSError as error:
        whose = explained_file(path, reads=True)
        raise CannotRun(f"{path} cannot be read: {error.strerror}; {whose}") from None
    if len(key) < KEY_BYTES:
        raise CannotRun(f"{path} has only {len(key)} bytes: start the server, it makes a new key")
    return key
