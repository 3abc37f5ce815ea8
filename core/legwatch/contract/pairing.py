"""The code that pairs a bedside with its server, and what the two say to each other then.

The code has two parts. The first is the fingerprint of the key with which the server opens its door
for this one code: by it the bedside knows the server before it says a word. The second is the
secret by which the server knows the bedside. Nobody in between can show a key with this
fingerprint, so nobody else hears the secret, and nothing else has to be kept secret or checked by
a person. A password-authenticated exchange would allow a shorter code; it would need a compiled
library at each bed, and the bedsides are the machines that have least.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple, TypeVar

from legwatch.contract.fields import VERSION, parse
from legwatch.contract.topics import check_bed
from legwatch.errors import WireError

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: they are read as 1, 1, 0 and V
FINGERPRINT_BYTES, SECRET_BYTES = 10, 5
SERVICE = "_legwatch-pair._tcp.local."  # the open door, as mDNS announces it
GROUP = 5  # signs between two hyphens
LONGEST_TEXT = 16_384  # characters of a certificate
_LENGTH = (FINGERPRINT_BYTES + SECRET_BYTES) * 8 // 5 + 1
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
_FIRST_PRIME = (
    31  # below 32: each sign that is read wrong, and two that changed places, are noticed
)


class PairingCode(NamedTuple):
    """What a code carries: 10 bytes of a fingerprint and 5 bytes of a secret."""

    fingerprint: bytes
    secret: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """What a bedside says first: the secret (hexadecimal), and its version."""

    secret: str
    version: str


@dataclass(frozen=True, slots=True)
class Given:
    """What the bedside needs from now on: its name and password at the broker, and whom to trust.

    `ca` is the certificate of the broker's authority (PEM), `server_name` the name in the broker's
    certificate, `host` what the server calls itself.
    """

    bed: str
    password: str
    host: str
    port: int
    server_name: str
    ca: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The bedside has stored all, and the broker has let it in."""

    kept: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The server says no, and why, for people."""

    why: str


Said = TypeVar("Said", Ask, Given, Kept, Refused)


def fingerprint(certificate: bytes) -> bytes:
    """Return the fingerprint of a certificate (DER): 10 bytes.

    80 bits suffice: somebody in between has the ten minutes of one code to find another key for it.
    """
    return hashlib.sha256(certificate).digest()[:FINGERPRINT_BYTES]


def write_code(code: PairingCode) -> str:
    """Return a code as people type it: 25 signs in groups of five, the last one a check."""
    number = int.from_bytes(code.fingerprint + code.secret, "big")
    signs = "".join(SIGNS[number >> 5 * at & 31] for at in reversed(range(_LENGTH - 1)))
    signs += _check(signs)
    return "-".join(signs[at : at + GROUP] for at in range(0, _LENGTH, GROUP))


def read_code(text: str) -> PairingCode:
    """Return what a typed code carries; raises WireError if it cannot be one."""
    signs = "".join(c for c in text.upper() if not c.isspace() and c != "-").translate(_MISREAD)
    if strange := next((c for c in signs if c not in SIGNS), ""):
        raise WireError(f"{strange!r} is in no code")
    if len(signs) != _LENGTH:
        raise WireError(f"a code has {_LENGTH} signs, this one has {len(signs)}")
    if _check(signs[:-1]) != signs[-1]:
        raise WireError("a sign is wrong, or two have changed places: compare it once more")
    number = 0
    for sign in signs[:-1]:
        number = number << 5 | SIGNS.index(sign)
    carried = number.to_bytes(FINGERPRINT_BYTES + SECRET_BYTES, "big")
    return PairingCode(carried[:FINGERPRINT_BYTES], carried[FINGERPRINT_BYTES:])


def encode(said: Ask | Given | Kept | Refused) -> bytes:
    """Return the line that says it."""
    return json.dumps({"v": VERSION, **asdict(said)}).encode() + b"\n"


def decode(kind: type[Said], line: bytes) -> Said:
    """Return what a line says; raises WireError with the server's reason, or what is wrong."""
    body = parse(line, 2 * LONGEST_TEXT)
    if kind is not Refused and "why" in body:
        raise WireError(decode(Refused, line).why)
    found = kind(**{field.name: _value(body, field.name, field.type) for field in fields(kind)})
    if isinstance(found, Given):
        check_bed(found.bed)
        if not 0 < found.port <= 65_535:
            raise WireError("port: 1 to 65535 is expected")
    return found


def _value(body: dict[str, Any], key: str, kind: Any) -> Any:
    value = body.get(key)
    if type(value) is not kind or (isinstance(value, str) and len(value) > LONGEST_TEXT):
        raise WireError(f"{key}: {kind.__name__} is expected")
    if isinstance(value, str) and key != "ca" and not value.isprintable():
        raise WireError(f"{key}: one printable line is expected")
    return value


def _check(signs: str) -> str:
    return SIGNS[sum((at + 1) * SIGNS.index(sign) for at, sign in enumerate(signs)) % _FIRST_PRIME]
