"""A push service that answers as a test wants it to, over real HTTP on loopback."""

import datetime as dt
import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from taken import taken


class Asked(NamedTuple):
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """What the service says; `after_s` makes it late, `times` says the body so often."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    after_s: float = 0.0
    times: int = 1


def told(said: object, status: int = 200) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, json.dumps(said).encode())


def ntfy(asked: Asked) -> Answer:
    """Answer as an ntfy server does."""
    if asked.method == "DELETE":
        _, topic, sequence = asked.path.split("/")
        gone = {"id": "RXjeeTgZSboH", "event": "message_delete", "topic": topic}
        return told({**gone, "sequence_id": sequence})
    return told(taken(json.loads(asked.body)))


def ntfy_refuses(status: int) -> Answer:
    """Return the no of an ntfy server."""
    return told({"code": status * 100 + 1, "http": status, "error": "no"}, status)


class Service:
    """Keeps every request; `answer` decides what is said to it."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.asked: list[Asked] = []
        self.heard_out = 0  # answers that were read to their end
        self.answer: Callable[[Asked], Answer] = lambda _asked: Answer()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(size))
                service.asked.append(asked)
                answer = service.answer(asked)
                time.sleep(answer.after_s)
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body) * answer.times))
                self.end_headers()
                for _ in range(answer.times):
                    self.wfile.write(answer.body)
                service.heard_out += 1

            do_GET = do_POST = do_PUT = do_DELETE = _do  # noqa: N815 - the names http.server wants

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that goes away, or trusts no certificate, is what is tested."""

        self._http = Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def self_signed(path: Path) -> Path:
    """Write a certificate that nobody trusts, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path
