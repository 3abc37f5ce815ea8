"""The wiring of deploy/compose.yaml, as far as it can be tried without Docker."""

import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from importlib import import_module
from typing import Any

from end_to_end.house import House, wait_until
from repository import REPO

HTTP: dict[str, Any] = tomllib.loads((REPO / "deploy/server.toml").read_text())["http"]
# As a container's own address: a program that listens on 127.0.0.1 only is not there.
OTHER = "127.0.0.2"


def status(url: str) -> int:
    """Return the answer's status; 0 if nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_the_containers_server_answers_at_the_port_that_compose_opens(house: House) -> None:
    text = (REPO / "deploy/compose.yaml").read_text()
    server = import_module("yaml").safe_load(text)["services"]["server"]
    # Open on the loopback of the host only: phones come through a proxy.
    assert server["ports"] == ["127.0.0.1:8321:8321"]
    assert HTTP.get("port", 8321) == 8321
    house.write_server(http={**HTTP, "port": house.http_port})
    process = house.server(ready=False)
    place = f"http://{OTHER}:{house.http_port}"
    wait_until(lambda: status(f"{place}/metrics") == 200, "the server's page")
    assert status(f"{place}/health") == 503  # there is no broker
    assert status(f"{place}/answer/a-link") == 403
    word, *check = server["healthcheck"]["test"]
    assert word == "CMD"
    assert check[0] == "python"
    check = [part.replace(":8321", f":{house.http_port}") for part in check[1:]]
    assert subprocess.run([sys.executable, *check], check=False).returncode == 0
    process.kill()
    gone = subprocess.run([sys.executable, *check], check=False, capture_output=True)
    assert gone.returncode == 1
