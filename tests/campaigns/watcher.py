"""What stands for the watcher elsewhere, to which the server sends its heartbeats."""

import time
from http.server import BaseHTTPRequestHandler

from stand import Stand


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

        self._stand = Stand(Answer)
        self.url = self._stand.url
        self.close = self._stand.close
