"""The age format with a passphrase (https://age-encryption.org/v1): read and written as a stream.

`age --decrypt` opens such a file on any computer, also without legwatch. The header is one
recipient of the kind scrypt; behind it each 64 KiB are sealed by themselves, with their number and
whether they are the last: nothing can be changed, left out, added or cut off unseen.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from typing import BinaryIO

from legwatch_server.backup.errors import NoSeal, Torn, WrongPassphrase

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ModuleNotFoundError:
    raise NoSeal from None

MAGIC = b"age-encryption.org/v1\n"
# 2^16 takes 64 MB of memory for a second or two of a Pi; the age program's own 2^18 takes 256 MB.
WORK, MOST_WORK = 16, 20
CHUNK_BYTES, TAG_BYTES, FILE_KEY_BYTES, NONCE_BYTES = 64 * 1024, 16, 16, 16
_LABEL = b"age-encryption.org/v1/scrypt"
_STANZA = re.compile(rb"-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n([A-Za-z0-9+/]{43})\n")
_MAC = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")
_MOST_HEADER = 512


class Sealed:
    """Writes what is to be sealed; `close` writes the last part, without which nothing counts."""

    def __init__(self, out: BinaryIO, passphrase: str) -> None:
        self._out, self._left, self._number = out, bytearray(), 0
        file_key, salt = secrets.token_bytes(FILE_KEY_BYTES), secrets.token_bytes(16)
        wrapped = ChaCha20Poly1305(_wrap_key(passphrase, salt, WORK)).encrypt(
            bytes(12), file_key, None
        )
        head = MAGIC + b"-> scrypt %b %d\n%b\n---" % (_b64(salt), WORK, _b64(wrapped))
        nonce = secrets.token_bytes(NONCE_BYTES)
        out.write(head + b" " + _b64(_mac(file_key, head)) + b"\n" + nonce)
        self._box = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))

    def write(self, data: bytes) -> int:
        """Take some bytes; whole parts are written, the last one is kept for `close`."""
        self._left += data
        while len(self._left) > CHUNK_BYTES:
            self._seal(bytes(self._left[:CHUNK_BYTES]), last=False)
            del self._left[:CHUNK_BYTES]
        return len(data)

    def close(self) -> None:
        """Write the last part."""
        self._seal(bytes(self._left), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._out.write(self._box.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


class Opened:
    """Reads what was sealed; raises WrongPassphrase at once, and Torn where it is not whole."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        self._source = source
        self._box = ChaCha20Poly1305(_payload_key(source, passphrase))
        self._parts, self._left = self._opened(), b""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; empty at the end."""
        while len(self._left) < size:
            part = next(self._parts, None)
            if part is None:
                break
            self._left += part
        found, self._left = self._left[:size], self._left[size:]
        return found

    def _opened(self) -> Iterator[bytes]:
        part, number = self._source.read(CHUNK_BYTES + TAG_BYTES), 0
        while True:
            follows = self._source.read(CHUNK_BYTES + TAG_BYTES)
            try:
                yield self._box.decrypt(_nonce(number, last=not follows), part, None)
            except InvalidTag:
                raise Torn("a part of it is damaged or missing") from None
            if not follows:
                return
            part, number = follows, number + 1


def _payload_key(source: BinaryIO, passphrase: str) -> bytes:
    """Return the key of the parts, by the header; the source then stands before the first part."""
    start = source.read(_MOST_HEADER)
    stanza = _STANZA.match(start, len(MAGIC)) if start.startswith(MAGIC) else None
    mac = _MAC.match(start, stanza.end()) if stanza else None
    if stanza is None or mac is None:
        raise Torn("its head is damaged, or it was not sealed with a passphrase")
    work = int(stanza[2])
    if work > MOST_WORK:
        raise Torn(f"its passphrase takes more work (2^{work}) than this program does")
    try:
        file_key = ChaCha20Poly1305(_wrap_key(passphrase, _bytes(stanza[1]), work)).decrypt(
            bytes(12), _bytes(stanza[3]), None
        )
    except InvalidTag:
        raise WrongPassphrase from None
    # The text is compared, not its bytes: the last sign of one has bits that say nothing.
    if not hmac.compare_digest(_b64(_mac(file_key, start[: mac.start() + 3])), mac[1]):
        raise Torn("its head is damaged")
    nonce = start[mac.end() : mac.end() + NONCE_BYTES]
    source.seek(mac.end() + NONCE_BYTES)
    return _derived(file_key, nonce, b"payload")


def _wrap_key(passphrase: str, salt: bytes, work: int) -> bytes:
    memory = 128 * 8 * 2**work
    return hashlib.scrypt(
        passphrase.encode(), salt=_LABEL + salt, n=2**work, r=8, p=1, dklen=32,
        maxmem=memory + (1 << 20),
    )  # fmt: skip


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def _mac(file_key: bytes, head: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), head, "sha256")


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _b64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4))
