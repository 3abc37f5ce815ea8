"""Certificates for a broker of the tests, good ones and bad ones."""

import datetime as dt
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = "127.0.0.1"


class Authority:
    """Signs certificates for brokers at HOST; its own certificate is `file`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = self.sign(name, days=(-100, 100), key=self._key)

    def sign(
        self,
        subject: str,
        *,
        days: tuple[int, int] = (-1, 10),
        host: str = HOST,
        key: ec.EllipticCurvePrivateKey | None = None,
        by_itself: bool = False,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    ) -> Path:
        """Return the file of a new certificate, valid from `days` to `days`; its key lies beside.

        With the authority's own `key` it is the authority's.
        """
        own = key or ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        issuer = subject if by_itself else self._name
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(subject))
            .issuer_name(_named(issuer))
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days=days[0]))
            .not_valid_after(now + dt.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=key is not None, path_length=None), True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), False)
        )
        if key is None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        made = builder.sign(own if by_itself else self._key, hashes.SHA256())
        file = self._folder / f"{subject}.crt"
        file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        file.with_suffix(".key").write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return file


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
