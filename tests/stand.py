"""An HTTP server on loopback that stands where some service would be."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Stand:
    """Answers with a handler, on a free port, until it is closed."""

    def __init__(self, answer: type[BaseHTTPRequestHandler]) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), answer)
        self.host = f"127.0.0.1:{self._http.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
