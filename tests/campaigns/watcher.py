"""What stands for the watcher elsewhere, to which the server sends its heartbeats."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Watcher:
    """Notes when the server's heartbeats come."""

    def __init__(self) -> None:
        self.beats: list[float] = []
        beats = self.beats

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                beats.append(time.monotonic())
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
