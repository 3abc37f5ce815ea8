"""A real ntfy server of a test's own, closed to strangers, and a phone that listens to it."""

import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import urllib3

from end_to_end.house import Process, free_port, wait_until
from repository import REPO

PASSWORD = "not-a-secret"


def binary() -> str | None:
    """Return the server that scripts/test has fetched, or one on the path."""
    own = REPO / ".venv/ntfy/usr/bin/ntfy"
    return str(own) if own.exists() else shutil.which("ntfy")


class NtfyServer:
    """Listens on a free loopback port; whoever has no token may do nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "ntfy"
        self._folder.mkdir()
        self._binary = str(binary())
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._config = self._folder / "server.yml"
        self._config.write_text(
            f'base-url: "{self.url}"\nlisten-http: "127.0.0.1:{port}"\n'
            f'cache-file: "{self._folder}/cache.db"\nauth-file: "{self._folder}/user.db"\n'
            'auth-default-access: "deny-all"\nvisitor-request-limit-exempt-hosts: "127.0.0.1"\n'
            "visitor-message-daily-limit: 100000\n"
        )
        self.http = urllib3.PoolManager(maxsize=8)
        self._process = self._start()
        self._words("user", "add", "house")  # only now: the user database is made by the server
        self._words("access", "house", "bed-*", "read-write")
        said = self._words("token", "add", "house")
        self.token = next(word for word in said.split() if word.startswith("tk_"))
        self.auth = {"Authorization": f"Bearer {self.token}"}

    def _start(self) -> Process:
        words = (self._binary, "serve", "-c", str(self._config))
        process = Process(words, self._folder / "ntfy.log")
        wait_until(self._healthy, "the ntfy server", 20)
        return process

    def _healthy(self) -> bool:
        try:
            return self.http.request("GET", f"{self.url}/v1/health", retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def _words(self, group: str, *words: str) -> str:
        done = subprocess.run(
            [self._binary, group, "-c", str(self._config), *words],
            env={**os.environ, "NTFY_PASSWORD": PASSWORD},
            check=True,
            capture_output=True,
            text=True,
            timeout=20,
        )
        return done.stdout + done.stderr

    def poll(self, topic: str) -> list[dict[str, Any]]:
        """Return everything that the topic has seen, the oldest first."""
        answer = self.http.request(
            "GET", f"{self.url}/{topic}/json?poll=1&since=all", headers=self.auth
        )
        assert answer.status == 200, answer.data
        return [json.loads(line) for line in answer.data.decode().splitlines() if line]

    def stop(self) -> None:
        """End the server."""
        self._process.stop()


class Phone:
    """Subscribes to a topic as the app does, and keeps what comes."""

    def __init__(self, server: NtfyServer, topic: str) -> None:
        self.heard: list[dict[str, Any]] = []
        self._open = threading.Event()
        self._answer = server.http.request(
            "GET",
            f"{server.url}/{topic}/json",
            headers=server.auth,
            preload_content=False,
            timeout=urllib3.Timeout(connect=5, read=None),
        )
        threading.Thread(target=self._listen, daemon=True).start()
        assert self._open.wait(10)

    def _listen(self) -> None:
        rest = b""
        try:
            for part in self._answer.stream(4096):
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
            return  # closed

    def _take(self, event: dict[str, Any]) -> None:
        if event["event"] == "open":
            self._open.set()
        elif event["event"] != "keepalive":
            self.heard.append(event)

    def messages(self, priority: int | None = None) -> list[dict[str, Any]]:
        """Return the messages, all or those of one priority."""
        found = [event for event in self.heard if event["event"] == "message"]
        return [m for m in found if priority is None or m.get("priority", 3) == priority]

    def close(self) -> None:
        """Hang up."""
        self._answer.shutdown()  # close() would wait for the listening thread


def tap(message: dict[str, Any], label: str) -> int:
    """Press a button as the app does; return the status of the answer."""
    action = next(a for a in message["actions"] if a["label"] == label)
    method = action.get("method", "POST")
    status: int = urllib3.request(method, action["url"], retries=False, timeout=15.0).status
    return status
