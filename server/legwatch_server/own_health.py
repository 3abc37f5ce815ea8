"""What a server on this machine answers to `GET /health`."""

MOST_BYTES = 1_000_000
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared only
_REQUEST = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"


def body(host: str, port: int, patience_s: float) -> bytes:
    """Return the body of /health, empty without a port; plain sockets load fast. Raises OSError."""
    import socket  # noqa: PLC0415 - slow to import, only beside a running server it is needed

    if not port:
        return b""
    got = b""
    with socket.create_connection((_ANY.get(host, host), port), patience_s) as server:
        server.sendall(_REQUEST)
        while len(got) < MOST_BYTES and (more := server.recv(65536)):
            got += more
    return got.partition(b"\r\n\r\n")[2]
