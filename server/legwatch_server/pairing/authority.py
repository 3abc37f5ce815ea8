"""The authority of one house: it has signed one certificate, that of the house's broker.

So a bedside that trusts this authority trusts this server and nobody else, whatever address the
server has. The certificates are good from 2000 to 2099: a bedside without a clock must reach its
server, and an old house must not go blind one night. What ends a trust is `legwatch beds end`.

Import it where it is needed: it takes time, and a 32-bit Pi may lack what it needs.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from legwatch.contract.pairing import fingerprint
from legwatch.errors import CannotRun
from legwatch_runtime.rights import opened_anew

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID
except ModuleNotFoundError:
    raise CannotRun(
        "beds elsewhere need the Python package `cryptography`, and a 32-bit Pi finds no wheel of"
        " it. Install what builds it (sudo apt install gcc libffi-dev libssl-dev python3-dev), and"
        " then in legwatch's environment: pip install cryptography"
    ) from None

SERVER_NAME = "legwatch.house"  # the name in the broker's certificate; no machine is called so
CA, CERTIFICATE, KEY = "ca.pem", "broker.pem", "broker.key"
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)
_USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


class Certified(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def certificate_pem(self) -> bytes:
        """Return the certificate as a file holds it."""
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self) -> bytes:
        """Return the key as a file holds it, readable by all who may read the file."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def fingerprint(self) -> bytes:
        """Return the fingerprint that a pairing code carries."""
        return fingerprint(self.certificate.public_bytes(Encoding.DER))


def ensure(folder: Path) -> None:
    """Make the authority and the broker's certificate, unless both are there; raises OSError.

    The authority's own key is not kept: what it has signed now is all that it ever signs.
    """
    if all((folder / name).exists() for name in (CA, CERTIFICATE, KEY)):
        return
    authority = _certified("legwatch", None)
    broker = _certified(SERVER_NAME, authority)
    _write(folder / KEY, broker.key_pem())
    _write(folder / CERTIFICATE, broker.certificate_pem())
    # The authority last: after a crash before this the next start begins anew.
    _write(folder / CA, authority.certificate_pem())


def passing() -> Certified:
    """Return a certificate of its own for a door that opens for one code."""
    return _certified("legwatch", None)


def _certified(name: str, by: Certified | None) -> Certified:
    """Return a certificate for a name, signed by an authority; by None: it is one itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = by.key if by else key
    issuer = by.certificate.subject if by else _called(name)
    uses = {use: use in ({"digital_signature"} if by else {"key_cert_sign"}) for use in _USES}
    builder = (
        x509.CertificateBuilder()
        .subject_name(_called(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FIRST)
        .not_valid_after(LAST)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**uses), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    return Certified(builder.sign(signer, SHA256()), key)


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _write(file: Path, content: bytes) -> None:
    fresh = file.with_name(f"{file.name}.new")
    with opened_anew(fresh) as out:
        out.write(content.decode("ascii"))
    fresh.replace(file)
